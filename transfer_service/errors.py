"""Every error that the service raises on purpose.

    TransferError
    ├── NotFound                 nothing here that you may know of
    │   └── TicketOver           an address for one download, which ended or never was
    ├── NotAuthenticated         we do not know who you are
    ├── NotAllowed               we know you, and your role may not
    │   ├── AnswerWrong          a code, passcode or birth date that is not right
    │   └── SecondPersonNeeded   yours is the first word already; somebody else's is wanted
    ├── Invalid                  what was sent can never be right
    │   ├── PathInvalid, DigestMismatch, DigestMissing, PartNumberWrong, PartSizeWrong,
    │   ├── ExpiryInPast, ExpiryTooFar, FileTooLarge, FileUnknown, IdempotencyKeyReused, CursorInvalid
    │   └── WebhookRefused, ScanRefused, ReportTooLong
    ├── NotNow                   right, but not in this state of things
    │   ├── PathTaken, PartsMissing, FileNotReceiving
    │   ├── PacketNotOpen, PacketNotClosed, PacketEmpty, PacketRetired, FilesUnverified
    │   ├── TemplateNotApproved, TemplateChanged
    │   ├── ReleaseNotSigned, ReleaseNotRequested, ReleaseExpired, ReleaseWithdrawn, ReleaseLocked
    │   ├── FormChanged, PatientUnreachable, RecipientNotNamed, SlideRequestDecided, RecipientChanged
    │   ├── NothingToConfirm, ContactChanged, DocumentChanged, TreatmentNotAllowed
    │   ├── OpinionSent, OpinionEmpty, CopyNotReady, DocumentTooLong
    │   └── LinkExpired, LinkRevoked, LinkUsedUp, LinkLocked, ChallengeUsed, ChallengeOver
    ├── TooMany                  too often; come again later
    ├── Unavailable              something we depend on does not answer; nothing was granted
    │   ├── Busy                 every place for such work is taken
    │   └── MailRefused          this one message, where others may go
    │       └── MailRefusedForGood   and trying again is not expected to help
    ├── NotTypeset               this one document could not be made into a PDF, where others may
    ├── StoreRefused             the object store says no to a step; use cases handle it, nobody outside sees it
    │   └── ObjectExists, ObjectMissing, UploadGone, PartsRefused
    ├── NoticeNotTaken           a receiver of webhooks did not take one; it is tried again
    ├── SealBroken               ciphertext does not open; whatever broke, the outside learns no more
    └── SettingsInvalid, InstallationDamaged    the operator must act

``code`` is the stable word that clients may rely on; the message is a sentence for a person, and never
holds a key, a secret, or anything about a patient.
"""

from typing import ClassVar


class TransferError(Exception):
    """An error with a stable ``code``, a ``message`` for people and public ``facts`` for programs."""

    code: ClassVar[str] = "error"
    message: ClassVar[str] = "The request could not be done."

    def __init__(self, message: str | None = None, **facts: object) -> None:
        super().__init__(message or self.message)
        self.facts = facts


class NotFound(TransferError):
    code = "not_found"
    message = "There is nothing here under that address, or nothing that this token or secret opens."


class TicketOver(NotFound):
    code = "ticket_over"
    message = "This address for a download has ended, or never was; get a fresh one where this one came from."


class NotAuthenticated(TransferError):
    code = "not_authenticated"
    message = "A valid bearer token is needed."


class NotAllowed(TransferError):
    code = "not_allowed"
    message = "Your role does not permit this."


class AnswerWrong(NotAllowed):
    code = "answer_wrong"
    message = "That is not the right answer."


class SecondPersonNeeded(NotAllowed):
    code = "second_person_needed"
    message = "Who asked for this can't confirm it; another member of staff can."


class Invalid(TransferError):
    code = "invalid"
    message = "What was sent is not valid."


class PathInvalid(Invalid):
    code = "path_invalid"
    message = (
        "A path is relative, uses / between names, has no empty, . or .. name, no backslash, drive letter or "
        "control character, and at most 1,024 bytes (255 a name)."
    )


