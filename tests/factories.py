"""Domain objects with sensible defaults, each field open to change."""

import secrets
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from transfer_service.audit.entry import Event
from transfer_service.domain.disclosure import Disclosure, Receipt
from transfer_service.domain.document import DocumentKind, ReleaseDocument
from transfer_service.domain.form import TemplateApproval
from transfer_service.domain.language import Language
from transfer_service.domain.link import Challenge, Link, Redemption, Verification
from transfer_service.domain.mail import KeptAnswer, Mail
from transfer_service.domain.member import Member
from transfer_service.domain.opinion import Conclusion, MaterialKind, Missing, Opinion, OpinionState, Reply
from transfer_service.domain.packet import (
    AssemblyIntent,
    Case,
    FileKind,
    FileState,
    Leftover,
    NotIncluded,
    Packet,
    PacketFile,
    PacketState,
    Part,
    Specimen,
)
from transfer_service.domain.people import (
    Accreditation,
    Actor,
    Credential,
    CredentialKind,
    Department,
    Organization,
    Origin,
    Patient,
    PatientActor,
    Recipient,
    RecipientActor,
    RecipientKind,
    Role,
    Staff,
    StaffActor,
    SystemActor,
)
from transfer_service.domain.release import Basis, Form, Grant, Release, ReleaseState, Signature, Signer
from transfer_service.domain.slide_request import Asked, Asker, AskerKind, SlideRequest, SlideRequestState, Wanted
from transfer_service.domain.ticket import Ticket
from transfer_service.domain.webhook import Notice, NoticeKind, Webhook

NOW = datetime(2026, 5, 12, 9, 30, 0, 123456, tzinfo=UTC)
DAY = timedelta(days=1)
MIB = 1 << 20
T = TypeVar("T")


def _made(thing: T, changes: dict[str, Any]) -> T:
    return replace(thing, **changes)


def an_organization(**changes: Any) -> Organization:
    return _made(Organization(uuid4(), "St. Agatha", NOW, b"wrapped records key"), changes)


def a_department(**changes: Any) -> Department:
    return _made(Department(uuid4(), uuid4(), "Pathology", "pathology@hospital.test", NOW), changes)


def a_staff(**changes: Any) -> Staff:
    return _made(Staff(uuid4(), uuid4(), uuid4(), "M. Weaver", NOW), changes)


def a_staff_actor(**changes: Any) -> StaffActor:
    origin = Origin("request-1", "192.0.2.1")
    return _made(StaffActor(uuid4(), uuid4(), uuid4(), uuid4(), Role.COORDINATOR, origin), changes)


def a_patient_actor(**changes: Any) -> PatientActor:
    return _made(PatientActor(uuid4(), uuid4(), uuid4()), changes)


def a_recipient_actor(**changes: Any) -> RecipientActor:
    return _made(RecipientActor(uuid4(), uuid4(), uuid4(), uuid4(), uuid4()), changes)


def a_system_actor(**changes: Any) -> SystemActor:
    return _made(SystemActor(uuid4(), "worker"), changes)


def an_event(by: Actor, action: str = "packet.opened", **changes: Any) -> Event:
    return _made(Event(action, by, NOW, {}), changes)


def a_credential(**changes: Any) -> Credential:
    return _made(
        Credential(
            id=uuid4(),
            organization_id=uuid4(),
            kind=CredentialKind.STAFF,
            secret_hash=secrets.token_bytes(32),
            subject_id=uuid4(),
            holder_id=uuid4(),
            role=Role.COORDINATOR,
            recipient_id=None,
            created_at=NOW,
            expires_at=NOW + 90 * DAY,
        ),
        changes,
    )


def a_patient(**changes: Any) -> Patient:
    return _made(Patient("Ada Example", date(1961, 2, 3), "MRN-0042", "ada@patient.test", "+1 555 0100", "en"), changes)


def a_case(**changes: Any) -> Case:
    return _made(
        Case(
            accession_number="S26-1234",
            patient=a_patient(),
            question="Is there invasion?",
            diagnosis="Ductal carcinoma in situ",
            laterality="left",
            specimens=(Specimen("A1", "core biopsy", date(2026, 4, 1)), Specimen("A2")),
            not_included=(NotIncluded("slide A3", "broken"),),
        ),
        changes,
    )


def a_packet(**changes: Any) -> Packet:
    return _made(
        Packet(
            id=uuid4(),
            organization_id=uuid4(),
            department_id=uuid4(),
            contributing_department_ids=(),
            state=PacketState.OPEN,
            case=a_case(),
            note="Handle with care",
            created_at=NOW,
            created_by=uuid4(),
            written_at=NOW,
            wrapped_key=b"wrapped packet key",
            case_salt=b"\x01" * 32,
        ),
        changes,
    )


