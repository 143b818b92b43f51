"""Parts of domain objects that have no columns of their own, as JSON documents and back.

The documents of a case, a form, a signature and a reply are PHI: they are only ever kept sealed.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from transfer_service.domain.opinion import Conclusion, MaterialKind, Missing, Reply
from transfer_service.domain.packet import Case, NotIncluded, SignedManifest, Specimen
from transfer_service.domain.people import Accreditation, Patient
from transfer_service.domain.release import Form, Grant, Signature, Signer

Document = Mapping[str, Any]


def case_to_document(case: Case) -> dict[str, object]:
    """The whole case, contacts too."""
    patient = case.patient
    return {
        "accession_number": case.accession_number,
        "patient": {
            "name": patient.name,
            "birth_date": patient.birth_date.isoformat(),
            "record_number": patient.record_number,
            "email": patient.email,
            "phone": patient.phone,
            "language": patient.language,
        },
        "question": case.question,
        "diagnosis": case.diagnosis,
        "laterality": case.laterality,
        "specimens": [
            {"label": it.label, "procedure": it.procedure, "collected_on": _day(it.collected_on)}
            for it in case.specimens
        ],
        "not_included": [{"what": it.what, "why": it.why} for it in case.not_included],
    }


def case_from_document(document: Document) -> Case:
    """The case again."""
    patient = document["patient"]
    return Case(
        accession_number=document["accession_number"],
        patient=Patient(
            name=patient["name"],
            birth_date=date.fromisoformat(patient["birth_date"]),
            record_number=patient["record_number"],
            email=patient["email"],
            phone=patient["phone"],
            language=patient["language"],
        ),
        question=document["question"],
        diagnosis=document["diagnosis"],
        laterality=document["laterality"],
        specimens=tuple(
            Specimen(
                it["label"], it["procedure"], date.fromisoformat(it["collected_on"]) if it["collected_on"] else None
            )
            for it in document["specimens"]
        ),
        not_included=tuple(NotIncluded(it["what"], it["why"]) for it in document["not_included"]),
    )


def manifest_to_document(manifest: SignedManifest | None) -> dict[str, object] | None:
    """The manifest with its signature."""
    if manifest is None:
        return None
    return {"document": manifest.document, "signature": manifest.signature, "key_id": manifest.key_id}


def manifest_from_document(document: Document | None) -> SignedManifest | None:
    """The manifest again."""
    if document is None:
        return None
    return SignedManifest(document["document"], document["signature"], document["key_id"])


def grants_to_document(grants: Sequence[Grant]) -> list[dict[str, object]]:
    """Which files go to which version of which recipient: ids only."""
    return [
        {
            "recipient_id": str(grant.recipient_id),
            "recipient_version": grant.recipient_version,
            "file_ids": [str(file_id) for file_id in grant.file_ids],
        }
        for grant in grants
    ]


def grants_from_document(documents: Sequence[Document]) -> tuple[Grant, ...]:
    """The grants again."""
    return tuple(
        Grant(UUID(it["recipient_id"]), it["recipient_version"], tuple(map(UUID, it["file_ids"]))) for it in documents
    )


def form_to_document(form: Form) -> dict[str, object]:
    """The form as the patient reads it."""
    return {"template": form.template, "language": form.language, "text": form.text, "sha256": form.sha256}


def form_from_document(document: Document) -> Form:
    """The form again."""
    return Form(document["template"], document["language"], document["text"], document["sha256"])


def signature_to_document(signature: Signature | None) -> dict[str, object] | None:
    """Who signed."""
    if signature is None:
        return None
    return {
        "name": signature.name,
        "signer": signature.signer.value,
        "authority": signature.authority,
        "email": signature.email,
    }


def signature_from_document(document: Document | None) -> Signature | None:
    """The signature again."""
    if document is None:
        return None
    return Signature(document["name"], Signer(document["signer"]), document["authority"], document["email"])


def reply_to_document(reply: Reply | None) -> dict[str, object] | None:
    """What an opinion says beside its files."""
    if reply is None:
        return None
    return {
        "conclusion": reply.conclusion.value,
        "summary": reply.summary,
        "missing": [{"kind": it.kind.value, "what": it.what} for it in reply.missing],
    }


def reply_from_document(document: Document | None) -> Reply | None:
    """The reply again."""
    if document is None:
        return None
    missing = tuple(Missing(MaterialKind(it["kind"]), it["what"]) for it in document["missing"])
    return Reply(Conclusion(document["conclusion"]), document["summary"], missing)


def accreditations_to_document(accreditations: Sequence[Accreditation]) -> list[dict[str, object]]:
    """What the recipient holds, and where and when it was looked up."""
    return [{"name": it.name, "source": it.source, "checked_on": it.checked_on.isoformat()} for it in accreditations]


def accreditations_from_document(documents: Sequence[Document]) -> tuple[Accreditation, ...]:
    """The accreditations again."""
    return tuple(Accreditation(it["name"], it["source"], date.fromisoformat(it["checked_on"])) for it in documents)


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
