"""Bags without a database: of files that nobody deposited."""

import hashlib
import zlib
from dataclasses import replace
from typing import Any
from uuid import UUID

from tests.factories import NOW, a_department, a_file, a_packet, a_release, an_organization
from transfer_service.domain.bag import Bag
from transfer_service.domain.manifest import release_manifest
from transfer_service.domain.packet import PacketFile, SignedManifest

PACKET_ID = UUID("d3b0f227-1ae3-4f66-b415-125323ac4a6a")


def a_kept_file(path: str, data: bytes) -> PacketFile:
    """A file as verification leaves it."""
    return a_file(path=path, size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest(), crc32=zlib.crc32(data))


def a_bag(*files: PacketFile, **changes: Any) -> Bag:
    """A bag of these files."""
    release = a_release()
    grant = replace(release.grants[0], file_ids=tuple(file.id for file in files))
    signed = SignedManifest(release_manifest(release, grant, files), "a signature", "0123456789abcdef")
    people = an_organization(name="St. Agatha"), a_department(name="Pathology", contact="+1 555 0111")
    return replace(Bag(a_packet(id=PACKET_ID), *people, NOW, signed, files), **changes)
