"""Mail that is to be sent, and answers that are kept: bookkeeping that rides in the transaction of its cause."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5


class MailKind(StrEnum):
    """What a mail is for. Letters and codes are asked for, each time anew; the others tell of something once."""

    LETTER = "letter"
    CODE = "code"
    WITHDRAWN = "withdrawn"
    EXPIRING = "expiring"
    FETCHED = "fetched"


#: What recipients may do without; that a permission was withdrawn they are told whether they like it or not.
OPTIONAL = (MailKind.EXPIRING,)


class MailState(StrEnum):
    """What became of a mail: a refusal for good may still be followed by success, as long as it is tried."""

    WAITING = "waiting"
    SENT = "sent"
    REFUSED = "refused"


class Way(StrEnum):
    """How a message goes out."""

    EMAIL = "email"
    SMS = "sms"


@dataclass(frozen=True, slots=True, repr=False)
class Mail:
    """One message in the outbox. Address, subject, body and language are sealed at rest, and wiped once it is over.

    ``to`` is an e-mail address, or by SMS a phone number as the department wrote it; then there is no subject.

    ``id`` is also its Message-ID, so that a repeat after a crash is the same logical message. ``language`` is its tag
    (BCP 47). ``about_id`` is the release or link that it is about; ``refused_at`` since when it is refused for good,
    or when it was given up.
    """

    id: UUID
    organization_id: UUID
    to: str | None
    subject: str | None
    body: str | None
    made_at: datetime
    due_at: datetime
    attempts: int = 0
    sent_at: datetime | None = None
    way: Way = Way.EMAIL
    language: str | None = None
    kind: MailKind | None = None
    about_id: UUID | None = None
    refused_at: datetime | None = None

    def wiped(self) -> "Mail":
        """Without the address, and the secrets that may stand in it: they have no business here any more."""
        return replace(self, to=None, subject=None, body=None, language=None)

    def about(self, kind: MailKind, about_id: UUID) -> "Mail":
        """Known as one of that kind about that thing; any number may be."""
        return replace(self, kind=kind, about_id=about_id)

    def once(self, kind: MailKind, about_id: UUID, recipient_id: UUID) -> "Mail":
        """The one mail that ever tells this: whoever makes it again makes it under the same id."""
        return replace(self.about(kind, about_id), id=id_of_the_one(kind, about_id, recipient_id))


def id_of_the_one(kind: MailKind, about_id: UUID, recipient_id: UUID) -> UUID:
    """Of the one mail that ever tells that of that thing, to or of that recipient."""
    return uuid5(about_id, f"{kind} {recipient_id}")


@dataclass(frozen=True, slots=True)
class Postmark:
    """What became of one mail, without what stood in it. Only ever read."""

    id: UUID
    organization_id: UUID
    kind: MailKind | None
    about_id: UUID | None
    made_at: datetime
    sent_at: datetime | None
    refused_at: datetime | None

    @property
    def state(self) -> MailState:
        """What became of it."""
        if self.sent_at is not None:
            return MailState.SENT
        return MailState.WAITING if self.refused_at is None else MailState.REFUSED

    @property
    def at(self) -> datetime:
        """Since when that is so."""
        return self.sent_at or self.refused_at or self.made_at


@dataclass(frozen=True, slots=True, repr=False)
class KeptAnswer:
    """The answer to a call with an Idempotency-Key, to be given again for 24 hours.

    ``key`` is an HMAC over caller and key, ``request`` one over the request; ``answer`` is sealed.
    """

    key: bytes
    request: bytes
    answer: bytes
    expires_at: datetime