class DigestMismatch(Invalid):
    code = "digest_mismatch"
    message = "The bytes that arrived do not have the digest that was declared for them."


class DigestMissing(Invalid):
    code = "digest_missing"
    message = "Declare the file's SHA-256, at creation or here, or send a Content-Digest with every part."


class PartNumberWrong(Invalid):
    code = "part_number_wrong"
    message = "This file has no part of that number."


class PartSizeWrong(Invalid):
    code = "part_size_wrong"
    message = "This part has another size in the file's plan."


class ExpiryInPast(Invalid):
    code = "expiry_in_past"
    message = "The expiry lies in the past."


class ExpiryTooFar(Invalid):
    code = "expiry_too_far"
    message = "The expiry lies further ahead than is permitted."


class FileTooLarge(Invalid):
    code = "file_too_large"
    message = "The file is larger than this service accepts."


class FileUnknown(Invalid):
    code = "file_unknown"
    message = "The packet holds no such file."


class ReportTooLong(Invalid):
    code = "report_too_long"
    message = "That is more than one report holds; narrow the period, or ask for one recipient or department."


class IdempotencyKeyReused(Invalid):
    code = "idempotency_key_reused"
    message = "This Idempotency-Key was used with another request."


class CursorInvalid(Invalid):
    code = "cursor_invalid"
    message = "That cursor is not one of ours; start from the first page."


class WebhookRefused(Invalid):
    code = "webhook_refused"
    message = "That address can't be called."


class ScanRefused(Invalid):
    code = "scan_refused"
    message = "A scan is a PDF, PNG, JPEG or TIFF: its media type says which, and its first bytes are such a file's."


class NotNow(TransferError):
    code = "not_now"
    message = "This can't be done in the present state."


class PathTaken(NotNow):
    code = "path_taken"
    message = "The packet already has a file at this path."


class PartsMissing(NotNow):
    code = "parts_missing"
    message = "Not all parts have arrived."


class FileNotReceiving(NotNow):
    code = "file_not_receiving"
    message = "The file is not receiving parts any more."


class PacketNotOpen(NotNow):
    code = "packet_not_open"
    message = "The packet is not open; what it holds can't change."


class PacketNotClosed(NotNow):
    code = "packet_not_closed"
    message = "The packet is not closed yet."


class PacketEmpty(NotNow):
    code = "packet_empty"
    message = "The packet holds no files."


class PacketRetired(NotNow):
    code = "packet_retired"
    message = "The packet is retired."


class TemplateNotApproved(NotNow):
    code = "template_not_approved"
    message = "The form's template in that language was not approved for the department."


class TemplateChanged(NotNow):
    code = "template_changed"
    message = "The template is another by now. Read it again before you approve it."


class FilesUnverified(NotNow):
    code = "files_unverified"
    message = "Not every file of the packet is verified yet."


class ReleaseNotRequested(NotNow):
    code = "release_not_requested"
    message = "The release is not waiting for a signature."


class ReleaseNotSigned(NotNow):
    code = "release_not_signed"
    message = "The patient has not signed the release."


class ReleaseExpired(NotNow):
    code = "release_expired"
    message = "The release has expired."


class ReleaseWithdrawn(NotNow):
    code = "release_withdrawn"
    message = "The release was withdrawn."


class ReleaseLocked(NotNow):
    code = "release_locked"
    message = "Too many wrong answers were given; the department can send a new letter."


class FormChanged(NotNow):
    code = "form_changed"
    message = "The form is not the one that was shown; read it again."


class PatientUnreachable(NotNow):
    code = "patient_unreachable"
    message = "The packet names no e-mail address of the patient; a signature on paper can be asked for."


class NothingToConfirm(NotNow):
    code = "nothing_to_confirm"
    message = "Nothing waits to be confirmed."


class DocumentChanged(NotNow):
    code = "document_changed"
    message = "The scan is not the one that was looked at; look at it again."


class TreatmentNotAllowed(NotNow):
    code = "treatment_not_allowed"
    message = "The department does not release for treatment without the patient's authorization."


class ContactChanged(NotNow):
    code = "contact_changed"
    message = "Another address waits to be confirmed than the one that was sent; look at the packet again."


