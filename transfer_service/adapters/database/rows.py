"""Domain objects as rows and back, where that is more than a column a field: sealed fields, documents, pairs.

Each pair of functions is one table. A row is a mapping from column to Python value.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, cast

from transfer_service.adapters.database.documents import (
    accreditations_from_document,
    accreditations_to_document,
    asked_from_document,
    asked_to_document,
    case_from_document,
    case_to_document,
    contact_from_document,
    contact_to_document,
    form_from_document,
    form_to_document,
    grants_from_document,
    grants_to_document,
    manifest_from_document,
    manifest_to_document,
    reply_from_document,
    reply_to_document,
    signature_from_document,
    signature_to_document,
)
from transfer_service.adapters.database.seals import Field, Seals, folded
from transfer_service.domain.document import ReleaseDocument
from transfer_service.domain.link import Link, Passcode
from transfer_service.domain.mail import OPTIONAL, Mail, MailKind, Postmark, Way
from transfer_service.domain.member import Member
from transfer_service.domain.opinion import Opinion
from transfer_service.domain.packet import Case, Packet, PacketFile
from transfer_service.domain.paths import path_identity
from transfer_service.domain.people import Recipient, Role
from transfer_service.domain.release import Release
from transfer_service.domain.slide_request import SlideRequest, mailbox
from transfer_service.domain.webhook import NoticeKind, Webhook

Row = Mapping[str, Any]
_MAIL_SEALED = ("to", "subject", "body", "language")
_WEBHOOK_SEALED = ("url", "secret", "former_secret")


def plain_row(thing: Any) -> dict[str, Any]:  # noqa: ANN401 - any of the domain's dataclasses
    """Each field of a dataclass as it is."""
    return {field.name: getattr(thing, field.name) for field in fields(thing)}


def recipient_row(recipient: Recipient, seals: Seals) -> dict[str, Any]:  # noqa: ARG001 - one shape for all
    """A version of a recipient; whoever wants every mail wants what comes to be sent later too."""
    wanted = None if recipient.notify == OPTIONAL else recipient.notify
    return plain_row(recipient) | {
        "accreditations": accreditations_to_document(recipient.accreditations),
        "notify": wanted,
    }


def recipient_of(row: Row, seals: Seals) -> Recipient:  # noqa: ARG001 - one shape for all
    """The version again."""
    wanted = OPTIONAL if row["notify"] is None else tuple(MailKind(kind) for kind in row["notify"])
    accreditations = accreditations_from_document(row["accreditations"])
    return Recipient(**{**row, "accreditations": accreditations, "notify": wanted})


def member_row(member: Member, seals: Seals) -> dict[str, Any]:
    """A member: the authenticator's key sealed."""
    key = seals.field(member.organization_id, "members", "totp_key", member.id)
    return plain_row(member) | {"totp_key": key.seal_bytes(member.totp_key)}


def member_of(row: Row, seals: Seals) -> Member:
    """The member again. SealBroken."""
    key = seals.field(row["organization_id"], "members", "totp_key", row["id"])
    roles = tuple(Role(role) for role in row["roles"])
    return Member(**{**row, "totp_key": key.open_bytes(row["totp_key"]), "roles": roles})


def packet_row(packet: Packet, seals: Seals) -> dict[str, Any]:
    """A packet: case, contact that waits, note, salt and manifest sealed, and the indexes that find it."""

    def sealed(column: str) -> Field:
        return seals.field(packet.organization_id, "packets", column, packet.id)

    def index(column: str, number: str) -> bytes:
        return seals.index(packet.organization_id, "packets", column, folded(number))

    return plain_row(packet) | {
        "case": sealed("case").seal(case_to_document(packet.case)),
        "record_number_index": index("record_number", packet.case.patient.record_number),
        "accession_number_index": index("accession_number", packet.case.accession_number),
        "note": sealed("note").seal(packet.note),
        "case_salt": sealed("case_salt").seal_bytes(packet.case_salt),
        "manifest": sealed("manifest").seal(manifest_to_document(packet.manifest)),
        "pending_contact": sealed("pending_contact").seal(contact_to_document(packet.pending_contact)),
    }


