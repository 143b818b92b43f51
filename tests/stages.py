"""Everything joined as in production but for the bucket, the post and the clock; and a packet brought to any stage.

``Stages`` plays the departments, the patient and the recipient through the use cases alone: letters and codes are
read from the mail, tokens resolved as a request would resolve them.
"""

import base64
import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.databases import Kept
from tests.factories import DAY, NOW, a_case, asked
from tests.fakes.object_store import FakeObjectStore
from transfer_service.adapters.database import SqlDatabase
from transfer_service.adapters.keyring import CachedKeyring, LocalKeyring
from transfer_service.adapters.typesetting import TypstPdf
from transfer_service.audit.entry import Entry
from transfer_service.domain.link import Link, Verification
from transfer_service.domain.mail import Mail
from transfer_service.domain.opinion import Conclusion, Reply
from transfer_service.domain.packet import Packet, PacketFile
from transfer_service.domain.people import (
    OPERATOR,
    Credential,
    Department,
    Organization,
    Origin,
    PatientActor,
    Recipient,
    RecipientActor,
    RecipientKind,
    Role,
    ServiceActor,
    StaffActor,
    SystemActor,
)
from transfer_service.domain.printed import Document
from transfer_service.domain.release import Basis, Medium, Release, Signer
from transfer_service.domain.slide_request import SlideRequest
from transfer_service.domain.webhook import Notice, Webhook
from transfer_service.errors import WebhookRefused
from transfer_service.identity.bearer import Bearers
from transfer_service.identity.sign_in import SignIn
from transfer_service.ports import Keyring
from transfer_service.sealing.keys import SecretKey
from transfer_service.sealing.manifest import SigningKey
from transfer_service.sealing.tokens import token_hash
from transfer_service.usecases.account import Account
from transfer_service.usecases.admit import Admit, Redeemed
from transfer_service.usecases.announce import Announce
from transfer_service.usecases.answer import Answers, OpinionView
from transfer_service.usecases.answers import Questions
from transfer_service.usecases.archive import Archives
from transfer_service.usecases.ask import Asking
from transfer_service.usecases.audit_log import AuditLog
from transfer_service.usecases.carry import Carry
from transfer_service.usecases.close import Close
from transfer_service.usecases.contact import Contacts
from transfer_service.usecases.copies import Copies
from transfer_service.usecases.deliver import Deliver
from transfer_service.usecases.departments import Departments
from transfer_service.usecases.deposit import Deposit, FileDraft, PacketDraft
from transfer_service.usecases.describe import Describe
from transfer_service.usecases.documents import Documents
from transfer_service.usecases.enrol import Enrol
from transfer_service.usecases.form_templates import FormTemplates
from transfer_service.usecases.issue import Issue, LinkDraft
from transfer_service.usecases.journey import Journey
from transfer_service.usecases.letter_secrets import LetterSecrets
from transfer_service.usecases.limits import Limits
from transfer_service.usecases.members import Members
from transfer_service.usecases.mend import Mend
from transfer_service.usecases.notify import Notify
from transfer_service.usecases.opinions import Opinions
from transfer_service.usecases.overview import Overview
from transfer_service.usecases.paper import PaperDraft, Papers
from transfer_service.usecases.patient import PatientAnswer, Patients, PatientSession
from transfer_service.usecases.receive import Receive
from transfer_service.usecases.recipients import RecipientDraft, Recipients
from transfer_service.usecases.redeem import Answer, Redeem
from transfer_service.usecases.release import GrantDraft, ReleaseDraft, Releases, SignatureDraft
from transfer_service.usecases.remind import Remind
from transfer_service.usecases.report import Reports
from transfer_service.usecases.retire import Retire
from transfer_service.usecases.services import Services
from transfer_service.usecases.shown import Shown
from transfer_service.usecases.slide_requests import SlideRequests
from transfer_service.usecases.staff_tokens import StaffTokens
from transfer_service.usecases.successor import SuccessorDraft, Successors
from transfer_service.usecases.tell import Tell
from transfer_service.usecases.tickets import Tickets
from transfer_service.usecases.verify import Verify
from transfer_service.usecases.webhooks import WebhookDraft, Webhooks

