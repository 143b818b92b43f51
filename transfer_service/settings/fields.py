"""The settings and their defaults: what suits one machine that only itself can reach.

Names end in their unit: ``_s`` seconds, ``_bytes`` bytes. A relative path is meant from the folder of the
settings file.
"""

from dataclasses import dataclass, fields
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, final
from urllib.parse import urlsplit

from transfer_service.settings.database_url import DatabaseUrl
from transfer_service.usecases.limits import Limits

_LIMITS = Limits()
_SECONDS = "_s"
_SQLITE_FILE = DatabaseUrl("sqlite:///transfer-service.sqlite3")
_ARN_PARTS = 6


@final
@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A word that prints as ***. ``reveal`` gives it to whoever logs in with it."""

    _word: str

    def reveal(self) -> str:
        """The word itself."""
        return self._word

    def __repr__(self) -> str:
        return "***"


class SmtpSecurity(StrEnum):
    """How the mail server is spoken to; its certificate is verified in both kinds of TLS."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class KeyringKind(StrEnum):
    """What wraps all keys: a file, which is the lower assurance, or a key of AWS KMS."""

    LOCAL = "local"
    KMS = "kms"


class S3Addressing(StrEnum):
    """Whether the bucket stands in the path or in the host's name."""

    AUTO = "auto"
    PATH = "path"
    VIRTUAL = "virtual"


class S3Encryption(StrEnum):
    """What S3 does beside our own sealing."""

    NONE = "none"
    KMS = "aws:kms"


def _seconds(duration: timedelta) -> int:
    return int(duration.total_seconds())


