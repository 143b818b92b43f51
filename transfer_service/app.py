"""The one place where concrete parts are chosen and joined.

    settings → parts_of → joined → flask_app     the web server's
                                 └→ Worker       the worker's

Tests begin at `joined`, with parts of their own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from flask import Flask

from transfer_service.adapters.aws import encrypted_by_kms
from transfer_service.adapters.clock import Clock
from transfer_service.adapters.database import SqlDatabase
from transfer_service.adapters.keyring import CachedKeyring, KmsKeyring, LocalKeyring
from transfer_service.adapters.mail import Letterhead, OutboxFolder, SmtpPost, SmtpServer
from transfer_service.adapters.s3 import S3ObjectStore
from transfer_service.adapters.typesetting import TypstPdf
from transfer_service.adapters.webhooks import HttpsCourier
from transfer_service.api.registration import register_api
from transfer_service.edge.calls import Service, register_service
from transfer_service.edge.metrics import Exposition
from transfer_service.edge.readiness import Readiness
from transfer_service.edge.registration import register_edge
from transfer_service.edge.transfer_slots import TransferSlots
from transfer_service.errors import InstallationDamaged, SealBroken, SettingsInvalid
from transfer_service.identity.bearer import Bearers
from transfer_service.identity.sign_in import SignIn
from transfer_service.pages import register_pages
from transfer_service.ports import Courier, Database, Keyring, ObjectStore, Post, Typesetter
from transfer_service.sealing.keys import SecretKey, derive_key
from transfer_service.sealing.manifest import SigningKey
from transfer_service.settings import KeyringKind, S3Encryption, Secret, Settings
from transfer_service.usecases.account import Account
from transfer_service.usecases.admit import Admit
from transfer_service.usecases.announce import Announce
from transfer_service.usecases.answer import Answers
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
from transfer_service.usecases.deposit import Deposit
from transfer_service.usecases.describe import Describe
from transfer_service.usecases.documents import Documents
from transfer_service.usecases.enrol import Enrol
from transfer_service.usecases.form_templates import FormTemplates
from transfer_service.usecases.issue import Issue
from transfer_service.usecases.journey import Journey
from transfer_service.usecases.letter_secrets import LetterSecrets
from transfer_service.usecases.limits import Limits
from transfer_service.usecases.members import Members
from transfer_service.usecases.mend import Mend
from transfer_service.usecases.notify import Notify
from transfer_service.usecases.opinions import Opinions
from transfer_service.usecases.overview import Overview
from transfer_service.usecases.paper import Papers
from transfer_service.usecases.patient import Patients
from transfer_service.usecases.receive import Receive
from transfer_service.usecases.recipients import Recipients
from transfer_service.usecases.redeem import Redeem
from transfer_service.usecases.release import Releases
from transfer_service.usecases.remind import Remind
from transfer_service.usecases.report import Reports
from transfer_service.usecases.retire import Retire
from transfer_service.usecases.services import Services
from transfer_service.usecases.shown import Shown
from transfer_service.usecases.slide_requests import SlideRequests
from transfer_service.usecases.staff_tokens import StaffTokens
from transfer_service.usecases.successor import Successors
from transfer_service.usecases.tell import Tell
from transfer_service.usecases.tickets import Tickets
from transfer_service.usecases.verify import Verify
from transfer_service.usecases.webhooks import Webhooks
from transfer_service.worker import Worker

_KEYRING_HELP = (
    "The keyring that this installation began with opens everything in it, and no other does: set that, or put its "
    "file back from its backup."
)


@dataclass(frozen=True)
class Parts:
    """What the use cases are joined to. ``uploads`` and ``downloads`` are the places for transfers.

    ``may_destroy`` says whether the clock is trusted with what can't be undone. No settings name anybody for ``sms``
    yet: there is no adapter.
    """

    database: Database
    keyring: Keyring
    store: ObjectStore
    post: Post
    courier: Courier
    clock: Callable[[], datetime]
    limits: Limits
    public_url: str
    uploads: int = 4
    downloads: int = 8
    may_destroy: Callable[[], bool] = lambda: True
    metrics_token_sha256: bytes | None = None
    sms: Post | None = None
    typesetter: Typesetter = field(default_factory=TypstPdf)


def parts_of(settings: Settings) -> Parts:
    """The parts that the settings ask for. SettingsInvalid, InstallationDamaged, Unavailable."""
    keyring = keyring_of(settings)
    busy_s, tries = settings.database_busy_s, settings.limits.wrong_answers
    database = SqlDatabase(settings.database_url.reveal(), keyring, busy_timeout_s=busy_s, wrong_answers=tries)
    database.check()
    clock = Clock()
    return Parts(
        database=database,
        keyring=CachedKeyring(keyring),
        store=object_store(settings),
        post=_post(settings),
        courier=HttpsCourier(private_too=settings.webhook_private_addresses),
        typesetter=TypstPdf(),
        clock=clock,
        limits=settings.limits,
        public_url=settings.address,
        uploads=settings.uploads,
        downloads=settings.downloads,
        may_destroy=clock.is_trusted,
        metrics_token_sha256=_sha256(settings.metrics_token),
    )


def keyring_of(settings: Settings) -> Keyring:
    """The keyring that the settings name. SettingsInvalid, InstallationDamaged."""
    if settings.keyring is KeyringKind.LOCAL:
        return LocalKeyring(settings.keyring_path)
    return KmsKeyring(
        key_id=settings.kms_key_id or "", region=settings.region_of_kms, endpoint_url=settings.kms_endpoint_url
    )


def new_keyring(settings: Settings) -> Path:
    """Make the file that the settings name, and say where. SettingsInvalid where there is one, or KMS is named."""
    if settings.keyring is not KeyringKind.LOCAL:
        raise SettingsInvalid('There is no file to make: keyring = "kms". Make the key in AWS KMS (docs/aws.md).')
    LocalKeyring.create(settings.keyring_path)
    return settings.keyring_path


def joined(parts: Parts) -> Service:
    """Everything joined; the installation's own keys are made where there are none yet."""
    service_key = installation_key(parts.database, parts.keyring, "service")
    signing_key = manifest_key(parts.database, parts.keyring)
    ready = _ready(parts)
    return Service(
        journey=_journey(parts, service_key, signing_key),
        bearers=Bearers(parts.database, parts.limits.staff_idle_for),
        sign_in=SignIn(parts.database, service_key, parts.limits),
        database=parts.database,
        service_key=service_key,
        slots=TransferSlots(parts.uploads, parts.downloads),
        clock=parts.clock,
        ready=ready,
        exposition=Exposition(parts.database, ready),
        metrics_token_sha256=parts.metrics_token_sha256,
    )


