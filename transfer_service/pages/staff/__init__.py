"""/staff: the pages of departments, privacy officers and admins, who sign in.

desk          what every page here has: who is signed in, in which role, and what they find where
sign_in       in and out, another role
enrol         an invitation accepted
account       one's own password, recovery codes and sessions
releases      a packet's releases and their links, asked for (release_form) and withdrawn; paper: forms signed by hand
links         issued, with the address shown once; revoked
recipients    the directory (recipient_form)
timeline      all that happened to a packet, in timeline_sentences
requests      what patients and physicians ask the department for: declined, or made a packet
opinions      what came back, what the patient is to read of it, and the packet that answers it
accounting    who got what, and the report of it; audit: the log, in audit_words, verified and exported
settings/     members, tokens, departments, the forms' texts, and what patients see
filled_in     what only members of staff fill in: days, counts, several things at once
"""
