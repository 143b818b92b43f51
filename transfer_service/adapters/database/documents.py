"""Parts of domain objects that have no columns of their own, as JSON documents and back.

The documents of a case, a contact, a form, a signature and a reply are PHI: they are only ever kept sealed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from transfer_service.domain.contact import PendingContact
from transfer_service.domain.language import Language
from transfer_service.domain.opinion import Conclusion, MaterialKind, Missing, Reply
from transfer_service.domain.packet import Case, NotIncluded, SignedManifest, Specimen
from transfer_service.domain.people import Accreditation, Patient
from transfer_service.domain.release import Form, Grant, Medium, Signature, Signer
from transfer_service.domain.slide_request import Asked, Asker, AskerKind, Wanted

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


def contact_to_document(pending: PendingContact | None) -> dict[str, object] | None:
    """The address that is asked for, by whom and when."""
    if pending is None:
        return None
    return {
        "email": pending.email,
        "asked_at": pending.asked_at.isoformat(),
        "asked_by": str(pending.asked_by),
        "asked_by_name": pending.asked_by_name,
    }


def contact_from_document(document: Document | None) -> PendingContact | None:
    """The pending address again."""
    if document is None:
        return None
    asked_at = datetime.fromisoformat(document["asked_at"])
    return PendingContact(document["email"], asked_at, UUID(document["asked_by"]), document["asked_by_name"])


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
        "medium": signature.medium.value,
        "signed_on": _day(signature.signed_on),
        "confirmed_by": None if signature.confirmed_by is None else str(signature.confirmed_by),
        "document_sha256": signature.document_sha256,
    }


def signature_from_document(document: Document | None) -> Signature | None:
    """The signature again. Those of before there were forms on paper say no medium: it was the page."""
    if document is None:
        return None
    signed_on, confirmed_by = document.get("signed_on"), document.get("confirmed_by")
    return Signature(
        name=document["name"],
        signer=Signer(document["signer"]),
        authority=document["authority"],
        email=document["email"],
        medium=Medium(document.get("medium", Medium.PAGE)),
        signed_on=date.fromisoformat(signed_on) if signed_on else None,
        confirmed_by=UUID(confirmed_by) if confirmed_by else None,
        document_sha256=document.get("document_sha256"),
    )


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
    """What the recipient holds, and who looked it up, where and when."""
    return [
        {"name": it.name, "source": it.source, "checked_on": _day(it.checked_on), "checked_by": it.checked_by}
        for it in accreditations
    ]


def accreditations_from_document(documents: Sequence[Document]) -> tuple[Accreditation, ...]:
    """The accreditations again."""
    return tuple(
        Accreditation(
            it["name"],
            it["source"],
            date.fromisoformat(it["checked_on"]) if it["checked_on"] else None,
            it.get("checked_by"),  # not asked for before there were successors
        )
        for it in documents
    )


def asked_to_document(asked: Asked) -> dict[str, object]:
    """All that the asker said."""
    document = asdict(asked)
    return document | {"birth_date": asked.birth_date.isoformat(), "done_on": _day(asked.done_on)}


def asked_from_document(document: Document) -> Asked:
    """What was said again."""
    asker, done_on = document["asker"], document["done_on"]
    return Asked(
        **{
            **document,
            "asker": Asker(AskerKind(asker["kind"]), asker["name"], asker["practice"]),
            "recipient": Wanted(**document["recipient"]),
            "birth_date": date.fromisoformat(document["birth_date"]),
            "done_on": date.fromisoformat(done_on) if done_on else None,
            "language": Language(document["language"]),
        }
    )


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
