"""The documents that manifests sign: plain mappings, for sealing.manifest to make canonical (RFC 8785)."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from transfer_service.domain.moments import rfc3339
from transfer_service.domain.packet import Case, Packet, PacketFile, SignedManifest
from transfer_service.domain.release import Grant, Release


def case_document(case: Case) -> dict[str, object]:
    """The case without contacts: what a recipient may see, and what the manifest binds by a salted digest."""
    patient = case.patient
    return {
        "accession_number": case.accession_number,
        "patient": {
            "name": patient.name,
            "birth_date": patient.birth_date.isoformat(),
            "record_number": patient.record_number,
        },
        "question": case.question,
        "diagnosis": case.diagnosis,
        "laterality": case.laterality,
        "specimens": [
            {
                "label": specimen.label,
                "procedure": specimen.procedure,
                "collected_on": specimen.collected_on.isoformat() if specimen.collected_on else None,
            }
            for specimen in case.specimens
        ],
        "not_included": [{"what": item.what, "why": item.why} for item in case.not_included],
    }


def file_document(file: PacketFile) -> dict[str, object]:
    """What a manifest says of one verified file. Sizes are bytes."""
    return {
        "id": str(file.id),
        "path": file.path,
        "kind": file.kind.value,
        "size": file.size_bytes,
        "sha256": file.sha256,
        "media_type": file.media_type,
        "part_size": file.part_bytes,
        "part_count": file.part_count,
    }


def packet_manifest(
    packet: Packet, files: Iterable[PacketFile], case_sha256: str, closed_at: datetime
) -> dict[str, object]:
    """The packet manifest, made at close: the depositor's receipt. ``case_sha256`` is salted (hex)."""
    return {
        "version": 1,
        "kind": "packet",
        "packet": str(packet.id),
        "organization": str(packet.organization_id),
        "department": str(packet.department_id),
        "closed_at": rfc3339(closed_at),
        "case_sha256": case_sha256,
        "files": [file_document(file) for file in sorted(files, key=lambda file: file.path)],
    }


def release_manifest(release: Release, grant: Grant, files: Iterable[PacketFile]) -> dict[str, object]:
    """The release manifest: exactly the files of one grant, bound to the packet manifest's SHA-256 (hex)."""
    granted = set(grant.file_ids)
    return {
        "version": 1,
        "kind": "release",
        "release": str(release.id),
        "packet": str(release.packet_id),
        "packet_manifest_sha256": release.manifest_sha256,
        "recipient": str(grant.recipient_id),
        "files": [file_document(file) for file in sorted(files, key=lambda file: file.path) if file.id in granted],
    }


def sizes_listed(manifest: SignedManifest) -> dict[UUID, int]:
    """The size in bytes of each file that a packet manifest lists, without a look at each file's own row."""
    listed = cast("list[dict[str, Any]]", manifest.document["files"])
    return {UUID(file["id"]): file["size"] for file in listed}


def signed_text(signed: SignedManifest) -> str:
    """A manifest with its signature and the id of its key, as a text to keep: JSON, in ASCII."""
    document = {"manifest": signed.document, "signature": signed.signature, "key_id": signed.key_id}
    return json.dumps(document, indent=2, sort_keys=True) + "\n"
