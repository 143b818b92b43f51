"""Mail: kept as files where no mail server is set, or handed to one over verified TLS.

``MailRefused`` is raised where the next mail may well go out, ``MailRefusedForGood`` where besides this one is not
expected to, ``Unavailable`` where none would fare better.
"""

import logging
import os
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from transfer_service.domain.mail import Mail
from transfer_service.errors import MailRefused, MailRefusedForGood, Unavailable

_log = logging.getLogger(__name__)

_LONGEST_LINE = 998  # RFC 5322 section 2.1.1
_GOING_AWAY = 421  # RFC 5321 section 3.8: the answer to any command of a server that closes
_FOR_GOOD = 500  # RFC 5321 section 4.2.1: from here on a reply is permanent


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What every message bears: the sender's address, and the host that its Message-ID ends in."""

    sender: str
    host: str

    def message(self, mail: Mail) -> EmailMessage:
        """RFC 5322, with Auto-Submitted (RFC 3834), and Content-Language (RFC 3282) where it is known.

        MailRefusedForGood where address or subject make no header.
        """
        message, body = EmailMessage(policy=SMTP), mail.body or ""
        message.set_content(body, cte=_encoding(body))  # first: it takes away what is there of its kind
        try:
            _check_holds_no_encoded_word(mail.to, mail.subject, mail.language)
            message["Message-ID"] = f"<{mail.id}@{self.host}>"
            message["Date"] = format_datetime(mail.made_at)
            message["From"] = Address(addr_spec=self.sender)
            message["To"] = Address(addr_spec=mail.to or "")
            message["Subject"] = mail.subject or ""
            if mail.language is not None:
                message["Content-Language"] = mail.language
        except (ValueError, MessageError, IndexError):
            # A line break in a header's value ends here too: nothing can add a header or a recipient.
            raise _refused(mail, "its address or subject makes no header", MailRefusedForGood()) from None
        message["Auto-Submitted"] = "auto-generated"
        return message


def _check_holds_no_encoded_word(*values: str | None) -> None:
    """ValueError: ``email`` decodes such a word (RFC 2047) on its way to the header, line breaks in it too."""
    if any("=?" in value for value in values if value is not None):
        raise ValueError("an encoded word")


def _encoding(body: str) -> str:
    """As it stands where that is plain ASCII, so that a link is not broken by an encoding."""
    plain = body.isascii() and all(len(line) <= _LONGEST_LINE for line in body.splitlines())
    return "7bit" if plain else "quoted-printable"


def _refused(mail: Mail, why: str, error: Unavailable) -> Unavailable:
    _log.warning("mail %s was not sent: %s", mail.id, why)  # who it is for stays out of the log
    return error


class OutboxFolder:
    """Keeps mail as ``<mail id>.eml``, mode 0600; implements ``ports.Post``.

    A file appears whole, is on disk before ``send`` returns, and is never overwritten: a repeat is the same
    message.
    """

    def __init__(self, folder: Path, letterhead: Letterhead) -> None:
        self._folder, self._letterhead = folder, letterhead

    def send(self, mail: Mail) -> None:
        """Keep it; Unavailable where the folder can't be written."""
        octets = self._letterhead.message(mail).as_bytes()
        try:
            self._keep(self._folder / f"{mail.id}.eml", octets)
        except OSError as error:
            raise _refused(mail, f"the outbox can't be written: {error.strerror}", Unavailable()) from None

    def _keep(self, place: Path, octets: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if place.exists():
            return
        fresh = place.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(place)
        _sync_folder(self._folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(frozen=True)
class SmtpServer:
    """A mail server. ``security``: ``starttls``, ``tls`` or ``none``; both kinds of TLS verify its certificate.

    ``timeout_s`` bounds every wait for it.
    """

    host: str
    port: int
    security: str = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout_s: float = 20.0
    tls: Callable[[], ssl.SSLContext] = ssl.create_default_context

    @contextmanager
    def session(self) -> Iterator[smtplib.SMTP]:
        """A session that is encrypted, where it is to be, and signed in. OSError, SMTPException."""
        session = self._connected()
        try:
            self._prepare(session)
            yield session
        finally:
            # Whatever it answers to that, what it said of the mail stands.
            with suppress(OSError, smtplib.SMTPException):
                session.quit()
            session.close()

    def _connected(self) -> smtplib.SMTP:
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout_s, context=self.tls())
        return smtplib.SMTP(self.host, self.port, timeout=self.timeout_s)

    def _prepare(self, session: smtplib.SMTP) -> None:
        if self.security == "starttls":
            session.starttls(context=self.tls())
        if self.user is not None:
            session.login(self.user, self.password or "")


class SmtpPost:
    """Hands mail to a server; implements ``ports.Post``."""

    def __init__(self, server: SmtpServer, letterhead: Letterhead) -> None:
        self._server, self._letterhead = server, letterhead

    def send(self, mail: Mail) -> None:
        """Hand it over in a session of its own; Unavailable where the server did not take it."""
        message = self._letterhead.message(mail)
        try:
            with self._server.session() as session:
                session.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            raise _refused(mail, f"the mail server did not take it: {_named(error)}", _meant_by(error)) from None


def _meant_by(error: Exception) -> Unavailable:
    """Whether the server refused this recipient or message, and for good, rather than everybody."""
    is_about_one = isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError)
    code = _code(error)
    if not is_about_one or code is None or code == _GOING_AWAY:
        return Unavailable()
    return MailRefusedForGood() if code >= _FOR_GOOD else MailRefused()


def _code(error: Exception) -> int | None:
    """The server's; a mail has one recipient."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next(code for code, _ in error.recipients.values())
    code: int | None = getattr(error, "smtp_code", None)
    return code


def _named(error: Exception) -> str:
    """The kind of error, and the server's code: its words may quote the address."""
    code = _code(error)
    return type(error).__name__ if code is None else f"{type(error).__name__} {code}"