def a_file(**changes: Any) -> PacketFile:
    return _made(
        PacketFile(
            id=uuid4(),
            organization_id=uuid4(),
            packet_id=uuid4(),
            path="slides/A1.svs",
            kind=FileKind.SLIDE,
            media_type="image/tiff",
            size_bytes=40 * MIB,
            part_bytes=16 * MIB,
            part_count=3,
            state=FileState.RECEIVING,
            created_at=NOW,
            declared_sha256="ab" * 32,
        ),
        changes,
    )


def a_verified_file(**changes: Any) -> PacketFile:
    verified: dict[str, Any] = {
        "state": FileState.VERIFIED,
        "object_key": secrets.token_hex(16),
        "etag": "etag-1",
        "sha256": "ab" * 32,
        "crc32": 0xDEADBEEF,
        "completed_at": NOW,
    }
    return a_file(**verified | changes)


def a_part(**changes: Any) -> Part:
    return _made(Part(uuid4(), uuid4(), 1, 16 * MIB, "etag-1", "cd" * 32, b"\x02" * 56), changes)


def an_assembly_intent(**changes: Any) -> AssemblyIntent:
    return _made(AssemblyIntent(uuid4(), uuid4(), ((1, "etag-1"), (2, "etag-2")), 1, NOW), changes)


def a_leftover(**changes: Any) -> Leftover:
    return _made(Leftover(secrets.token_hex(16), NOW), changes)


def a_recipient(**changes: Any) -> Recipient:
    return _made(
        Recipient(
            id=uuid4(),
            organization_id=uuid4(),
            version=1,
            name="Dr. R. Viewer",
            email="viewer@review.test",
            organization="Breast Review Service",
            specialty="breast pathology",
            kind=RecipientKind.PERSON,
            credentials=("MD", "FCAP"),
            accreditations=(
                Accreditation("CLIA", "https://registry.test/clia", date(2026, 1, 2), "C. Weaver"),
                Accreditation("CAP"),
            ),
            created_at=NOW,
        ),
        changes,
    )


def an_approval(**changes: Any) -> TemplateApproval:
    approval = TemplateApproval(
        uuid4(), uuid4(), uuid4(), "authorization/2", Language.SPANISH, "ab" * 32, uuid4(), NOW, "A. Pprover"
    )
    return _made(approval, changes)


def a_form(**changes: Any) -> Form:
    return _made(Form("authorization-1", "en", "I, Ada Example, authorize …", "ef" * 32), changes)


def a_grant(**changes: Any) -> Grant:
    return _made(Grant(uuid4(), 1, (uuid4(), uuid4())), changes)


def a_release(**changes: Any) -> Release:
    return _made(
        Release(
            id=uuid4(),
            organization_id=uuid4(),
            packet_id=uuid4(),
            state=ReleaseState.REQUESTED,
            basis=Basis.AUTHORIZATION,
            grants=(a_grant(),),
            purpose="Second opinion",
            expires_at=NOW + 90 * DAY,
            manifest_sha256="12" * 32,
            form=a_form(),
            email="ada@patient.test",
            secret_hash=secrets.token_bytes(32),
            requested_at=NOW,
            requested_by=uuid4(),
        ),
        changes,
    )


def a_signed_release(**changes: Any) -> Release:
    signed: dict[str, Any] = {
        "state": ReleaseState.SIGNED,
        "signature": Signature("Ada Example", Signer.PATIENT, None, "ada@patient.test"),
        "signed_at": NOW,
    }
    return a_release(**signed | changes)


def asked(**changes: Any) -> Asked:
    said = Asked(
        asker=Asker(AskerKind.PATIENT, "Ada Example"),
        patient_name="Ada Example",
        birth_date=date(1961, 2, 3),
        email="ada@patient.test",
        done="A biopsy of the left breast, in spring",
        recipient=Wanted("Dr. R. Viewer", "Breast Review Service", "viewer@review.test"),
        record_number="MRN-0042",
        phone="+1 555 0100",
        done_on=date(2026, 4, 1),
        question="Is there invasion?",
    )
    return _made(said, changes)


def a_slide_request(**changes: Any) -> SlideRequest:
    return _made(
        SlideRequest(
            id=uuid4(),
            organization_id=uuid4(),
            department_id=uuid4(),
            state=SlideRequestState.RECEIVED,
            asked=asked(),
            secret_hash=secrets.token_bytes(32),
            received_at=NOW,
            acknowledged_at=NOW,
        ),
        changes,
    )


