"""The files of the database hold nothing of a patient; what is sealed opens in its own row and column alone."""

import base64
from dataclasses import replace

import pytest

from tests import factories as a
from tests.adapters.database.conftest import Tenant, an_opinion_of
from tests.databases import Kept
from transfer_service.adapters.database import SqlDatabase
from transfer_service.domain.contact import PendingContact
from transfer_service.domain.document import DocumentKind, ReleaseDocument
from transfer_service.domain.opinion import MaterialKind, Missing, Opinion
from transfer_service.domain.packet import NotIncluded, Packet, PacketFile, SignedManifest, Specimen
from transfer_service.domain.release import Release, Signature, Signer
from transfer_service.domain.slide_request import Asker, AskerKind, SlideRequest, Wanted
from transfer_service.domain.webhook import Webhook
from transfer_service.errors import SealBroken

WORDS = (
    *("accession", "name", "record", "email", "phone", "question", "diagnosis", "laterality", "label", "procedure"),
    *("what", "why", "note", "manifest", "path", "purpose", "form", "formemail", "signer", "authority", "signeremail"),
    *("attestation", "withdrawnote"),
    *("mailto", "mailsubject", "mailbody", "maillanguage", "webhookurl", "webhooksecret", "webhookformer"),
    *("pendingemail", "pendingname", "formphone"),
    *("asker", "practice", "askedname", "askedemail", "askeddone", "wanted", "wantedplace", "wantedemail"),
    *("askedrecord", "askedphone", "askedquestion", "decline"),
    *("opinionsummary", "opinionmissing"),
)
CANARY = {word: f"kanarie-{word}-Zx9" for word in WORDS}


def written_in(text: str) -> list[bytes]:
    """Ways in which a text might stand in a file."""
    octets = text.encode()
    base64s = [base64.b64encode(b"\0" * shift + octets)[4:-4] for shift in range(3)]
    return [
        octets,
        text.encode("utf-16-le"),
        text.encode("utf-16-be"),
        octets.hex().encode(),
        octets.hex().upper().encode(),
        *base64s,
        *(one.replace(b"+", b"-").replace(b"/", b"_") for one in base64s),
        octets[::-1],
        octets.upper(),
        octets.lower(),
    ]


def fill(database: SqlDatabase, tenant: Tenant) -> None:
    c = CANARY
    patient = a.a_patient(name=c["name"], record_number=c["record"], email=c["email"], phone=c["phone"])
    case = a.a_case(
        accession_number=c["accession"],
        patient=patient,
        question=c["question"],
        diagnosis=c["diagnosis"],
        laterality=c["laterality"],
        specimens=(Specimen(c["label"], c["procedure"]),),
        not_included=(NotIncluded(c["what"], c["why"]),),
    )
    manifest = SignedManifest({"files": [c["manifest"]]}, "signature", "key")
    pending = PendingContact(c["pendingemail"], a.NOW, tenant.packet.created_by, c["pendingname"])
    packet = replace(tenant.packet, case=case, note=c["note"], manifest=manifest, pending_contact=pending)
    file = replace(tenant.file, path=c["path"])
    release = replace(
        tenant.release,
        purpose=c["purpose"],
        form=a.a_form(text=c["form"]),
        email=c["formemail"],
        phone=c["formphone"],
        signature=Signature(c["signer"], Signer.REPRESENTATIVE, c["authority"], c["signeremail"]),
        attestation=c["attestation"],
        withdrawn_note=c["withdrawnote"],
    )
    written = {"to": c["mailto"], "subject": c["mailsubject"], "body": c["mailbody"], "language": c["maillanguage"]}
    mail = a.a_mail(organization_id=tenant.id, **written)
    secrets = {"secret": c["webhooksecret"], "former_secret": c["webhookformer"], "former_until": a.NOW}
    webhook = a.a_webhook(organization_id=tenant.id, recipient_id=tenant.recipient.id, url=c["webhookurl"], **secrets)
    said = a.asked(
        asker=Asker(AskerKind.PHYSICIAN, c["asker"], c["practice"]),
        patient_name=c["askedname"],
        email=c["askedemail"],
        done=c["askeddone"],
        recipient=Wanted(c["wanted"], c["wantedplace"], c["wantedemail"]),
        record_number=c["askedrecord"],
        phone=c["askedphone"],
        question=c["askedquestion"],
    )
    request = a.a_slide_request(
        organization_id=tenant.id, department_id=tenant.department.id, asked=said, decline_note=c["decline"]
    )
    opinion = an_opinion_of(
        tenant, a.a_reply(summary=c["opinionsummary"], missing=(Missing(MaterialKind.BLOCK, c["opinionmissing"]),))
    )
    with database.changing() as work:
        work.save(a.an_event(tenant.actor), packet, file, release, request, opinion)
        work.keep(mail, webhook)
    with database.reading() as work:
        assert work.find(Packet, tenant.id, record_number=c["record"]) == [packet]
        assert work.mail_due(a.NOW, 1) == [mail]
        assert work.find(SlideRequest, tenant.id, mailbox=c["askedemail"]) == [request]
        assert work.get(Opinion, tenant.id, opinion.id) == opinion
        assert work.get(Webhook, tenant.id, tenant.recipient.id) == webhook


