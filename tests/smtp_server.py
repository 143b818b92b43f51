"""A real SMTP server on the loopback address, with a certificate of its own, that keeps what it is given.

Where it is told to it fails, at any step: it refuses, hangs, or closes without a word.
"""

import asyncio
import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from transfer_service.adapters.seaweedfs import free_ports

USER, PASSWORD = "transfer", "hush"
HANGS, CLOSES = "hangs", "closes"
#: Where it can fail: the greeting, each command, and after the dot that ends the message.
STEPS = ("greeting", "EHLO", "STARTTLS", "MAIL", "RCPT", "DATA", "dot", "QUIT")


def make_certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1, signed by itself, with its key in the same PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path = folder / "certificate.pem"
    path.write_bytes(key.private_bytes(pem, form, plain) + certificate.public_bytes(pem))
    return path


@dataclass
class Kept:
    """What arrived, and how. ``answers`` are by step: what the server says there instead, HANGS or CLOSES."""

    port: int
    envelopes: list[Envelope] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    users: list[bytes] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # as above
        self.envelopes.append(envelope)
        self.encrypted.append(session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None)
        return await failed(server, self.answers["dot"]) if "dot" in self.answers else "250 OK"

    def sign_in(self, _server, _session, _envelope, _mechanism, auth) -> AuthResult:
        if not isinstance(auth, LoginPassword) or auth != LoginPassword(USER.encode(), PASSWORD.encode()):
            return AuthResult(success=False, handled=False)
        self.users.append(auth.login)
        return AuthResult(success=True)


async def failed(server: SMTP, answer: str) -> str:
    """Fail in that way; the answer, where there is to be one."""
    if answer == HANGS:
        try:
            await asyncio.Event().wait()
        finally:  # the client has left
            server.transport.abort()
    if answer == CLOSES:
        server.transport.abort()
    return answer


def _step(name: str):
    async def command(self: "Failing", argument: str | None) -> None:
        answer = self.event_handler.answers.get(name)
        if answer is None:
            await getattr(super(Failing, self), f"smtp_{name}")(argument)
        else:
            await self.push(await failed(self, answer))

    return command


class Failing(SMTP):
    """The server, but for where it is to fail."""

    async def push(self, status: str) -> None:
        greeting = self.event_handler.answers.get("greeting")
        if greeting is not None and self.session.host_name is None:
            status = await failed(self, greeting)
        await super().push(status)


for _name in STEPS[1:]:
    if _name != "dot":
        setattr(Failing, f"smtp_{_name}", _step(_name))


class _Controller(Controller):
    def factory(self) -> SMTP:
        return Failing(self.handler, **self.SMTP_kwargs)


@contextmanager
def running_smtp(certificate: Path, *, security: str, sign_in: bool = False) -> Iterator[Kept]:
    """A server that offers ``security``: starttls (and demands it), tls or none."""
    kept = Kept(free_ports(1)[0])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    options = {"authenticator": kept.sign_in, "auth_required": sign_in, "auth_require_tls": security == "starttls"}
    if security == "tls":
        options["ssl_context"] = context
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    controller = _Controller(kept, hostname="127.0.0.1", port=kept.port, **options)
    controller.start()
    try:
        yield kept
    finally:
        controller.stop()
