"""Document: what is kept of a release outside its packet: the scan of a form on paper, the copy of a signed form.

It outlives the packet, whose key is shredded: signed forms are kept for six years (45 CFR 164.530(j)).
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from transfer_service.errors import ScanRefused

#: How a file of each kind that a scanner makes begins. TIFF in either byte order, BigTIFF too (0x2B).
_BEGINNINGS: dict[str, tuple[bytes, ...]] = {
    "application/pdf": (b"%PDF-",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/tiff": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
}
_ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg", "image/tiff": "tif"}
SCAN_MEDIA_TYPES = tuple(_BEGINNINGS)
#: So many bytes are enough to know each by.
BEGINNING_BYTES = max(len(each) for beginnings in _BEGINNINGS.values() for each in beginnings)


class DocumentKind(StrEnum):
    """The scan of a form signed on paper; the copy of a signed form that the service made. One of each a release."""

    PAPER = "paper"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class ReleaseDocument:
    """One document of one release, sealed under a ``key`` of its own (32 bytes, itself a sealed field).

    ``sha256`` (hex) is the plaintext's. ``etag`` pins the object. ``made_by`` is the member of staff who brought it,
    None where the service made it.
    """

    id: UUID
    organization_id: UUID
    release_id: UUID
    kind: DocumentKind
    media_type: str
    size_bytes: int
    sha256: str
    key: bytes = field(repr=False)
    object_key: str
    etag: str
    made_at: datetime
    made_by: UUID | None

    @property
    def file_name(self) -> str:
        """What it is called where it is saved; it says nothing of the patient."""
        return f"signed-form.{_ENDINGS[self.media_type]}"


def check_is_scan_type(media_type: str) -> None:
    """ScanRefused for a media type that no scan has here."""
    if media_type not in _BEGINNINGS:
        raise ScanRefused


def check_begins_as(media_type: str, beginning: bytes) -> None:
    """Whether the first bytes (BEGINNING_BYTES, fewer of a shorter file) are of what was declared; ScanRefused."""
    if not beginning.startswith(_BEGINNINGS[media_type]):
        raise ScanRefused