PUBLIC_URL = "https://transfer.hospital.test"
ORIGIN = Origin("request-7", "192.0.2.7")
BIRTH_DATE = date(1961, 2, 3)
CONTENTS: Mapping[str, bytes] = {"slides/A1.svs": b"a slide scan", "reports/S26-1234.pdf": b"a report"}
REQUEST_SECRET = re.compile(r"/q#(\S{43})\s")
SCAN = b"%PDF-1.7 a form that was signed"
ATTESTATION = "Dr. Viewer treats the patient and has asked for the slides."
OPINION: Mapping[str, bytes] = {"opinion.pdf": b"a second opinion"}
REPLY = Reply(Conclusion.CONCORDANT, "Ductal carcinoma in situ, as diagnosed.")
LETTER_SECRET = re.compile(r"/r#(\S{43})\s")
TYPED_CODE = re.compile(r"^ *([0-9A-Z]{4}(?:-[0-9A-Z]{4}){2})$", re.MULTILINE)
CODE = re.compile(r"Your code is (\d{6})\s")


class SettableClock:
    """Tells the time it was set to."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> datetime:
        self.now += by
        return self.now


class Letterbox:
    """Implements ``ports.Post``: keeps what it is handed. ``refuses`` is raised instead while it is set."""

    def __init__(self) -> None:
        self.mail: list[Mail] = []
        self.refuses: Exception | None = None

    def send(self, mail: Mail) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.mail.append(mail)


class FakeCourier:
    """Implements ``ports.Courier``: keeps what it is to bring. ``refuses`` is raised instead while it is set."""

    def __init__(self) -> None:
        self.brought: list[tuple[Notice, Webhook]] = []
        self.tried: list[Notice] = []
        self.refuses: Exception | None = None
        self.before: Callable[[], object] = lambda: None

    def check(self, url: str) -> None:
        if not url.startswith("https://"):
            raise WebhookRefused

    def bring(self, notice: Notice, webhook: Webhook, now: datetime) -> None:  # noqa: ARG002 - the port's signature
        self.tried.append(notice)
        self.before()
        if self.refuses is not None:
            raise self.refuses
        self.brought.append((notice, webhook))


class FakeTypesetter:
    """Implements ``ports.Typesetter``: keeps what it is to set. ``refuses`` is raised instead while it is set."""

    def __init__(self) -> None:
        self.documents: list[Document] = []
        self.refuses: Exception | None = None

    def typeset(self, document: Document) -> bytes:
        if self.refuses is not None:
            raise self.refuses
        self.documents.append(document)
        return b"%PDF-"


def blocks(data: bytes, size: int = 50_000) -> Iterator[memoryview]:
    """A request's body as it arrives."""
    return (memoryview(data)[start : start + size] for start in range(0, len(data), size))


def sha256_hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass
class Stage:
    """One packet, and what has come of it so far."""

    packet: Packet
    contents: Mapping[str, bytes]
    files: dict[str, PacketFile] = field(default_factory=dict)
    release: Release | None = None
    letter_secret: str = ""
    request_secret: str = ""
    patient: PatientActor | None = None
    link: Link | None = None
    link_secret: str = ""
    answer: Answer | None = None
    redeemed: Redeemed | None = None
    actor: RecipientActor | None = None
    opinion: OpinionView | None = None

    @property
    def file(self) -> PacketFile:
        """The first file."""
        return next(iter(self.files.values()))

    @property
    def content(self) -> bytes:
        """What is in the first file."""
        return next(iter(self.contents.values()))