class NotFetched(NotNow):
    code = "not_fetched"
    message = "A file that was not fetched can't have been received."


class RecipientNotNamed(NotNow):
    code = "recipient_not_named"
    message = "The release does not name this recipient."


class SlideRequestDecided(NotNow):
    code = "slide_request_decided"
    message = "The request was answered or taken back already."


class RecipientChanged(NotNow):
    code = "recipient_changed"
    message = (
        "The recipient has another name, organization or address now than the patient read: it takes a new release."
    )


class OpinionSent(NotNow):
    code = "opinion_sent"
    message = "The opinion was sent; what it says can't change. Begin another, which then counts."


class OpinionEmpty(NotNow):
    code = "opinion_empty"
    message = "An opinion says something: put a file in it, or write a summary."


class LinkExpired(NotNow):
    code = "link_expired"
    message = "The link has expired; ask the department that issued it for a new one."


class LinkRevoked(NotNow):
    code = "link_revoked"
    message = "The link was revoked by the department that issued it."


class LinkUsedUp(NotNow):
    code = "link_used_up"
    message = "The link has been redeemed as often as it may be."


class LinkLocked(NotNow):
    code = "link_locked"
    message = "Too many wrong answers were given; ask the department for a new link."


class ChallengeUsed(NotNow):
    code = "challenge_used"
    message = "This challenge has been answered already; ask for a new one."


class ChallengeOver(NotNow):
    code = "challenge_over"
    message = "This challenge has expired or was replaced; ask for a new one."


class CopyNotReady(NotNow):
    """``retry_after_s`` says in how many seconds to come again."""

    code = "copy_not_ready"
    message = "The copy of the signed form is being made; try again shortly."
    retry_after_s: int = 5


class DocumentTooLong(NotNow):
    code = "document_too_long"
    message = "There is too much in this to make one PDF of it."


class TooMany(TransferError):
    """Too often. ``retry_after_s`` says in how many seconds to come again."""

    code = "too_many"
    message = "Too many requests of this kind; come again later."

    def __init__(self, message: str | None = None, *, retry_after_s: int, **facts: object) -> None:
        super().__init__(message, **facts)
        self.retry_after_s = retry_after_s


class Unavailable(TransferError):
    """A part of the service does not answer; nothing was granted or changed. Worth trying again.

    ``reason`` is what that part calls it: for the log, never told outside.
    """

    code = "unavailable"
    message = "The service can't do this just now; try again shortly."
    retry_after_s: int = 5
    reason: str = ""


class Busy(Unavailable):
    code = "busy"
    message = "All places for transfers are taken; try again shortly."
    retry_after_s = 5


class MailRefused(Unavailable):
    code = "mail_refused"
    message = "The mail server refused this message; the next may well go out."


class MailRefusedForGood(MailRefused):
    code = "mail_refused_for_good"
    message = "This message was refused, and trying again is not expected to help; the next may well go out."


class NoticeNotTaken(TransferError):
    """A receiver did not take a notice. ``why`` is a word; ``is_gone``: it wants no more, ever."""

    code = "notice_not_taken"
    message = "The receiver did not take the notice."

    def __init__(self, why: str = "not_taken", *, is_gone: bool = False) -> None:
        super().__init__()
        self.why, self.is_gone = why, is_gone


class NotTypeset(TransferError):
    code = "not_typeset"
    message = "The PDF could not be made; try again later."
    retry_after_s: int = 60


class StoreRefused(TransferError):
    code = "store_refused"
    message = "The object store refused a step."


class ObjectExists(StoreRefused):
    code = "object_exists"


class ObjectMissing(StoreRefused):
    code = "object_missing"


class UploadGone(StoreRefused):
    code = "upload_gone"


class PartsRefused(StoreRefused):
    code = "parts_refused"


class SealBroken(TransferError):
    code = "seal_broken"
    message = "The sealed data does not open."


class SettingsInvalid(TransferError):
    code = "settings_invalid"
    message = "The settings are not valid."


class InstallationDamaged(TransferError):
    code = "installation_damaged"
    message = "The installation is damaged and was not started."