def packet_of(row: Row, seals: Seals) -> Packet:
    """The packet again. SealBroken."""

    def opened(column: str) -> Any:  # noqa: ANN401 - JSON
        return seals.field(row["organization_id"], "packets", column, row["id"]).open(row[column])

    salt = seals.field(row["organization_id"], "packets", "case_salt", row["id"])
    values = {
        **row,
        "case": case_from_document(opened("case")),
        "note": opened("note"),
        "case_salt": salt.open_bytes(row["case_salt"]),
        "manifest": manifest_from_document(opened("manifest")),
        "pending_contact": contact_from_document(opened("pending_contact")),
    }
    return Packet(**_without(values, "record_number_index", "accession_number_index"))


def case_of(row: Row, seals: Seals) -> Case:
    """What the packet is about, and nothing else of it. SealBroken."""
    sealed = seals.field(row["organization_id"], "packets", "case", row["id"])
    return case_from_document(cast("Any", sealed.open(row["case"])))


def file_row(file: PacketFile, seals: Seals) -> dict[str, Any]:
    """A file: its path sealed, and the index that finds it."""
    path = seals.field(file.organization_id, "packet_files", "path", file.id)
    return plain_row(file) | {
        "path": path.seal(file.path),
        "path_index": seals.index(file.organization_id, "packet_files", "path", path_identity(file.path)),
    }


def file_of(row: Row, seals: Seals) -> PacketFile:
    """The file again. SealBroken."""
    path = seals.field(row["organization_id"], "packet_files", "path", row["id"]).open(row["path"])
    return PacketFile(**_without({**row, "path": path}, "path_index"))


def release_row(release: Release, seals: Seals) -> dict[str, Any]:
    """A release: form, purpose, addresses, signature, and what staff wrote, sealed."""

    def sealed(column: str) -> Field:
        return seals.field(release.organization_id, "releases", column, release.id)

    return plain_row(release) | {
        "grants": grants_to_document(release.grants),
        "purpose": sealed("purpose").seal(release.purpose),
        "form": sealed("form").seal(form_to_document(release.form)),
        "email": sealed("email").seal(release.email),
        "phone": sealed("phone").seal(release.phone),
        "signature": sealed("signature").seal(signature_to_document(release.signature)),
        "attestation": sealed("attestation").seal(release.attestation),
        "withdrawn_note": sealed("withdrawn_note").seal(release.withdrawn_note),
    }


def release_of(row: Row, seals: Seals) -> Release:
    """The release again. SealBroken."""

    def opened(column: str) -> Any:  # noqa: ANN401 - JSON
        return seals.field(row["organization_id"], "releases", column, row["id"]).open(row[column])

    values = {
        **row,
        "grants": grants_from_document(row["grants"]),
        "purpose": opened("purpose"),
        "form": form_from_document(opened("form")),
        "email": opened("email"),
        "phone": opened("phone"),
        "signature": signature_from_document(opened("signature")),
        "attestation": opened("attestation"),
        "withdrawn_note": opened("withdrawn_note"),
    }
    return Release(**values)


def document_row(document: ReleaseDocument, seals: Seals) -> dict[str, Any]:
    """A document of a release: the key that opens it sealed."""
    key = seals.field(document.organization_id, "release_documents", "key", document.id)
    return plain_row(document) | {"key": key.seal_bytes(document.key)}


def document_of(row: Row, seals: Seals) -> ReleaseDocument:
    """The document again. SealBroken."""
    key = seals.field(row["organization_id"], "release_documents", "key", row["id"])
    return ReleaseDocument(**{**row, "key": key.open_bytes(row["key"])})


def opinion_row(opinion: Opinion, seals: Seals) -> dict[str, Any]:
    """An opinion: all that it says sealed."""
    reply = seals.field(opinion.organization_id, "opinions", "reply", opinion.id)
    return plain_row(opinion) | {"reply": reply.seal(reply_to_document(opinion.reply))}


