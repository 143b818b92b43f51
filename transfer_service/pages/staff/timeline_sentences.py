"""The sentences of the timeline, by the action that the audit log has: whole ones, and how each looks.

``who`` is who acted, ``names`` whom it concerns, ``file`` the file's path, ``why`` the reason of a refusal.
"""

from dataclasses import dataclass

from transfer_service.wording import N_

PLAIN, GOOD, WAIT, OVER = "", "good", "wait", "over"


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence, and the mark beside it."""

    sentence: str
    mark: str = PLAIN


LINES: dict[str, Line] = {
    "packet.opened": Line(N_("%(who)s opened the packet.")),
    "packet.closing": Line(N_("%(who)s asked to close the packet as soon as every file is verified."), WAIT),
    "packet.closed": Line(N_("%(who)s closed the packet. Which files it holds is fixed from then on."), GOOD),
    "packet.reopened": Line(N_("The packet was not closed: a file could not be verified."), OVER),
    "packet.retired": Line(N_("%(who)s retired the packet. No link opens its files any more."), OVER),
    "packet.destroyed": Line(N_("The key of the packet was destroyed. Nobody can read its files again."), OVER),
    "packet.not_included_said": Line(N_("%(who)s wrote down what is not in the packet.")),
    "file.planned": Line(N_("%(who)s announced %(file)s.")),
    "file.completed": Line(N_("All of %(file)s had arrived, sent by %(who)s.")),
    "file.verified": Line(N_("%(file)s was read back, and is as it was sent."), GOOD),
    "file.rejected": Line(N_("%(file)s was rejected when it was read back. It has to be sent anew."), OVER),
    "file.refused": Line(N_("%(who)s sent %(file)s, and it was refused: it did not arrive as it was declared."), OVER),
    "file.deleted": Line(N_("%(who)s took %(file)s out of the packet.")),
    "file.replaced": Line(N_("%(who)s began to send %(file)s in the place of the one that was there.")),
    "file.restarted": Line(N_("%(who)s began to send %(file)s anew.")),
    "contact.changed": Line(N_("%(who)s changed how the patient can be reached.")),
    "contact.change_asked": Line(
        N_("%(who)s entered another e-mail address of the patient, which a colleague has to confirm."), WAIT
    ),
    "contact.change_confirmed": Line(N_("%(who)s confirmed the patient's new e-mail address."), GOOD),
    "contact.change_taken_back": Line(N_("%(who)s took the other e-mail address of the patient back.")),
    "contact.refused": Line(
        N_("%(who)s tried to confirm an address that they had entered themselves, and was refused."), OVER
    ),
    "slide_request.accepted": Line(N_("%(who)s accepted the request for slides that this packet answers.")),
    "release.requested": Line(N_("%(who)s asked the patient for a release to %(names)s."), WAIT),
    "release.attested": Line(N_("%(who)s released files to %(names)s for the patient's treatment."), GOOD),
    "release.resent": Line(N_("%(who)s sent the patient another letter about the release to %(names)s.")),
    "release.signed": Line(N_("The patient signed the release to %(names)s."), GOOD),
    "release.sign_refused": Line(
        N_("%(who)s tried to sign the release to %(names)s, and was refused: only the patient can."), OVER
    ),
    "release.paper_received": Line(
        N_("%(who)s sent the scan of the signed form for %(names)s, which a colleague has to confirm."), WAIT
    ),
    "release.paper_shown": Line(N_("%(who)s looked at the scan of the form for %(names)s.")),
    "release.paper_refused": Line(
        N_("%(who)s tried to confirm the scan that they had brought themselves, and was refused."), OVER
    ),
    "release.copy_made": Line(N_("A copy of the signed form for %(names)s was made, to keep.")),
    "release.withdrawn": Line(
        N_("%(who)s withdrew the release to %(names)s. Every link under it stopped at once."), OVER
    ),
    "release.redeem_refused": Line(N_("%(names)s asked for the files and received nothing: %(why)s."), OVER),
    "release.acknowledged": Line(N_("%(names)s confirmed that files were received."), GOOD),
    "patient.challenged": Line(N_("Somebody opened the patient's letter. A code was sent to the patient.")),
    "patient.refused": Line(N_("Somebody with the patient's letter gave a wrong code or date of birth."), OVER),
    "patient.session_begun": Line(N_("The patient proved who they are and opened the letter.")),
    "patient.mail_chosen": Line(N_("The patient chose which e-mails to have.")),
    "link.issued": Line(N_("%(who)s issued a link to %(names)s.")),
    "link.challenged": Line(N_("Somebody opened the link of %(names)s, and was asked to prove who they are.")),
    "link.redeemed": Line(N_("%(names)s proved who they are and redeemed the link.")),
    "link.admitted": Line(N_("%(names)s was let in for a while.")),
    "link.refused": Line(N_("Somebody used the link of %(names)s and received nothing: %(why)s."), OVER),
    "link.revoked": Line(N_("%(who)s revoked the link of %(names)s."), OVER),
    "ticket.made": Line(N_("%(names)s got an address for one download.")),
    "disclosure.started": Line(N_("%(names)s began to download %(file)s.")),
    "disclosure.completed": Line(N_("%(file)s had gone to %(names)s as a whole."), GOOD),
    "disclosure.broken_off": Line(N_("A download of %(file)s by %(names)s broke off."), WAIT),
    "disclosure.repeated": Line(N_("%(names)s downloaded %(file)s once more, as a whole.")),
    "opinion.begun": Line(N_("%(names)s began to write an opinion.")),
    "opinion.sent": Line(N_("%(names)s sent an opinion."), GOOD),
    "opinion.read": Line(N_("%(who)s read the opinion of %(names)s.")),
    "opinion.shared": Line(N_("%(who)s shared the opinion of %(names)s with the patient.")),
    "accounting.reported": Line(N_("%(who)s had a report made of who received the files.")),
}
SIGNED_FOR = Line(N_("Somebody signed the release to %(names)s for the patient."), GOOD)
SIGNED_ON_PAPER = Line(
    N_("%(who)s confirmed the form on paper: the release to %(names)s is signed from then on."), GOOD
)
TOLD_BY = {
    "phone": Line(N_("%(who)s withdrew the release to %(names)s, as the patient asked by phone."), OVER),
    "paper": Line(N_("%(who)s withdrew the release to %(names)s, as the patient asked in writing."), OVER),
    "in_person": Line(N_("%(who)s withdrew the release to %(names)s, as the patient asked in person."), OVER),
}
LINK_OF_ITSELF = Line(N_("%(names)s fetches by itself: its link was made when it first asked."))
UNKNOWN = Line(N_("%(action)s, by %(who)s."))
