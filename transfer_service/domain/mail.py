"""Mail that is to be sent, and answers that are kept: bookkeeping that rides in the transaction of its cause."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Way(StrEnum):
    """How a message goes out."""

    EMAIL = "email"
    SMS = "sms"


@dataclass(frozen=True, slots=True, repr=False)
class Mail:
    """One message in the outbox. Address, subject and body are sealed at rest, and wiped once it is sent.

    ``to`` is an e-mail address, or by SMS a phone number as the department wrote it; then there is no subject.

    ``id`` is also its Message-ID, so that a repeat after a crash is the same logical message.
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


@dataclass(frozen=True, slots=True, repr=False)
class KeptAnswer:
    """The answer to a call with an Idempotency-Key, to be given again for 24 hours.

    ``key`` is an HMAC over caller and key, ``request`` one over the request; ``answer`` is sealed.
    """

    key: bytes
    request: bytes
    answer: bytes
    expires_at: datetime