def flask_app(
    service: Service, *, public_url: str, more_hosts: tuple[str, ...] = (), trusted_proxies: tuple[str, ...] = ()
) -> Flask:
    """The web application of a joined service, which answers under ``public_url`` and ``more_hosts``."""
    app = Flask("transfer_service", static_folder=None)
    app.config["SECRET_KEY"] = derive_key(service.service_key, "page-sessions").reveal()
    register_service(app, service)
    register_api(app)
    register_pages(app)
    register_edge(app, public_url=public_url, more_hosts=more_hosts, trusted_proxies=trusted_proxies)
    return app


def create_app(settings: Settings) -> Flask:
    """The web application that the settings ask for."""
    return flask_app(
        joined(parts_of(settings)),
        public_url=settings.address,
        more_hosts=settings.more_hosts,
        trusted_proxies=settings.trusted_proxies,
    )


def create_worker(settings: Settings) -> Worker:
    """The worker that the settings ask for."""
    parts = parts_of(settings)
    return Worker(joined(parts).journey, parts.clock, may_destroy=parts.may_destroy)


def manifest_key(database: Database, keyring: Keyring) -> SigningKey:
    """The key that signs this installation's manifests."""
    return SigningKey(installation_key(database, keyring, "manifest"))


def installation_key(database: Database, keyring: Keyring, purpose: str) -> SecretKey:
    """The installation's key of that purpose, made on first use and kept wrapped.

    InstallationDamaged where another keyring wrapped it, which then wrapped every other key here too.
    """
    context = {"purpose": purpose}
    with database.reading() as tx:
        wrapped = tx.service_key(purpose)
    if wrapped is None:
        with database.changing() as tx:  # alone: of two that start at once, the second finds the first's key
            wrapped = tx.service_key(purpose)
            if wrapped is None:
                _, wrapped = keyring.generate(context)
                tx.add_service_key(purpose, wrapped)
    try:
        return keyring.unwrap(wrapped, context)
    except SealBroken as error:
        raise InstallationDamaged(f"The {purpose} key does not open. {error} {_KEYRING_HELP}") from None