def opinion_of(row: Row, seals: Seals) -> Opinion:
    """The opinion again. SealBroken."""
    reply = cast("Any", seals.field(row["organization_id"], "opinions", "reply", row["id"]).open(row["reply"]))
    return Opinion(**{**row, "reply": reply_from_document(reply)})


def link_row(link: Link, seals: Seals) -> dict[str, Any]:  # noqa: ARG001 - one shape for all
    """A link: its passcode in two columns."""
    row = _without(plain_row(link), "passcode")
    salt, code = (link.passcode.salt, link.passcode.hash) if link.passcode else (None, None)
    return row | {"passcode_salt": salt, "passcode_hash": code}


def link_of(row: Row, seals: Seals) -> Link:  # noqa: ARG001 - one shape for all
    """The link again."""
    salt, code = row["passcode_salt"], row["passcode_hash"]
    passcode = None if salt is None else Passcode(salt, code)
    return Link(**_without({**row, "passcode": passcode}, "passcode_salt", "passcode_hash"))


def mail_row(mail: Mail, seals: Seals) -> dict[str, Any]:
    """A message: what stands in it sealed, and wiped once it is sent."""
    row = plain_row(mail)
    for column in _MAIL_SEALED:
        sealed = seals.field(mail.organization_id, "mail", column, mail.id)
        row[column] = None if mail.sent_at is not None else sealed.seal(row[column])
    return row


def mail_of(row: Row, seals: Seals) -> Mail:
    """The message again. SealBroken."""

    def opened(column: str) -> str | None:
        field = seals.field(row["organization_id"], "mail", column, row["id"])
        return cast("str | None", field.open(row[column]))

    return Mail(**{**row, **{column: opened(column) for column in _MAIL_SEALED}, "way": Way(row["way"])})


def postmark_of(row: Row, seals: Seals) -> Postmark:  # noqa: ARG001 - one shape for all
    """What became of a message, of which nothing is opened."""
    return Postmark(**{field.name: row[field.name] for field in fields(Postmark)})


def slide_request_row(request: SlideRequest, seals: Seals) -> dict[str, Any]:
    """A request for slides: what was asked and answered sealed, and the index that counts mails to one mailbox."""

    def sealed(column: str) -> Field:
        return seals.field(request.organization_id, "slide_requests", column, request.id)

    return plain_row(request) | {
        "asked": sealed("asked").seal(asked_to_document(request.asked)),
        "mailbox_index": seals.index(
            request.organization_id, "slide_requests", "mailbox", mailbox(request.asked.email)
        ),
        "decline_note": sealed("decline_note").seal(request.decline_note),
    }


def slide_request_of(row: Row, seals: Seals) -> SlideRequest:
    """The request again. SealBroken."""

    def opened(column: str) -> Any:  # noqa: ANN401 - JSON
        return seals.field(row["organization_id"], "slide_requests", column, row["id"]).open(row[column])

    values = {**row, "asked": asked_from_document(opened("asked")), "decline_note": opened("decline_note")}
    return SlideRequest(**_without(values, "mailbox_index"))


def webhook_row(webhook: Webhook, seals: Seals) -> dict[str, Any]:
    """A webhook: its address and its secrets sealed."""
    row = plain_row(webhook)
    for column in _WEBHOOK_SEALED:
        row[column] = seals.field(webhook.organization_id, "webhooks", column, webhook.recipient_id).seal(row[column])
    return row


def webhook_of(row: Row, seals: Seals) -> Webhook:
    """The webhook again. SealBroken."""

    def opened(column: str) -> object:
        return seals.field(row["organization_id"], "webhooks", column, row["recipient_id"]).open(row[column])

    kinds = tuple(NoticeKind(kind) for kind in row["kinds"])
    return Webhook(**{**row, "kinds": kinds, **{column: opened(column) for column in _WEBHOOK_SEALED}})


def _without(row: Row, *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}