class Stages:
    """One installation with one hospital in it. Each stage goes through the ones before it.

    Keyword arguments of a stage change what it asks for; ``of`` continues a packet instead of opening another.
    """

    def __init__(
        self,
        directory: Path,
        kept: Kept,
        *,
        store: FakeObjectStore | None = None,
        limits: Limits | None = None,
        keyring: Keyring | None = None,
        sms: Letterbox | None = None,
    ) -> None:
        self.directory, self.kept = directory, kept
        self.keyring = CachedKeyring(keyring or LocalKeyring.create(directory / "keyring.json"))
        self.database = SqlDatabase(kept.url, self.keyring)
        self.store = store or FakeObjectStore()
        self.limits = limits or Limits()
        self.clock = SettableClock()
        self.post, self.sms = Letterbox(), sms
        self.courier = FakeCourier()
        self.typesetter = FakeTypesetter()
        self.service_key = SecretKey.generate()
        self.signing_key = SigningKey.generate()
        self.bearers = Bearers(self.database, self.limits.staff_idle_for)
        self.sign_in = SignIn(self.database, self.service_key, self.limits)
        self.journey = self._journey()
        self.hospital = self.enrolled("St. Agatha")
        self.recipient = self.recipient_added()

    def _journey(self) -> Journey:
        questions, secrets = Questions(self.service_key, self.limits), LetterSecrets(self.service_key)
        admit = Admit(self.service_key, self.signing_key, self.limits)
        redeem = Redeem(self.database, questions, self.service_key, admit, self.limits)
        deliver = Deliver(self.database, self.keyring, self.store, self.clock)
        deposit = Deposit(self.database, self.keyring, self.limits)
        receive = Receive(self.database, self.keyring, self.store, self.limits, self.clock)
        close = Close(self.database, self.signing_key)
        documents = Documents(self.database, self.store, self.limits)
        return Journey(
            enrol=Enrol(self.database, self.keyring),
            members=Members(self.database, PUBLIC_URL),
            departments=Departments(self.database),
            shown=Shown(self.database, PUBLIC_URL),
            staff_tokens=StaffTokens(self.database),
            recipients=Recipients(self.database),
            contacts=Contacts(self.database),
            deposit=deposit,
            describe=Describe(self.database),
            receive=receive,
            verify=Verify(self.database, self.keyring, self.store, self.limits, self.clock),
            close=close,
            successors=Successors(self.database, self.keyring),
            carry=Carry(self.database, self.keyring, self.store, self.limits, self.clock),
            releases=Releases(self.database, self.limits, secrets, PUBLIC_URL),
            papers=Papers(self.database, documents, self.clock),
            copies=Copies(self.database, documents, TypstPdf()),
            patients=Patients(self.database, questions, self.limits, secrets, by_sms=self.sms is not None),
            issue=Issue(self.database, self.service_key, self.limits, PUBLIC_URL),
            redeem=redeem,
            services=Services(self.database, admit),
            deliver=deliver,
            archives=Archives(redeem, deliver),
            tickets=Tickets(self.database, self.limits, PUBLIC_URL, self.clock),
            templates=FormTemplates(self.database),
            account=Account(self.database),
            audit_log=AuditLog(self.database),
            reports=Reports(self.database, self.typesetter),
            tell=Tell(self.database),
            retire=Retire(self.database, self.store, self.limits),
            notify=Notify(self.database, self.post, self.sms),
            webhooks=Webhooks(self.database, self.courier),
            announce=Announce(self.database, self.courier, self.limits),
            asking=Asking(self.database, self.limits, PUBLIC_URL),
            slide_requests=SlideRequests(self.database, deposit, self.limits),
            answers=Answers.beside(deposit, receive, close),
            opinions=Opinions.beside(deliver, PUBLIC_URL),
            remind=Remind(self.database),
            overview=Overview(self.database),
            mend=Mend(self.database),
        )

    @property
    def now(self) -> datetime:
        return self.clock()

    # People

    def enrolled(self, name: str) -> "Hospital":
        """A new organization with one department and a member of staff for each role."""
        organization = self.journey.enrol.create_organization(name, self.now)
        return Hospital(self, organization, self.department(organization))

    def department(self, organization: Organization, name: str = "Pathology") -> Department:
        return self.journey.enrol.create_department(organization.id, name, "+1 555 0111", self.now)

    def staff(self, department: Department, role: Role, name: str = "M. Weaver") -> StaffActor:
        _, token = self.journey.enrol.create_token(department.id, role, name, self.now)
        actor = self.bearers.actor(token, ORIGIN, self.now)
        assert isinstance(actor, StaffActor)
        return actor

    def recipient_added(self, **changes: Any) -> Recipient:
        return self.journey.recipients.add(self.coordinator, recipient_draft(**changes), self.now)

    @property
    def operator(self) -> SystemActor:
        """Somebody at the installation's command line."""
        return SystemActor(self.hospital.id, OPERATOR)

    @property
    def coordinator(self) -> StaffActor:
        return self.hospital.coordinator

    # Stages of a packet

    def opened(self, contents: Mapping[str, bytes] = CONTENTS, **case: Any) -> Stage:
        draft = PacketDraft(a_case(**case), note="Handle with care")
        return Stage(self.journey.deposit.open_packet(self.coordinator, draft, self.now), contents)

    def received(self, contents: Mapping[str, bytes] = CONTENTS, *, of: Stage | None = None, **case: Any) -> Stage:
        """Every file was sent whole, and waits to be verified."""
        stage = of or self.opened(contents, **case)
        for path, data in stage.contents.items():
            stage.files[path] = self.put(stage, path, data)
        return stage

    def verified(self, contents: Mapping[str, bytes] = CONTENTS, *, of: Stage | None = None, **case: Any) -> Stage:
        stage = of or self.received(contents, **case)
        self.verify_all()
        return self.refreshed(stage)

    def closed(self, contents: Mapping[str, bytes] = CONTENTS, *, of: Stage | None = None, **case: Any) -> Stage:
        stage = of or self.verified(contents, **case)
        stage.packet = self.journey.close.close(self.coordinator, stage.packet.id, self.now, when_verified=False)
        return stage

    def released(self, *, of: Stage | None = None, **changes: Any) -> Stage:
        """The release is asked for, and the patient's letter has come."""
        stage = of or self.closed()
        draft = replace(self.release_draft(), **changes)
        stage.release = self.journey.releases.ask(self.coordinator, stage.packet.id, draft, self.now)
        stage.letter_secret = self.letter_secret(stage.release)
        return stage

    def in_session(self, *, of: Stage | None = None, **changes: Any) -> Stage:
        """The patient has proved themselves."""
        stage = of or self.released(**changes)
        stage.patient = self.patient_actor(self.patient_session(stage.letter_secret))
        return stage

    def signed(self, *, of: Stage | None = None, **changes: Any) -> Stage:
        stage = of or self.in_session(**changes)
        assert stage.release is not None
        assert stage.patient is not None
        draft = SignatureDraft(stage.release.form.sha256, "Ada Example", Signer.PATIENT)
        stage.release = self.journey.releases.sign(stage.patient, stage.release.id, draft, self.now)
        return stage

    def linked(self, *, of: Stage | None = None, **changes: Any) -> Stage:
        stage = of or self.signed()
        draft = replace(self.link_draft(stage), **changes)
        stage.link, url = self.journey.issue.issue(self.coordinator, stage.packet.id, draft, self.now)
        stage.link_secret = url.partition("#")[2]
        return stage

    def redeemed(
        self, *, of: Stage | None = None, replay: str | None = None, passcode: str = "", **changes: Any
    ) -> Stage:
        """The recipient is in. ``replay`` is the Idempotency-Key they sent."""
        stage = of or self.linked(**changes)
        stage.answer = replace(self.right_answer(stage, passcode), replay=replay)
        stage.redeemed = self.journey.redeem.redeem(stage.answer, ORIGIN, self.now)
        stage.actor = self.recipient_actor(stage.redeemed)
        return stage

    # A release on paper, or for treatment

    def asked_on_paper(self, *, of: Stage | None = None, **changes: Any) -> Stage:
        """No letter went out."""
        stage = of or self.closed()
        draft = replace(self.release_draft(), signing=Medium.PAPER, **changes)
        stage.release = self.journey.releases.ask(self.coordinator, stage.packet.id, draft, self.now)
        return stage

    def scanned(self, scan: bytes = SCAN, *, of: Stage | None = None) -> Stage:
        """The coordinator has sent the signed form."""
        stage = of or self.asked_on_paper()
        assert stage.release is not None
        papers = self.journey.papers
        plan = papers.expect(self.coordinator, stage.release.id, "application/pdf", len(scan), self.now)
        stage.release, _ = papers.take(plan, blocks(scan))
        return stage

    @cached_property
    def second_coordinator(self) -> StaffActor:
        return self.staff(self.hospital.pathology, Role.COORDINATOR, "S. Econd")

    def paper_draft(self, scan: bytes = SCAN, **changes: Any) -> PaperDraft:
        return replace(PaperDraft(sha256_hex(scan), "Ada Example", Signer.PATIENT, self.now.date()), **changes)

    def confirmed(self, *, of: Stage | None = None) -> Stage:
        """Another coordinator has confirmed it: signed."""
        stage = of or self.scanned()
        assert stage.release is not None
        draft = self.paper_draft()
        stage.release = self.journey.papers.confirm(self.second_coordinator, stage.release.id, draft, self.now)
        return stage

    def copied(self, *, of: Stage | None = None) -> Stage:
        """The worker has made the copy of the signed form."""
        stage = of or self.signed()
        self.journey.copies.make_missing(self.now)
        return stage

    def treatment_allowed(self, *, allowed: bool = True) -> None:
        self.journey.enrol.allow_treatment(self.hospital.pathology.id, self.now, allowed=allowed)

    def attested(self, *, of: Stage | None = None, **changes: Any) -> Stage:
        """For treatment: live without a signature, and the patient's letter has come."""
        self.treatment_allowed()
        return self.released(of=of, **{"basis": Basis.TREATMENT, "attestation": ATTESTATION, **changes})

    # A packet that starts from another one

    def succeeded(self, former: Stage, actor: StaffActor | None = None, **changes: Any) -> Stage:
        """The successor of a closed packet, its files waiting to be carried."""
        draft = replace(SuccessorDraft(), **changes)
        view = self.journey.successors.open(actor or self.coordinator, former.packet.id, draft, self.now)
        files = {file.path: file for file in view.files}
        return Stage(view.packet, {path: former.contents[path] for path in files}, files)

    def carried(self, former: Stage, **changes: Any) -> Stage:
        """The same with its files there and verified."""
        stage = self.succeeded(former, **changes)
        self.carry_all()
        return self.verified(of=stage)

    # An opinion that comes back

    def drafted(self, stage: Stage, contents: Mapping[str, bytes] = OPINION) -> OpinionView:
        """A draft of the recipient who is in, with files that are verified."""
        assert stage.actor is not None
        draft = self.journey.answers.begin(stage.actor, self.now)
        for path, data in contents.items():
            self.put_in_opinion(stage, draft, path, data)
        self.verify_all()
        return self.journey.answers.one(stage.actor, draft.opinion.id, self.now)

    def put_in_opinion(self, stage: Stage, draft: OpinionView, path: str, data: bytes) -> PacketFile:
        """A whole file in one stream, into the return packet."""
        assert stage.actor is not None
        receive = self.journey.answers.receive
        plan = receive.expect_content(stage.actor, draft.opinion.id, FileDraft(path, len(data)), self.now)
        return receive.take_content(plan, blocks(data))

    def answered(self, stage: Stage, reply: Reply = REPLY, contents: Mapping[str, bytes] = OPINION) -> OpinionView:
        """Sent."""
        assert stage.actor is not None
        draft = self.drafted(stage, contents)
        stage.opinion = self.journey.answers.send(stage.actor, draft.opinion.id, reply, self.now)
        return stage.opinion

    def shared(self, stage: Stage, reply: Reply = REPLY, contents: Mapping[str, bytes] = OPINION) -> OpinionView:
        """The patient may read it."""
        opinion = self.answered(stage, reply, contents).opinion
        return self.journey.opinions.share(self.coordinator, opinion.id, self.now)

    # A release to a review service

    @cached_property
    def service(self) -> Recipient:
        return self.recipient_added(name="Remote Review", email="desk@remote.test", kind=RecipientKind.SERVICE)

    @cached_property
    def service_actor(self) -> ServiceActor:
        _, token = self.journey.enrol.create_service_token(self.service.id, self.now)
        actor = self.bearers.actor(token, ORIGIN, self.now)
        assert isinstance(actor, ServiceActor)
        return actor

    def webhook_set(self, **changes: Any) -> Webhook:
        """The service wants to hear of everything."""
        draft = replace(WebhookDraft("https://remote.test/hook"), **changes)
        return self.journey.webhooks.set(self.service_actor, draft, self.now)

    def released_to_service(self, *, of: Stage | None = None, **changes: Any) -> Stage:
        """Signed by the patient."""
        asked = self.released(of=of, **{"grants": [GrantDraft(self.service.id)], **changes})
        return self.signed(of=self.in_session(of=asked))

    def redeemed_by_service(self, *, of: Stage | None = None, replay: str | None = None, **changes: Any) -> Stage:
        stage = of or self.released_to_service(**changes)
        assert stage.release is not None
        stage.redeemed = self.journey.services.redeem(self.service_actor, stage.release.id, replay, self.now)
        stage.link = stage.redeemed.released.link
        stage.actor = self.recipient_actor(stage.redeemed)
        return stage

    def fetched_by_service(self, *, of: Stage | None = None, **changes: Any) -> Stage:
        stage = self.redeemed_by_service(of=of and self.released_to_service(of=of), **changes)
        assert stage.actor is not None
        for file in stage.files.values():
            self.download(stage.actor, file)
        return stage

    # A request for slides

    def open_to_requests(self, department: Department | None = None) -> Department:
        """Anybody may ask the department (pathology) for slides."""
        id_ = (department or self.hospital.pathology).id
        return self.journey.enrol.take_requests(id_, self.now, taken=True)

    def ask_without_limits(self) -> None:
        """However often: the limits have tests of their own."""
        limits = replace(self.limits, requests_an_hour=10_000, acknowledgements_a_day=10_000)
        object.__setattr__(self.journey.asking, "limits", limits)

    def requested(self, **changes: Any) -> tuple[SlideRequest, str]:
        """A request as pathology has it, and the secret in its asker's mail."""
        department = self.open_to_requests()
        self.journey.asking.receive(asked(**changes), department.id, ORIGIN, self.now)
        self.mail()
        secret = _newest(REQUEST_SECRET, self.post.mail)
        with self.database.reading() as tx:
            return tx.by_secret(SlideRequest, token_hash(secret)), secret

    # Steps between

    def put(self, stage: Stage, path: str, data: bytes, **changes: Any) -> PacketFile:
        """The whole file in one stream."""
        receive = self.journey.receive
        draft = FileDraft(path, len(data), **changes)
        plan = receive.expect_content(self.coordinator, stage.packet.id, draft, self.now)
        return receive.take_content(plan, blocks(data))

    def planned(self, stage: Stage, path: str = "slides/A1.svs", size: int = 12, **changes: Any) -> PacketFile:
        draft = FileDraft(path, size, **changes)
        return self.journey.deposit.add_file(self.coordinator, stage.packet.id, draft, self.now)

    def put_part(self, file: PacketFile, number: int, data: bytes, sha256: bytes | None = None) -> None:
        receive = self.journey.receive
        plan = receive.expect_part(self.coordinator, file.packet_id, file.id, number)
        receive.take_part(plan, blocks(data), sha256)

    def complete(self, file: PacketFile, sha256: str | None = None) -> PacketFile:
        return self.journey.deposit.complete(self.coordinator, file.packet_id, file.id, sha256, self.now)

    def carry_all(self) -> None:
        """Until no file waits to be carried."""
        while self.journey.carry.next_turn():
            pass

    def verify_all(self) -> int:
        """Work until nothing waits; how many files."""
        done = 0
        while self.journey.verify.next_file():
            done += 1
        return done

    def refreshed(self, stage: Stage) -> Stage:
        """The packet and its files as they are now."""
        view = self.journey.deposit.packet(self.hospital.privacy_officer, stage.packet.id)
        stage.packet, stage.files = view.packet, {file.path: file for file in view.files}
        return stage

    def file_now(self, file: PacketFile) -> PacketFile:
        return self.journey.deposit.file(self.hospital.privacy_officer, file.packet_id, file.id)

    def release_draft(self) -> ReleaseDraft:
        return ReleaseDraft([GrantDraft(self.recipient.id)], "Second opinion", self.now + 90 * DAY)

    def link_draft(self, stage: Stage) -> LinkDraft:
        assert stage.release is not None
        return LinkDraft(stage.release.id, self.recipient.id, self.now + 14 * DAY, Verification.EMAIL_CODE)

    def mail(self) -> list[Mail]:
        """What was in the outbox; it is sent by this."""
        already = len(self.post.mail)
        self.journey.notify.deliver(self.now)
        return self.post.mail[already:]

    def letter_secret(self, release: Release | None = None) -> str:
        """The secret in the newest letter to a patient, or in that of a release: two may be sent at once."""
        self.mail()
        if release is None:
            return _newest(LETTER_SECRET, self.post.mail)
        found = (each for mail in self.post.mail for each in LETTER_SECRET.findall(mail.body or ""))
        return next(secret for secret in found if token_hash(secret) == release.secret_hash)

    def typed_code(self) -> str:
        """The code in the newest letter to a patient."""
        self.mail()
        return _newest(TYPED_CODE, self.post.mail)

    def code(self) -> str:
        """The newest code that was mailed."""
        self.mail()
        return _newest(CODE, self.post.mail)

    def patient_session(self, secret: str) -> PatientSession:
        challenge = self.journey.patients.challenge(secret, ORIGIN, self.now)
        answer = PatientAnswer(secret, challenge.id, BIRTH_DATE, self.code())
        return self.journey.patients.begin(answer, ORIGIN, self.now)

    def patient_actor(self, session: PatientSession) -> PatientActor:
        actor = self.bearers.actor(session.token, ORIGIN, self.now)
        assert isinstance(actor, PatientActor)
        return actor

    def recipient_actor(self, redeemed: Redeemed) -> RecipientActor:
        actor = self.bearers.actor(redeemed.token, ORIGIN, self.now)
        assert isinstance(actor, RecipientActor)
        return actor

    def session_of(self, actor: PatientActor | RecipientActor) -> Credential:
        with self.database.reading() as tx:
            return tx.get(Credential, actor.organization_id, actor.session_id)

    def right_answer(self, stage: Stage, passcode: str = "") -> Answer:
        """A fresh challenge, and the right answer to it: the mailed code, unless the link has a passcode."""
        challenge, needs = self.journey.redeem.challenge(stage.link_secret, ORIGIN, self.now)
        response = passcode if needs is Verification.PASSCODE else self.code()
        return Answer(stage.link_secret, challenge.id, response)

    def download(self, actor: RecipientActor, file: PacketFile, start: int = 0, stop: int | None = None) -> bytes:
        end = file.size_bytes if stop is None else stop
        delivery = self.journey.deliver.begin(actor, file.id, start, end, self.now)
        return b"".join(self.journey.deliver.stream(delivery))

    # Looking at what is kept

    def audit(self, organization: Organization | None = None) -> list[Entry]:
        with self.database.reading() as tx:
            return list(tx.audit_entries((organization or self.hospital.organization).id))

    def actions(self) -> list[str]:
        return [entry.action for entry in self.audit()]

    def rows(self, *but: str) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table, as bytes lie there."""
        return self.kept.rows(*but)

    def execute(self, statement: str, *values: Any) -> None:
        """Plain SQL behind the service's back."""
        self.kept.execute(statement, *values)

    def object_keys_referred_to(self) -> set[str]:
        files = self.kept.query("SELECT object_key FROM packet_files WHERE object_key IS NOT NULL")
        return {row[0] for row in [*files, *self.kept.query("SELECT object_key FROM release_documents")]}

    def leftover_keys(self) -> set[str]:
        return {row[0] for row in self.kept.query("SELECT object_key FROM leftovers")}

    def sweep(self, after: timedelta = timedelta(0)) -> int:
        return self.journey.retire.sweep(self.clock.advance(after))

    def check_nothing_is_orphaned(self) -> None:
        """I4: after sweeping, the store holds exactly what files and documents refer to."""
        self.sweep(self.limits.leftover_for)
        assert self.leftover_keys() == set()
        held = {*self.store.objects(), *(upload.key for upload in self.store.uploads())}
        assert held == self.object_keys_referred_to()

    def close_down(self) -> None:
        self.database.dispose()


