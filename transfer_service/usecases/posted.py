"""Posted: what became of the patient's letter, as staff see it beside the release."""

from dataclasses import dataclass, fields

from transfer_service.domain.mail import MailKind, Postmark
from transfer_service.domain.release import Release
from transfer_service.ports import Transaction


@dataclass(frozen=True, slots=True)
class ListedRelease(Release):
    """A release, and what became of the newest letter; None where none was mailed, or before that was noted."""

    letter: Postmark | None = None


def listed(tx: Transaction, release: Release) -> ListedRelease:
    """The release with its letter."""
    mails = tx.find(Postmark, release.organization_id, about_id=release.id)
    letters = [mail for mail in mails if mail.kind is MailKind.LETTER]
    known = {field.name: getattr(release, field.name) for field in fields(Release)}
    return ListedRelease(**known, letter=letters[-1] if letters else None)
