"""/staff: the pages of departments, privacy officers and admins, who sign in.

desk          what every page here has: who is signed in, in which role, and what they find where
sign_in       in and out, another role
enrol         an invitation accepted
account       one's own password, recovery codes and sessions
"""