class Hospital:
    """An organization, its pathology, and its staff."""

    def __init__(self, stages: Stages, organization: Organization, department: Department) -> None:
        self.organization = organization
        self.pathology = department
        self.depositor = stages.staff(department, Role.DEPOSITOR, "D. Porter")
        self.coordinator = stages.staff(department, Role.COORDINATOR, "C. Weaver")
        self.privacy_officer = stages.staff(department, Role.PRIVACY_OFFICER, "P. Guard")
        self.admin = stages.staff(department, Role.ADMIN, "A. Steward")

    @property
    def id(self) -> UUID:
        return self.organization.id


def recipient_draft(**changes: Any) -> RecipientDraft:
    draft = RecipientDraft(
        name="Dr. R. Viewer",
        email="viewer@review.test",
        organization="Breast Review Service",
        specialty="breast pathology",
        kind=RecipientKind.PERSON,
        credentials=("MD",),
    )
    return replace(draft, **changes)


def some_bytes(size: int) -> bytes:
    return os.urandom(size)


def in_many_forms(secret: str | bytes) -> set[bytes]:
    """How a secret would look where it leaked: raw, hex, base64, UTF-16."""
    raw = secret.encode() if isinstance(secret, str) else secret
    forms = {raw, raw.hex().encode(), base64.b64encode(raw).rstrip(b"="), base64.urlsafe_b64encode(raw).rstrip(b"=")}
    return forms | {raw.decode("latin-1").encode("utf-16-le")}


def _newest(pattern: re.Pattern[str], mail: list[Mail]) -> str:
    found = [match for letter in mail if (match := pattern.search(letter.body or ""))]
    return found[-1][1]


def wrong_code(right: str) -> str:
    """Another code."""
    return f"{(int(right) + 1) % 10**6:06d}"


def new_marker() -> str:
    """Words that stand nowhere else."""
    return f"CANARY-{secrets.token_hex(8)}"
