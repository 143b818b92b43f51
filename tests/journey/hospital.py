"""A hospital at a running installation, called over HTTP: every answer is seen as it is, refusals too."""

import hashlib
import json
import os
import socket
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from threading import Barrier
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

from scripts.journey import in_days
from scripts.standalone import Standalone as Machine
from tests.edge.anywhere import Answer, read_answer, request_bytes
from tests.standalone_process import Standalone, eventually

T = TypeVar("T")

API = "/api/v1"
MIB = 2**20
PART = 16 * MIB
PDF = {"Content-Type": "application/pdf"}
BIRTH_DATE = "1961-02-03"


def code_of(answer: Answer) -> tuple[int, str]:
    """(status, code) of a refusal."""
    problem = answer.problem
    assert problem["status"] == answer.status
    return answer.status, problem["code"]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def digest_header(data: bytes) -> str:
    return f"sha-256=:{b64encode(hashlib.sha256(data).digest()).decode()}:"


def in_seconds(seconds: float) -> str:
    return f"{datetime.now(UTC) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S.%fZ}"


@dataclass
class Caller:
    """Somebody with a token, or with none. Safe to share between threads: every call has its own connection."""

    installation: Standalone
    token: str | None = None

    def ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        sent = {**self._authorization(), **(headers or {})}
        with closing(HTTPConnection(self.host, timeout=60)) as connection:
            with suppress(BrokenPipeError, ConnectionResetError):  # refused before all was sent; the answer is there
                connection.request(method, API + path, body, sent)
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def post(self, path: str, value: object = None, **headers: str) -> Answer:
        return self._json("POST", path, value, headers)

    def put(self, path: str, value: object) -> Answer:
        return self._json("PUT", path, value, {})

    def put_bytes(self, path: str, data: bytes, **headers: str) -> Answer:
        return self.ask("PUT", path, data, {"Content-Type": "application/octet-stream", **_with_dashes(headers)})

    def delete(self, path: str) -> Answer:
        return self.ask("DELETE", path)

    def shown(self, path: str) -> Any:
        """The JSON at a path, which must be there."""
        return self._done(self.get(path))

    def did(self, path: str, value: object = None, **headers: str) -> Any:
        """What a POST that must work answers."""
        return self._done(self.post(path, value, **headers))

    def items(self, path: str) -> list[Any]:
        """A whole list, page after page."""
        found, page = [], self.shown(f"{path}{'&' if '?' in path else '?'}limit=200")
        found += page["items"]
        while page["next_cursor"]:
            page = self.shown(f"{path}{'&' if '?' in path else '?'}limit=200&cursor={page['next_cursor']}")
            found += page["items"]
        return found

    # Byte by byte

    @property
    def host(self) -> str:
        return urlsplit(self.installation.base_url).netloc

    def connected(self) -> socket.socket:
        name, _, port = self.host.rpartition(":")
        return socket.create_connection((name, int(port)), timeout=60)

    def raw(self, method: str, target: str, *headers: str, body: bytes = b"", host: str | None = None) -> bytes:
        """A request as it would be sent; ``target`` is absolute."""
        ours = tuple(f"{name}: {value}" for name, value in self._authorization().items())
        return request_bytes(method, target, body=body, headers=(*ours, *headers), host=host or self.host)

    def ask_raw(self, request: bytes) -> Answer:
        with self.connected() as connection:
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(request)
            return read_answer(connection, head_only=request.startswith(b"HEAD"))

    def _json(self, method: str, path: str, value: object, headers: dict[str, str]) -> Answer:
        if value is None:
            return self.ask(method, path, None, _with_dashes(headers))
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return self.ask(method, path, body, {"Content-Type": "application/json", **_with_dashes(headers)})

    def _authorization(self) -> dict[str, str]:
        return {} if self.token is None else {"Authorization": f"Bearer {self.token}"}

    def _done(self, answer: Answer) -> Any:
        assert answer.status < 300, (answer.status, answer.body)
        return json.loads(answer.body)