def region_in(arn: str) -> str | None:
    """The region that an ARN (``arn:partition:service:region:account:…``) names."""
    parts = arn.split(":", 5)
    return parts[3] if len(parts) == _ARN_PARTS else None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that can be set. `load_settings` reads and checks it."""

    # -- where things are kept ---------------------------------------------------------------------------------
    #: Where records are kept: sqlite:/// and the path of a file, or postgresql://USER:PASSWORD@HOST:PORT/DATABASE.
    database_url: DatabaseUrl = _SQLITE_FILE
    #: How long one transaction waits for another's, in seconds, before the caller is told to come again.
    database_busy_s: int = 5
    #: What wraps all keys: local, a file (the lower assurance), or kms, a key of AWS KMS. It can't be changed later.
    keyring: KeyringKind = KeyringKind.LOCAL
    #: The file of keys that wrap all others, mode 0600. Back it up, and never beside the database.
    keyring_path: Path = Path("keyring.json")
    #: With kms: the key's id or ARN, or an alias's ARN. boto3 finds what to sign in with: environment or role.
    kms_key_id: str | None = None
    #: The key's region; left out: that in its ARN, or s3_region.
    kms_region: str | None = None
    #: Where KMS answers; left out for Amazon's public address. A VPC endpoint, for example.
    kms_endpoint_url: str | None = None
    #: Where the object store's S3 API answers; left out for Amazon S3 itself.
    s3_endpoint_url: str | None = None
    #: The region that requests are signed for.
    s3_region: str = "us-east-1"
    #: The bucket for sealed objects. Nothing else may live in it.
    s3_bucket: str = "transfer-service"
    #: The key id to sign in with; left out (with the next) for a role that the machine has.
    s3_access_key_id: str | None = None
    #: The secret that belongs to it.
    s3_secret_access_key: Secret | None = None

    #: auto, path or virtual: whether the bucket stands in the path (auto: at an s3_endpoint_url) or in the host's name.
    s3_addressing: S3Addressing = S3Addressing.AUTO
    #: none or aws:kms: what S3 is asked to do to objects, which come sealed already.
    s3_sse: S3Encryption = S3Encryption.NONE
    #: The key for aws:kms; left out for the account's own key for S3.
    s3_sse_kms_key_id: str | None = None

    # -- the web server ----------------------------------------------------------------------------------------
    #: The address that the web server listens on, host:port; beyond loopback only with behind_tls_proxy.
    bind: str = "127.0.0.1:8080"
    #: Whether a proxy in front speaks TLS with the world. Without one nothing but this machine is served.
    behind_tls_proxy: bool = False
    #: The address under which patients and recipients reach the service; links begin with it. Left out: http://bind.
    public_url: str | None = None
    #: Further host:port that the service answers under; any other Host is refused.
    more_hosts: tuple[str, ...] = ()
    #: Addresses of proxies whose X-Forwarded-For is believed, so that logs and audit name the client's own address.
    trusted_proxies: tuple[str, ...] = ()
    #: The bearer token that opens /metrics, 32 characters or more; left out, there is no such address.
    metrics_token: Secret | None = None
    #: Web server processes. The places for transfers below are for each.
    workers: int = 1
    #: Threads of each process: more than uploads and downloads together, so that pages always find one.
    threads: int = 24
    #: Uploads that may run at once in each process; each may hold a part in memory.
    uploads: int = 4
    #: Downloads that may run at once in each process.
    downloads: int = 8
    #: How long running requests may go on, in seconds, once the server is told to stop.
    stop_within_s: int = 30

    # -- mail --------------------------------------------------------------------------------------------------
    #: The folder where mail is kept as .eml files while no mail server is set.
    outbox_dir: Path = Path("outbox")
    #: The mail server; left out, mail stays in outbox_dir.
    smtp_host: str | None = None
    #: Its port: 587 for starttls, 465 for tls.
    smtp_port: int = 587
    #: starttls or tls; none only for a mail server on this very machine.
    smtp_security: SmtpSecurity = SmtpSecurity.STARTTLS
    #: The name to sign in with, where it asks for one.
    smtp_user: str | None = None
    #: The password that belongs to it.
    smtp_password: Secret | None = None
    #: The sender's address. Left out: transfer-service@ and the public host.
    mail_from: str | None = None

    # -- webhooks ----------------------------------------------------------------------------------------------
    #: Whether webhooks may go to private addresses and by http: for receivers inside, and for trying the service.
    webhook_private_addresses: bool = False

    # -- limits ------------------------------------------------------------------------------------------------
    #: A release lives at most so long.
    release_for_s: int = _seconds(_LIMITS.release_for)
    #: A link lives at most so long, and never longer than its release.
    link_for_s: int = _seconds(_LIMITS.link_for)
    #: A file has at most so many bytes.
    file_bytes: int = _LIMITS.file_bytes
    #: The scan of a form signed on paper has at most so many bytes.
    scan_bytes: int = _LIMITS.scan_bytes
    #: A mailed code lives so long.
    code_for_s: int = _seconds(_LIMITS.code_for)
    #: Wrong answers to one challenge before it is over.
    code_tries: int = _LIMITS.code_tries
    #: Codes that are mailed within an hour for one link or release.
    codes_an_hour: int = _LIMITS.codes_an_hour
    #: Wrong answers in the life of a link or of a patient's secret before it locks.
    wrong_answers: int = _LIMITS.wrong_answers
    #: A patient's token lives so long.
    patient_session_for_s: int = _seconds(_LIMITS.patient_session_for)
    #: A member of staff is signed in for so long at most.
    staff_session_for_s: int = _seconds(_LIMITS.staff_session_for)
    #: And signed out after so long without a request.
    staff_idle_for_s: int = _seconds(_LIMITS.staff_idle_for)
    #: A patient's secret goes on living so long after the release ended.
    patient_secret_for_s: int = _seconds(_LIMITS.patient_secret_for)
    #: A recipient's access token lives so long, or until its link ends.
    access_for_s: int = _seconds(_LIMITS.access_for)
    #: A ticket, an address for one download, is to be used first within so long, and dies so long after its last use.
    ticket_for_s: int = _seconds(_LIMITS.ticket_for)
    #: A redeem may be repeated under its Idempotency-Key for so long.
    replay_for_s: int = _seconds(_LIMITS.replay_for)
    #: A review service with a webhook hears so long before a release ends that it will.
    notice_for_s: int = _seconds(_LIMITS.notice_for)
    #: A deposit that nobody wrote to for so long is abandoned, and swept.
    abandoned_after_s: int = _seconds(_LIMITS.abandoned_after)
    #: A closed packet is retired by itself so long after it was closed; left out: never, somebody has to retire it.
    retention_for_s: int | None = None
    #: A retired packet's key and objects are destroyed after so long.
    grace_for_s: int = _seconds(_LIMITS.grace_for)
    #: An object that was replaced is swept after so long.
    leftover_for_s: int = _seconds(_LIMITS.leftover_for)
    #: A worker that says nothing for so long has lost the file that it was verifying.
    lease_for_s: int = _seconds(_LIMITS.lease_for)
    #: Requests for slides that a department takes within an hour; more are told to come again.
    requests_an_hour: int = _LIMITS.requests_an_hour
    #: Acknowledgements that go to one address within a day; a request beyond them is taken, and nothing is mailed.
    acknowledgements_a_day: int = _LIMITS.acknowledgements_a_day
    #: A request for slides is forgotten so long after it was answered or taken back, or came and was never answered.
    request_for_s: int = _seconds(_LIMITS.request_for)

    @property
    def limits(self) -> Limits:
        """The limits, as the use cases take them."""
        chosen: dict[str, Any] = {each.name: self._limit(each.name) for each in fields(Limits)}
        return Limits(**chosen)

    @property
    def region_of_kms(self) -> str:
        """``kms_region``, or what takes its place."""
        return self.kms_region or region_in(self.kms_key_id or "") or self.s3_region

    @property
    def address(self) -> str:
        """``public_url``, or what takes its place; without a slash at its end."""
        return (self.public_url or f"http://{self.bind}").rstrip("/")

    @property
    def host(self) -> str:
        """The public host, without its port, as it may stand after an @."""
        host = urlsplit(self.address).hostname or ""
        return "localhost" if ":" in host else host

    @property
    def sender(self) -> str:
        """``mail_from``, or what takes its place."""
        return self.mail_from or f"transfer-service@{self.host}"

    def _limit(self, name: str) -> timedelta | int | None:
        if hasattr(self, name + _SECONDS):
            seconds: int | None = getattr(self, name + _SECONDS)
            return None if seconds is None else timedelta(seconds=seconds)
        count: int = getattr(self, name)
        return count