def _journey(parts: Parts, service_key: SecretKey, signing_key: SigningKey) -> Journey:
    database, keyring, store, limits = parts.database, parts.keyring, parts.store, parts.limits
    questions, secrets = Questions(service_key, limits), LetterSecrets(service_key)
    admit = Admit(service_key, signing_key, limits)
    redeem = Redeem(database, questions, service_key, admit, limits)
    deliver = Deliver(database, keyring, store, parts.clock)
    deposit = Deposit(database, keyring, limits)
    receive, close = Receive(database, keyring, store, limits, parts.clock), Close(database, signing_key)
    documents = Documents(database, store, limits)
    return Journey(
        enrol=Enrol(database, keyring),
        members=Members(database, parts.public_url),
        departments=Departments(database),
        shown=Shown(database, parts.public_url),
        staff_tokens=StaffTokens(database),
        recipients=Recipients(database),
        contacts=Contacts(database),
        deposit=deposit,
        describe=Describe(database),
        receive=receive,
        verify=Verify(database, keyring, store, limits, parts.clock),
        close=close,
        successors=Successors(database, keyring),
        carry=Carry(database, keyring, store, limits, parts.clock),
        releases=Releases(database, limits, secrets, parts.public_url),
        patients=Patients(database, questions, limits, secrets, by_sms=parts.sms is not None),
        papers=Papers(database, documents, parts.clock),
        copies=Copies(database, documents, parts.typesetter),
        issue=Issue(database, service_key, limits, parts.public_url),
        redeem=redeem,
        services=Services(database, admit),
        deliver=deliver,
        archives=Archives(redeem, deliver),
        tickets=Tickets(database, limits, parts.public_url, parts.clock),
        templates=FormTemplates(database),
        account=Account(database),
        audit_log=AuditLog(database),
        reports=Reports(database, parts.typesetter),
        tell=Tell(database),
        retire=Retire(database, store, limits),
        notify=Notify(database, parts.post, parts.sms),
        webhooks=Webhooks(database, parts.courier),
        announce=Announce(database, parts.courier, limits),
        asking=Asking(database, limits, parts.public_url),
        slide_requests=SlideRequests(database, deposit, limits),
        answers=Answers.beside(deposit, receive, close),
        opinions=Opinions.beside(deliver, parts.public_url),
        remind=Remind(database),
        overview=Overview(database),
        mend=Mend(database),
    )


def _ready(parts: Parts) -> Readiness:
    return Readiness(
        {
            "clock": parts.clock,
            "database": parts.database.check,
            "keyring": parts.keyring.check,
            "store": parts.store.check,
        }
    )


def object_store(settings: Settings) -> S3ObjectStore:
    """The object store that the settings name."""
    return S3ObjectStore(
        endpoint_url=settings.s3_endpoint_url,
        region=settings.s3_region,
        bucket=settings.s3_bucket,
        access_key_id=settings.s3_access_key_id,
        secret_access_key=_revealed(settings.s3_secret_access_key),
        addressing=settings.s3_addressing.value,
        at_rest=encrypted_by_kms(settings.s3_sse_kms_key_id) if settings.s3_sse is S3Encryption.KMS else {},
    )


def _post(settings: Settings) -> Post:
    letterhead = Letterhead(settings.sender, settings.host)
    if settings.smtp_host is None:
        return OutboxFolder(settings.outbox_dir, letterhead)
    server = SmtpServer(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_security.value,
        settings.smtp_user,
        _revealed(settings.smtp_password),
    )
    return SmtpPost(server, letterhead)


def _sha256(secret: Secret | None) -> bytes | None:
    return None if secret is None else sha256(secret.reveal().encode()).digest()


def _revealed(secret: Secret | None) -> str | None:
    return None if secret is None else secret.reveal()