def test_no_file_of_the_database_holds_a_canary_in_any_writing(
    database: SqlDatabase, own_database: Kept, tenant: Tenant
) -> None:
    fill(database, tenant)
    octets = own_database.octets()
    assert tenant.recipient.name.encode() in octets, "the search itself must work"
    for word, canary in CANARY.items():
        for writing in written_in(canary):
            assert writing not in octets, word


def test_the_same_value_sealed_twice_is_never_the_same_bytes(
    database: SqlDatabase, own_database: Kept, tenant: Tenant
) -> None:
    def sealed() -> bytes:
        ((found,),) = own_database.query("SELECT note FROM packets")
        return bytes(found)

    before = sealed()
    with database.changing() as work:
        work.keep(tenant.packet)
    assert sealed() != before


def test_two_columns_and_two_organizations_have_blind_indexes_of_their_own(
    database: SqlDatabase, own_database: Kept, tenant: Tenant, neighbour: Tenant
) -> None:
    case = a.a_case(accession_number="1", patient=a.a_patient(record_number="1"))
    with database.changing() as work:
        work.keep(replace(tenant.packet, case=case), replace(neighbour.packet, case=case))
    rows = own_database.query("SELECT record_number_index, accession_number_index FROM packets")
    assert len({index for row in rows for index in row}) == 4


@pytest.mark.parametrize(
    ("kind", "table", "column"),
    [
        (Packet, "packets", "case"),
        (Packet, "packets", "note"),
        (Packet, "packets", "case_salt"),
        (PacketFile, "packet_files", "path"),
        (Release, "releases", "form"),
        (Release, "releases", "email"),
        (Release, "releases", "purpose"),
        (Release, "releases", "signature"),
        (Release, "releases", "attestation"),
        (Release, "releases", "withdrawn_note"),
    ],
)
def test_a_sealed_field_moved_to_another_row_does_not_open(
    database: SqlDatabase, own_database: Kept, tenant: Tenant, kind: type, table: str, column: str
) -> None:
    packet = a.a_packet(organization_id=tenant.id, department_id=tenant.department.id)
    of_packet = {"organization_id": tenant.id, "packet_id": packet.id}
    words = {"attestation": "For treatment", "withdrawn_note": "Called today"}
    others = {Packet: packet, PacketFile: a.a_file(**of_packet), Release: a.a_signed_release(**of_packet, **words)}
    victim = {Packet: tenant.packet, PacketFile: tenant.file, Release: tenant.release}[kind].id
    with database.changing() as work:
        work.save(a.an_event(tenant.actor), *others.values(), replace(tenant.release, **words))
    own_database.execute(
        f'UPDATE {table} SET "{column}" = (SELECT "{column}" FROM {table} WHERE id = ?) WHERE id = ?',
        others[kind].id.hex,
        victim.hex,
    )
    with database.reading() as work:
        assert work.get(kind, tenant.id, others[kind].id) == others[kind]
        with pytest.raises(SealBroken):
            work.get(kind, tenant.id, victim)


def test_a_document_s_key_does_not_open_in_the_row_of_another(
    database: SqlDatabase, own_database: Kept, tenant: Tenant
) -> None:
    of_release = {"organization_id": tenant.id, "release_id": tenant.release.id}
    mine, other = a.a_document(**of_release), a.a_document(**of_release, kind=DocumentKind.COPY)
    with database.changing() as work:
        work.save(a.an_event(tenant.actor), mine, other)
    with database.reading() as work:
        assert {*work.find(ReleaseDocument, tenant.id)} == {mine, other}
    assert mine.key not in own_database.octets()
    own_database.execute("UPDATE release_documents SET key = (SELECT key FROM release_documents WHERE kind = 'copy')")
    with database.reading() as work, pytest.raises(SealBroken):
        work.get(ReleaseDocument, tenant.id, mine.id)


def test_a_note_put_in_place_of_the_purpose_does_not_open(
    database: SqlDatabase, own_database: Kept, tenant: Tenant
) -> None:
    own_database.execute("UPDATE releases SET purpose = email")
    with database.reading() as work, pytest.raises(SealBroken):
        work.get(Release, tenant.id, tenant.release.id)


def test_one_organization_s_fields_do_not_open_with_another_s_key(
    database: SqlDatabase, own_database: Kept, tenant: Tenant, neighbour: Tenant
) -> None:
    own_database.execute(
        "UPDATE organizations SET wrapped_records_key = ? WHERE id = ?",
        neighbour.organization.wrapped_records_key,
        tenant.id.hex,
    )
    with database.reading() as work, pytest.raises(SealBroken):
        work.get(Packet, tenant.id, tenant.packet.id)


def test_mail_is_wiped_once_it_is_sent(database: SqlDatabase, own_database: Kept, tenant: Tenant) -> None:
    mail = a.a_mail(organization_id=tenant.id)
    with database.changing() as work:
        work.keep(mail)
    with database.changing() as work:
        work.keep(replace(mail, sent_at=a.NOW))
    assert own_database.query('SELECT "to", subject, body FROM mail') == [(None, None, None)]
