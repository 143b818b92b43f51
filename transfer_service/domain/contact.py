"""The patient's contact: where letters go. Whoever changes the address alone could have somebody else sign."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, repr=False)
class PendingContact:
    """Another address for the patient, which counts once a second member of staff confirms it. Never printed: PHI.

    ``asked_by`` is the member of staff who asked for it, ``asked_by_name`` their name, so that people can ask back.
    """

    email: str
    asked_at: datetime
    asked_by: UUID
    asked_by_name: str