def _with_dashes(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


class Hospital:
    """An organization with one department; a member of staff for each role that is asked for."""

    def __init__(self, installation: Standalone, name: str) -> None:
        self.installation, self.name = installation, name
        self.mail = Machine(installation.data_dir, installation.base_url)
        self.organization_id = installation.cli("organization", "create", name)["id"]
        words = ("--organization", self.organization_id, "Pathology")
        self.department_id = installation.cli("department", "create", *words)["id"]
        self.anyone = Caller(installation)
        self.coordinator = self.staff("coordinator")
        self._known: dict[str, Caller] = {}

    def staff(self, role: str) -> Caller:
        """Another member of staff."""
        words = ("--department", self.department_id, "--role", role, "--staff", f"{role} {uuid4().hex[:6]}")
        return Caller(self.installation, self.installation.cli("token", "create", *words)["token"])

    @property
    def privacy_officer(self) -> Caller:
        if "privacy_officer" not in self._known:
            self._known["privacy_officer"] = self.staff("privacy_officer")
        return self._known["privacy_officer"]

    def service(self, recipient: dict[str, Any]) -> Caller:
        """A review service, with a token of its own."""
        return Caller(
            self.installation, self.installation.cli("token", "create", "--recipient", recipient["id"])["token"]
        )

    def recipient(self, **changes: str) -> dict[str, Any]:
        """A new reviewer, with an address of their own."""
        body = {
            "name": "Dr. R. Viewer",
            "email": f"viewer-{uuid4().hex}@review.test",
            "organization": "Breast Review Service",
            "specialty": "breast pathology",
            "kind": "person",
        }
        return self.coordinator.did("/recipients", body | changes)

    def packet(self, *, reachable: bool = True) -> "Packet":
        """A new, open packet of a new patient, who has an address unless they are not ``reachable``."""
        email = f"patient-{uuid4().hex}@patient.test" if reachable else ""
        return Packet(self, self.coordinator.did("/packets", {"case": a_case(email)})["id"], email)

    def open_to_requests(self) -> None:
        """Anybody may ask the department for slides."""
        self.installation.cli("department", "set", self.department_id, "--requests", "on")

    def slide_request(self, email: str) -> dict[str, Any]:
        """The body of a request for slides that is the patient's own."""
        return {
            "department_id": self.department_id,
            "asker": {"kind": "patient", "name": "Ada Example", "practice": "Elm Street Practice"},
            "patient": {"name": "Ada Example", "birth_date": BIRTH_DATE, "record_number": "MRN-1"},
            "email": email,
            "phone": "+1 555 0100",
            "language": "en",
            "done": "A biopsy of the left breast",
            "done_on": "2026-04-01",
            "recipient": {"name": "Dr. R. Viewer", "organization": "Review", "email": "viewer@review.test"},
            "question": "Is there invasion?",
        }

    def audited(self, action: str, **subject: str) -> list[dict[str, Any]]:
        """The audit log's entries of that action about these things, newest first."""
        entries = self.privacy_officer.items(f"/audit?action={action}")
        return [entry for entry in entries if subject.items() <= entry["subject"].items()]


def a_case(email: str | None = None) -> dict[str, Any]:
    patient = {"name": "Ada Example", "birth_date": BIRTH_DATE, "record_number": f"MRN-{uuid4().hex[:12]}"}
    return {"accession_number": f"S26-{uuid4().hex[:8]}", "patient": patient | ({"email": email} if email else {})}


@dataclass
class File:
    """A planned file of a packet, and the bytes that it should have."""

    caller: Caller
    url: str
    id: str
    path: str
    data: bytes = field(repr=False)

    def part(self, number: int) -> bytes:
        return self.data[(number - 1) * PART : number * PART]

    @property
    def numbers(self) -> range:
        return range(1, max(1, -(-len(self.data) // PART)) + 1)

    def put(self, number: int, data: bytes | None = None, **headers: str) -> Answer:
        return self.caller.put_bytes(
            f"{self.url}/parts/{number}", self.part(number) if data is None else data, **headers
        )

    def put_all(self) -> "File":
        for number in self.numbers:
            assert self.put(number).status == 204
        return self

    def arrived(self) -> list[int]:
        return [part["number"] for part in self.caller.shown(f"{self.url}/parts")["items"]]

    def complete(self, digest: str | None = None) -> Answer:
        return self.caller.post(f"{self.url}/complete", {"sha256": digest} if digest else None)

    def shown(self) -> Any:
        return self.caller.shown(self.url)

    def settled(self, within_s: float = 120) -> Any:
        """The file once it is not verifying any more."""
        assert eventually(lambda: self.shown()["state"] != "verifying", within_s)
        return self.shown()


@dataclass
class Packet:
    """One packet, driven step by step: each step must work."""

    hospital: Hospital
    id: str
    patient_email: str
    files: list[File] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"/packets/{self.id}"

    @property
    def coordinator(self) -> Caller:
        return self.hospital.coordinator

    def shown(self) -> Any:
        return self.coordinator.shown(self.url)

    def plan(self, data: bytes, path: str | None = None, *, declared: bool = True) -> File:
        path = path or f"slides/{uuid4().hex}.svs"
        body = {"path": path, "size": len(data), "transport": "gateway"} | (
            {"sha256": sha256(data)} if declared else {}
        )
        planned = self.coordinator.did(f"{self.url}/files", body)
        assert planned["part_size"] == PART
        self.files.append(File(self.coordinator, f"{self.url}/files/{planned['id']}", planned["id"], path, data))
        return self.files[-1]

    def deposit(self, data: bytes, path: str | None = None) -> File:
        """A whole file, sent and completed."""
        file = self.plan(data, path).put_all()
        assert file.complete().status == 202
        return file

    def close(self) -> "Packet":
        self.coordinator.did(f"{self.url}/close", {"when_verified": True})
        assert eventually(lambda: self.shown()["state"] != "closing", 120)
        assert self.shown()["state"] == "closed"
        return self

    def check_every_byte(self) -> None:
        """Close and release it: what is downloaded is what should be there, file by file."""
        recipient = self.close().released().link().redeem()
        for file in self.files:
            assert sha256(recipient.get(f"/redeemed/files/{file.id}").body) == sha256(file.data)

    def ask_release(self, recipient: dict[str, Any], **changes: object) -> "Release":
        """The patient is asked; their letter came."""
        body = {
            "grants": [{"recipient_id": recipient["id"]}],
            "purpose": "Second opinion",
            "expires_at": in_days(30),
            "basis": "authorization",
        }
        asked = self.coordinator.did(f"{self.url}/releases", body | changes)
        url = self.hospital.mail.await_mail(self.patient_email, r"(http\S+/r#\S+)")
        return Release(self, recipient, asked["id"], url.partition("#")[2])

    def ask_on_paper(self, recipient: dict[str, Any]) -> "Release":
        """Nobody is sent anything."""
        body = {
            "grants": [{"recipient_id": recipient["id"]}],
            "purpose": "Second opinion",
            "expires_at": in_days(30),
            "basis": "authorization",
            "signing": "paper",
        }
        return Release(self, recipient, self.coordinator.did(f"{self.url}/releases", body)["id"], "")

    def released(self, **changes: object) -> "Release":
        """Asked for, and signed."""
        return self.ask_release(self.hospital.recipient(), **changes).sign()


@dataclass
class Release:
    packet: Packet
    recipient: dict[str, Any]
    id: str
    secret: str = field(repr=False)
    patient: Caller | None = None

    def session(self) -> Caller:
        """The patient with a token."""
        hospital = self.packet.hospital
        challenge = hospital.anyone.did("/patient/challenge", {"secret": self.secret})
        answer = {
            "secret": self.secret,
            "challenge_id": challenge["challenge_id"],
            "birth_date": BIRTH_DATE,
            "code": hospital.mail.await_mail(self.packet.patient_email, r"Your code is (\S+)"),
        }
        return Caller(hospital.installation, hospital.anyone.did("/patient/session", answer)["access_token"])

    def signature(self) -> dict[str, Any]:
        shown = self.packet.coordinator.shown(f"/releases/{self.id}")
        return {
            "form_sha256": shown["form_sha256"],
            "signature_name": "Ada Example",
            "acknowledged": True,
            "signer": "patient",
        }

    def sign(self) -> "Release":
        self.patient = self.session()
        self.patient.did(f"/releases/{self.id}/sign", self.signature())
        return self

    def scan(self, scan: bytes) -> "Release":
        """The coordinator sends the signed form."""
        answer = self.packet.coordinator.ask("PUT", f"/releases/{self.id}/paper", scan, PDF)
        assert answer.status == 200, answer.body
        return self

    def paper(self, scan: bytes, **changes: object) -> dict[str, Any]:
        """What stands on it, as somebody else reads it."""
        today = f"{datetime.now(UTC):%Y-%m-%d}"
        read = {"signature_name": "Ada Example", "signer": "patient", "signed_on": today}
        return {"document_sha256": sha256(scan), **read, **changes}

    def link_body(self, **changes: object) -> dict[str, Any]:
        body = {
            "release_id": self.id,
            "recipient_id": self.recipient["id"],
            "expires_at": in_days(7),
            "verification": "passcode",
            "passcode": PASSCODE,
        }
        return {name: value for name, value in (body | changes).items() if value is not None}

    def link(self, **changes: object) -> "Link":
        made = self.packet.coordinator.did(f"{self.packet.url}/links", self.link_body(**changes))
        return Link(self, made["id"], made["url"].partition("#")[2])

    def link_by_code(self, **changes: object) -> "Link":
        return self.link(verification="email_code", passcode=None, **changes)


PASSCODE = "correct horse battery"


@dataclass
class Link:
    release: Release
    id: str
    secret: str = field(repr=False)

    @property
    def _hospital(self) -> Hospital:
        return self.release.packet.hospital

    def challenge(self) -> dict[str, Any]:
        return self._hospital.anyone.did("/redeem/challenge", {"secret": self.secret})

    def answer(self) -> dict[str, Any]:
        """The right answer to a fresh challenge."""
        challenge = self.challenge()
        known = {"secret": self.secret, "challenge_id": challenge["challenge_id"]}
        if challenge["needs"] == "passcode":
            return known | {"passcode": PASSCODE}
        code = self._hospital.mail.await_mail(self.release.recipient["email"], r"Your code is (\S+)")
        return known | {"code": code}

    def redeem(self) -> Caller:
        """The recipient, with a token."""
        token = self._hospital.anyone.did("/redeem", self.answer())["access_token"]
        return Caller(self._hospital.installation, token)

    def listed(self) -> dict[str, Any]:
        packet = self.release.packet
        (found,) = [link for link in packet.coordinator.items(f"{packet.url}/links") if link["id"] == self.id]
        return found


def some_bytes(size: int) -> bytes:
    return os.urandom(size)


def at_once(*calls: Callable[[], T]) -> list[T]:
    """What every call gave, in their order; all start together, each in a thread of its own."""
    together = Barrier(len(calls), timeout=60)

    def run(call: Callable[[], T]) -> T:
        together.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))