def a_document(**changes: Any) -> ReleaseDocument:
    return _made(
        ReleaseDocument(
            id=uuid4(),
            organization_id=uuid4(),
            release_id=uuid4(),
            kind=DocumentKind.PAPER,
            media_type="application/pdf",
            size_bytes=1234,
            sha256="ab" * 32,
            key=secrets.token_bytes(32),
            object_key=secrets.token_hex(20),
            etag="etag-1",
            made_at=NOW,
            made_by=uuid4(),
        ),
        changes,
    )


def a_link(**changes: Any) -> Link:
    return _made(
        Link(
            id=uuid4(),
            organization_id=uuid4(),
            packet_id=uuid4(),
            release_id=uuid4(),
            recipient_id=uuid4(),
            secret_hash=secrets.token_bytes(32),
            verification=Verification.EMAIL_CODE,
            passcode=None,
            issued_at=NOW,
            issued_by=uuid4(),
            expires_at=NOW + 14 * DAY,
            max_redemptions=3,
        ),
        changes,
    )


def a_challenge(**changes: Any) -> Challenge:
    return _made(
        Challenge(uuid4(), uuid4(), uuid4(), secrets.token_bytes(32), NOW, NOW + timedelta(minutes=10)), changes
    )


def a_redemption(**changes: Any) -> Redemption:
    return _made(Redemption(uuid4(), uuid4(), uuid4(), uuid4(), NOW), changes)


def a_member(**changes: Any) -> Member:
    email = f"{uuid4()}@hospital.test"
    return _made(Member(uuid4(), uuid4(), email, (Role.COORDINATOR,), NOW, secrets.token_bytes(20)), changes)


def a_ticket(**changes: Any) -> Ticket:
    return _made(Ticket(uuid4(), uuid4(), uuid4(), None, secrets.token_bytes(32), NOW), changes)


def a_receipt(**changes: Any) -> Receipt:
    return _made(Receipt(uuid4(), uuid4(), uuid4(), uuid4(), uuid4(), NOW), changes)


def a_reply(**changes: Any) -> Reply:
    missing = (Missing(MaterialKind.STAIN, "HER2 of block A1"),)
    return _made(Reply(Conclusion.NEEDS_MORE_MATERIAL, "Not to be told without HER2.", missing), changes)


def an_opinion(**changes: Any) -> Opinion:
    return _made(Opinion(uuid4(), uuid4(), uuid4(), uuid4(), uuid4(), 1, OpinionState.DRAFT, NOW), changes)


def a_sent_opinion(**changes: Any) -> Opinion:
    return an_opinion(**{"state": OpinionState.SENT, "reply": a_reply(), "sent_at": NOW} | changes)


def a_disclosure(**changes: Any) -> Disclosure:
    return _made(
        Disclosure(
            id=uuid4(),
            organization_id=uuid4(),
            packet_id=uuid4(),
            release_id=uuid4(),
            link_id=uuid4(),
            recipient_id=uuid4(),
            recipient_version=1,
            redemption_id=None,
            file_id=uuid4(),
            started_at=NOW,
            last_at=NOW,
        ),
        changes,
    )


def a_mail(**changes: Any) -> Mail:
    mail = Mail(uuid4(), uuid4(), "ada@patient.test", "Your slides", "Dear Ada Example, …", NOW, NOW, language="en")
    return _made(mail, changes)


def a_webhook(**changes: Any) -> Webhook:
    webhook = Webhook(
        organization_id=uuid4(),
        recipient_id=uuid4(),
        url="https://remote.test/hook?key=1",
        kinds=tuple(NoticeKind),
        secret="whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IQ==",
        set_at=NOW,
        set_by=uuid4(),
    )
    return _made(webhook, changes)


def a_notice(**changes: Any) -> Notice:
    notice = Notice(
        id=uuid4(),
        organization_id=uuid4(),
        recipient_id=uuid4(),
        release_id=uuid4(),
        packet_id=uuid4(),
        kind=NoticeKind.RELEASED,
        expires_at=NOW + 30 * DAY,
        made_at=NOW,
        due_at=NOW,
        forget_at=NOW + 30 * DAY,
    )
    return _made(notice, changes)


def a_kept_answer(**changes: Any) -> KeptAnswer:
    return _made(KeptAnswer(secrets.token_bytes(32), secrets.token_bytes(32), b"sealed answer", NOW + DAY), changes)


def some_id(number: int) -> UUID:
    """The same id every time, for tests that compare orders."""
    return UUID(int=number)
