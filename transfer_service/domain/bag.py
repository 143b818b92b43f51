"""Bag: what a recipient takes away as one folder, checkable by itself: a BagIt 1.0 bag (RFC 8493).

    <name>/bagit.txt                  bag-info.txt, manifest-sha256.txt, tagmanifest-sha256.txt: as the RFC has them
    <name>/README.txt                 what this is and how to check it, for people
    <name>/release-manifest.json      the signed list of the files, under the names that they were deposited with
    <name>/data/…                     the files

Everything in it follows from facts that were fixed before: the same release to the same recipient is the same bag,
byte by byte, whenever and wherever it is made.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from transfer_service.domain.manifest import signed_text
from transfer_service.domain.moments import written_day
from transfer_service.domain.packet import Packet, PacketFile, SignedManifest
from transfer_service.domain.people import Department, Organization
from transfer_service.domain.portable_paths import portable_paths
from transfer_service.domain.release import Basis

_GROUNDS = {
    Basis.AUTHORIZATION: "They were released to you by the authorization that was signed on {day}.",
    Basis.TREATMENT: "They were released to you for the patient's treatment on {day}.",
}
_BAGIT = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_MANIFEST, _TAG_MANIFEST, _RELEASE = "manifest-sha256.txt", "tagmanifest-sha256.txt", "release-manifest.json"


def bag_name(packet_id: UUID) -> str:
    """What the bag of that packet is called."""
    return f"packet-{str(packet_id)[:8]}"


@dataclass(frozen=True, repr=False)
class Bag:
    """What one release lets one recipient have of one packet. ``files`` are verified, in the order of their paths.

    ``signed_at``: since when; for treatment nothing is signed, and it is when staff attested.
    """

    packet: Packet
    organization: Organization
    department: Department
    signed_at: datetime
    manifest: SignedManifest
    files: tuple[PacketFile, ...]
    basis: Basis = Basis.AUTHORIZATION

    @property
    def name(self) -> str:
        """The folder's name, and the archive's: it says nothing of the patient."""
        return bag_name(self.packet.id)

    @cached_property
    def payload(self) -> Mapping[str, PacketFile]:
        """The files by their place in the bag."""
        portable = portable_paths(file.path for file in self.files)
        return {f"data/{portable[file.path]}": file for file in self.files}

    @cached_property
    def tag_files(self) -> Mapping[str, bytes]:
        """Everything but the files, by its place in the bag."""
        sums = _lines(f"{file.sha256}  {place}" for place, file in self.payload.items())
        texts = {
            "bagit.txt": _BAGIT,
            "README.txt": self._readme(),
            "bag-info.txt": self._info(),
            _RELEASE: signed_text(self.manifest),
            _MANIFEST: sums,
        }
        tags = {name: text.encode() for name, text in texts.items()}
        return tags | {_TAG_MANIFEST: _lines(f"{_sha256(data)}  {name}" for name, data in tags.items()).encode()}

    @property
    def _size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    def _info(self) -> str:
        return _lines(
            f"{label}: {_one_line(value)}"
            for label, value in (
                ("Source-Organization", self.organization.name),
                ("Contact-Name", f"{self.department.name}, {self.department.contact}"),
                ("External-Identifier", str(self.packet.id)),
                ("Bagging-Date", self.signed_at.date().isoformat()),
                ("Payload-Oxum", f"{self._size_bytes}.{len(self.files)}"),
            )
        )

    def _readme(self) -> str:
        return _README.format(
            title=f"Files from {_one_line(self.organization.name)}, {_one_line(self.department.name)}",
            packet=self.packet.id,
            ground=_GROUNDS[self.basis].format(day=written_day(self.signed_at)),
            files="1 file" if len(self.files) == 1 else f"{len(self.files):,} files",
            size_bytes=f"{self._size_bytes:,}",
            contact=_one_line(self.department.contact),
            key_id=self.manifest.key_id,
            renamed=self._renamed(),
        )

    def _renamed(self) -> str:
        renamed = [
            f"    {place}\n        was {file.path}\n"
            for place, file in self.payload.items()
            if place != f"data/{file.path}"
        ]
        return _RENAMED + "".join(renamed) if renamed else ""


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _one_line(text: str) -> str:
    return " ".join(text.split())


_README = """\
{title}

These are the files of packet {packet}: {files}, {size_bytes} bytes.
{ground}
They are in the folder "data". They are about a patient: keep them as confidential as any record.


Is everything here, and as it was sent?

Any one of these checks every file. Type it in a terminal, in this folder:

    sha256sum -c manifest-sha256.txt          Linux
    shasum -a 256 -c manifest-sha256.txt      macOS
    bagit.py --validate .                     with bagit for Python: this folder is a BagIt bag (RFC 8493)
    packet verify . --key FILE                with the transfer service's client: it checks the signature too


Does it really come from there?

The checks above find damage. Somebody who changes a file can change the lists too, but not sign them:
release-manifest.json holds the list of the files with the signature of the service that released them, made with
the key {key_id}. The signature proves something only where the key that you check it with came to you another way,
for example by telephone from the department. A key that comes along with the files proves nothing, so none is here.


Whom to call

{contact}
Name the packet: {packet}
{renamed}"""

_RENAMED = """

Names that were changed

Not every system can hold these names, so they are written otherwise here. release-manifest.json has them as they were.

"""
