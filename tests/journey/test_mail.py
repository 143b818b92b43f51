"""F68: mail through a server that refuses and relents: links stay valid, each is told once, no log names a secret."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from scripts.journey import in_days
from tests.journey.hospital import Hospital, Packet, Release, some_bytes
from tests.smtp_server import Kept, make_certificate, running_smtp
from tests.standalone_process import NewStandalone, Standalone, eventually, everything_in


class Mailboxes:
    """What the server took, as ``Hospital`` reads it."""

    def __init__(self, server: Kept) -> None:
        self._server, self._read = server, set[int]()

    def mails(self, to: str) -> list[EmailMessage]:
        taken = [each for each in self._server.envelopes if each.rcpt_tos == [to]]
        return [message_from_bytes(each.content, policy=policy.default) for each in taken]

    def await_mail(self, to: str, pattern: str) -> str:
        found: list[str] = []

        def came() -> bool:
            for number, mail in enumerate(self.mails(to)):
                match = re.search(pattern, mail.get_content())
                if match and (to, number) not in self._read:
                    self._read.add((to, number))
                    found.append(match[1])
            return bool(found)

        assert eventually(came, 60)
        return found[0]


def letter_state(packet: Packet) -> str:
    (listed,) = packet.coordinator.items(f"{packet.url}/releases")
    return listed["letter"]["state"]


def logged(installation: Standalone) -> bytes:
    return b"".join(path.read_bytes() for path in everything_in(installation.data_dir / "logs"))


def asked(packet: Packet, recipient: dict[str, Any]) -> Release:
    """The patient is asked, and does not know it yet."""
    body = {"grants": [{"recipient_id": recipient["id"]}], "purpose": "Second opinion", "basis": "authorization"}
    made = packet.coordinator.did(f"{packet.url}/releases", body | {"expires_at": in_days(30)})
    return Release(packet, recipient, made["id"], "")


def test_a_server_that_refuses_and_relents_delays_mail_and_nothing_else(
    new_standalone: NewStandalone, tmp_path: Path
) -> None:
    installation = new_standalone(tmp_path / "data")
    with running_smtp(make_certificate(tmp_path), security="none") as server:
        mailboxes = Mailboxes(server)
        installation.told = {
            "TRANSFER_SERVICE_SMTP_HOST": "127.0.0.1",
            "TRANSFER_SERVICE_SMTP_PORT": str(server.port),
            "TRANSFER_SERVICE_SMTP_SECURITY": "none",
        }
        with installation.running():
            hospital = Hospital(installation, "St. Agatha")
            hospital.mail = mailboxes
            packet = hospital.packet()
            packet.deposit(some_bytes(999))
            packet.close()
            recipient = hospital.recipient(language="es")

            server.answers["RCPT"] = f"550 no mailbox {packet.patient_email}"
            release = asked(packet, recipient)
            assert eventually(lambda: letter_state(packet) == "refused")
            server.answers.clear()
            url = mailboxes.await_mail(packet.patient_email, r"(http\S+/r#\S+)")
            release.secret = url.partition("#")[2]
            release.sign()
            assert letter_state(packet) == "sent"

            link = release.link_by_code()
            server.answers["MAIL"] = "451 later"
            assert link.listed()["state"] == "live"
            challenge = link.challenge()
            assert eventually(lambda: b"SMTPSenderRefused 451" in logged(installation))
            server.answers.clear()
            code = mailboxes.await_mail(recipient["email"], r"código es (\d{6})")
            known = {"secret": link.secret, "challenge_id": challenge["challenge_id"], "code": code}
            hospital.anyone.did("/redeem", known)

            release.patient.did(f"/releases/{release.id}/withdraw")
            release.patient.did(f"/releases/{release.id}/withdraw")
            mailboxes.await_mail(recipient["email"], r"(St\. Agatha)")
        told = [mail for mail in mailboxes.mails(recipient["email"]) if "código" not in mail.get_content()]
        assert [mail["Content-Language"] for mail in told] == ["es"]
        logs = logged(installation)
        assert b"SMTPRecipientsRefused 550" in logs
        for secret in (release.secret, link.secret, code, packet.patient_email, recipient["email"]):
            assert secret.encode() not in logs
