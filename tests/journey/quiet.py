"""A hospital at which nothing may change, and whatever is said to somebody whose request is bad."""

import json
import os
import re
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from tests.edge.anywhere import Answer
from tests.journey.hospital import (
    BIRTH_DATE,
    PASSCODE,
    Caller,
    Hospital,
    a_case,
    code_of,
    in_days,
    sha256,
    some_bytes,
)
from tests.standalone_process import Standalone, eventually
from transfer_service.domain.language import Language
from transfer_service.wording.authorization import template_in

# Its own in each run, and one for all of a run's workers, whose tests must have the same names.
CANARY = f"CANARY{os.environ.get('PYTEST_XDIST_TESTRUNUID', uuid4().hex)}"
"""Stands in what is sent, wherever it can; and nowhere in an answer or a log."""
UNKNOWN = str(uuid4())

_LOGS = ("serve", "worker", "seaweedfs")
_TELLTALE = re.compile(
    rb'Traceback|File "|\.py\b|site-packages|sqlite|SELECT |INSERT |/work|/tmp|/root|<class|Error\(', re.I
)
_MEMBERS = {"type", "title", "status", "detail", "code", "request_id"}


@dataclass(frozen=True)
class Operation:
    """Who may ask it of the quiet hospital, where, and a valid JSON body where it takes one."""

    who: Caller
    ids: dict[str, str]
    body: Any = None
    data: bytes | None = None


class Quiet:
    """One packet that is open, with a part of a file, and files still without; one that is closed and redeemed."""

    def __init__(self, installation: Standalone) -> None:
        self.installation = installation
        self._log_starts = {name: len(installation.log(name)) for name in _LOGS}
        self.hospital = Hospital(installation, "St. Agatha the quiet")
        self.coordinator, self.anyone = self.hospital.coordinator, self.hospital.anyone
        self.open = self.hospital.packet()
        self.file = self.open.plan(some_bytes(5), "slides/A1.svs")
        assert self.file.put(1).status == 204
        self.waiting = self.open.plan(some_bytes(5), "slides/A2.svs")
        self.large = self.open.plan(some_bytes(200_000), "slides/A3.svs")
        self.closed = self.hospital.packet()
        self.closed.deposit(b"a slide of twenty-four b", "slides/Übersicht.svs")
        self.release = self.closed.close().released()
        self.successor = self.coordinator.did(f"{self.closed.url}/successor", {"file_ids": []})["id"]
        self.patient = self.release.patient
        self.link = self.release.link()
        self.recipient = self.link.redeem()
        service = self.hospital.recipient(kind="service")
        self.to_service, self.service = self.closed.ask_release(service).sign(), self.hospital.service(service)
        self.asked = self.closed.ask_release(self.release.recipient)
        self.slide_request, self.slide_request_secret = self._slide_request()
        self.scanned = self.closed.ask_on_paper(self.release.recipient).scan(b"%PDF-")
        self.draft = self.recipient.did("/redeemed/opinions", {})
        own = f"/redeemed/opinions/{self.draft['id']}"
        assert self.recipient.put_bytes(f"{own}/content/opinion.pdf", b"an opinion").status == 201
        assert eventually(lambda: self.recipient.shown(own)["files"][0]["state"] == "verified")
        self.planned = self.recipient.did(f"{own}/files", {"path": "late.pdf", "size": 5, "transport": "gateway"})
        self.opinion = self._another_s_opinion()
        self.operations = self._operations()
        self.before = self.state()

    def _slide_request(self) -> tuple[str, str]:
        """The id of a request that waits, and its asker's secret."""
        self.hospital.open_to_requests()
        email = f"asker-{uuid4().hex}@patient.test"
        assert self.anyone.post("/slide-requests", self.hospital.slide_request(email)).status == 202
        (request,) = self.coordinator.items("/slide-requests")
        return request["id"], self.hospital.mail.await_mail(email, r"/q#(\S+)")

    def _another_s_opinion(self) -> Any:
        """Sent by the review service, and shared."""
        let_in = self.service.did(f"/released/{self.to_service.id}/redeem", {})
        inside = Caller(self.installation, let_in["access_token"])
        own = f"/redeemed/opinions/{inside.did('/redeemed/opinions', {})['id']}"
        file = f"{own}/content/opinion.pdf"
        assert inside.put_bytes(file, b"another").status == 201
        assert eventually(lambda: inside.shown(own)["files"][0]["state"] == "verified")
        sent = inside.did(f"{own}/send", {"conclusion": "needs_more_material", "missing": [
            {"kind": "stain", "what": "HER2 of block A1"}]})  # fmt: skip
        return self.coordinator.did(f"/opinions/{sent['id']}/share", {})

    def state(self) -> list[Any]:
        """Everything that its staff is shown."""
        lists = [self.coordinator.items(path) for path in ("/packets", "/recipients", "/slide-requests")]
        for packet in (self.open, self.closed):
            lists += [
                packet.shown(),
                *(self.coordinator.items(f"{packet.url}/{of}") for of in ("releases", "links", "opinions")),
            ]
        lists.append(self.recipient.items("/redeemed/opinions"))
        return [*lists, *(file.arrived() for file in (self.file, self.waiting, self.large))]

    def ask(self, key: tuple[str, str], body: Any = None, ids: dict[str, str] | None = None) -> Answer:
        """An operation with some of it replaced; ``body`` as JSON, or as the very bytes."""
        operation = self.operations[key]
        method, template = key
        path = template.format(
            **{name: quote(value, safe="%/") for name, value in (operation.ids | (ids or {})).items()}
        )
        if operation.data is not None:
            return operation.who.put_bytes(path, operation.data)
        ask = operation.who.put if method == "PUT" else operation.who.post
        return operation.who.ask(method, path) if body is None else ask(path, body)

    def ask_whole(self, key: tuple[str, str], ids: dict[str, str]) -> Answer:
        """The operation as it is valid, but for these ids."""
        return self.ask(key, self.operations[key].body, ids)

    def valid_body(self, key: tuple[str, str]) -> Any:
        return deepcopy(self.operations[key].body)

    def check_refused(self, answer: Answer, *expected: tuple[int, str]) -> None:
        """A problem of the one shape, that says nothing of what was sent, or of what is inside."""
        status, code = code_of(answer)
        assert 400 <= status < 500, answer
        assert answer.problem.keys() >= _MEMBERS, answer.problem
        assert re.fullmatch(r"[a-z_]+", code), code
        assert re.fullmatch(r"[0-9a-f]{32}", answer.problem["request_id"])
        assert not _TELLTALE.search(answer.body), answer.body
        for secret in (CANARY, "Ada Example", "patient.test", "review.test", "MRN-", self.link.secret):
            assert secret.encode() not in answer.body, answer.body
        if expected:
            assert (status, code) in expected, answer.body

    def logs(self) -> dict[str, str]:
        """What was logged since this hospital was made."""
        return {name: self.installation.log(name)[start:] for name, start in self._log_starts.items()}

    def check_logs(self) -> None:
        """One JSON object a line, no error, and nothing of what was sent."""
        for name, text in self.logs().items():
            for canary in (CANARY, CANARY.lower(), "Ada Example", self.link.secret, self.patient.token):
                assert canary not in text
            assert "Traceback" not in text
            assert "panic:" not in text
            if name != "seaweedfs":
                lines = [json.loads(line) for line in text.splitlines()]
                assert [line for line in lines if line["level"] in {"error", "critical"}] == []

    def _operations(self) -> dict[tuple[str, str], Operation]:
        """Every operation of the API, by its method and its template."""
        packet, file = "/packets/{packet_id}", "/packets/{packet_id}/files/{file_id}"
        opened, closed = {"packet_id": self.open.id}, {"packet_id": self.closed.id}
        planned, waiting = opened | {"file_id": self.file.id}, opened | {"file_id": self.waiting.id}
        release, asked = {"release_id": self.release.id}, {"release_id": self.asked.id}
        released, known_file = {"release_id": self.to_service.id}, self.closed.files[0].id
        scanned, proxy = {"release_id": self.scanned.id}, {"signer": "representative", "authority": "Health care proxy"}
        seen = self.scanned.paper(b"%PDF-", **proxy)
        recipient = self.release.recipient
        draft = {name: recipient[name] for name in ("name", "email", "organization", "specialty", "kind")}
        draft |= {"credentials": ["MD"], "accreditations": [
            {"name": "CLIA", "source": "https://registry.test", "checked_on": "2026-01-02"}
        ], "language": "es", "notify": ["expiring"]}  # fmt: skip
        staff, officer, anyone = self.coordinator, self.hospital.privacy_officer, self.anyone
        known = {"secret": self.link.secret, "challenge_id": self.link.challenge()["challenge_id"]}
        letter = {"secret": self.asked.secret, "challenge_id": UNKNOWN, "birth_date": BIRTH_DATE, "code": "123456"}
        asking = {"grants": [{"recipient_id": recipient["id"], "file_ids": [self.closed.files[0].id]}],
                  "purpose": "Second opinion", "expires_at": in_days(30), "basis": "treatment",
                  "signing": "page", "attestation": "Treats the patient",
                  "expiry_event": "the opinion has come", "language": "en"}  # fmt: skip
        plan = {"path": "slides/B1.svs", "size": 5, "kind": "slide", "sha256": "ab" * 32, "media_type": "image/tiff",
                "transport": "gateway"}  # fmt: skip
        contact = {"email": "ada@new.test", "phone": "+1 555 0199", "language": "es"}
        own, draft_of = "/redeemed/opinions/{opinion_id}", {"opinion_id": self.draft["id"]}
        planned_in_draft, sent = draft_of | {"file_id": self.planned["id"]}, {"opinion_id": self.opinion["id"]}
        sent_file = sent | {"file_id": self.opinion["files"][0]["id"]}
        says = {"conclusion": "needs_more_material", "summary": "Not to be told.", "missing": [
            {"kind": "stain", "what": "HER2 of block A1"}]}  # fmt: skip
        search = {"record_number": "MRN-1", "accession_number": "S26-1", "state": "open"}
        whose = {"recipient_id": recipient["id"], "since": "2026-01-01T00:00:00Z", "until": in_days(1),
                 "record_number": "MRN-1", "department_id": self.hospital.department_id, "completed": False,
                 "basis": "authorization"}  # fmt: skip
        request, asker = {"request_id": self.slide_request}, {"secret": self.slide_request_secret}
        return {
            ("POST", "/slide-requests"): Operation(anyone, {}, self.hospital.slide_request("ada@patient.test")),
            ("POST", "/slide-requests/status"): Operation(anyone, {}, asker),
            ("POST", "/slide-requests/withdraw"): Operation(anyone, {}, asker),
            ("GET", "/slide-requests"): Operation(staff, {}),
            ("GET", "/slide-requests/{request_id}"): Operation(staff, request),
            ("POST", "/slide-requests/{request_id}/decline"): Operation(
                staff, request, {"reason": "elsewhere", "note": "They are at another hospital."}),
            ("POST", "/slide-requests/{request_id}/accept"): Operation(staff, request, {
                "case": a_whole_case(), "contributing_department_ids": [self.hospital.department_id],
                "note": "Handle with care", "contact_confirmed": True}),
            ("POST", "/packets"): Operation(staff, {}, {"case": a_whole_case(), "contributing_department_ids": [
                self.hospital.department_id], "note": "Handle with care"}),
            ("GET", "/packets"): Operation(staff, {}),
            ("POST", "/packets/search"): Operation(staff, {}, search),
            ("GET", packet): Operation(staff, closed),
            ("POST", f"{packet}/close"): Operation(staff, opened, {"when_verified": True}),
            ("GET", f"{packet}/manifest"): Operation(staff, closed),
            ("POST", f"{packet}/retire"): Operation(officer, opened, {"now": True}),
            ("POST", f"{packet}/successor"): Operation(staff, closed, {
                "case": {"accession_number": "S26-2", "question": "And now?", "diagnosis": "DCIS", "laterality": "left",
                         "specimens": [{"label": "A1", "procedure": "core biopsy", "collected_on": "2026-04-01"}]},
                "not_included": [{"what": "slide A3", "why": "broken"}], "note": "More", "file_ids": [known_file],
                "answers_opinion_id": self.opinion["id"]}),
            ("GET", f"{packet}/changes"): Operation(staff, {"packet_id": self.successor}),
            ("PUT", f"{packet}/not-included"): Operation(staff, opened, {"items": [
                {"what": "slide A3", "why": "broken"}]}),
            ("POST", f"{packet}/files"): Operation(staff, opened, plan),
            ("GET", file): Operation(staff, planned),
            ("DELETE", file): Operation(staff, planned),
            ("GET", f"{file}/parts"): Operation(staff, planned),
            ("PUT", f"{file}/parts/{{number}}"): Operation(staff, waiting | {"number": "1"}, data=b"12345"),
            ("POST", f"{file}/complete"): Operation(staff, planned, {"sha256": sha256(self.file.data)}),
            ("PUT", f"{packet}/content/{{path}}"): Operation(staff, opened | {"path": "slides/C1.svs"}, data=b"12345"),
            ("PUT", f"{packet}/patient-contact"): Operation(staff, opened, contact),
            ("POST", f"{packet}/patient-contact/confirm"): Operation(staff, opened, {"email": contact["email"]}),
            ("POST", "/recipients"): Operation(staff, {}, draft),
            ("GET", "/recipients"): Operation(staff, {}),
            ("PUT", "/recipients/{recipient_id}"): Operation(
                staff, {"recipient_id": recipient["id"]}, draft | {"name": "Dr. Another"}),
            ("GET", "/form-templates"): Operation(staff, {}),
            ("PUT", "/form-templates/{language}/approval"): Operation(
                officer, {"language": "es"}, {"template_sha256": template_in(Language.SPANISH).sha256}),
            ("DELETE", "/form-templates/{language}/approval"): Operation(officer, {"language": "es"}),
            ("POST", f"{packet}/releases"): Operation(staff, closed, asking),
            ("GET", f"{packet}/releases"): Operation(staff, closed),
            ("GET", "/releases/{release_id}"): Operation(staff, release),
            ("GET", "/releases/{release_id}/form.pdf"): Operation(staff, asked),
            ("POST", "/releases/{release_id}/resend"): Operation(staff, asked, {}),
            ("POST", "/releases/{release_id}/sign"): Operation(
                self.patient, release, self.release.signature() | proxy),
            ("POST", "/releases/{release_id}/withdraw"): Operation(
                staff, release, {"told_by": "phone", "note": "Called today"}),
            ("PUT", "/releases/{release_id}/paper"): Operation(staff, asked, data=b"%PDF-"),
            ("GET", "/releases/{release_id}/paper"): Operation(staff, scanned),
            ("POST", "/releases/{release_id}/paper/confirm"): Operation(officer, scanned, seen),
            ("POST", "/patient/challenge"): Operation(anyone, {}, {"secret": self.asked.secret, "way": "email"}),
            ("POST", "/patient/session"): Operation(anyone, {}, letter),
            ("GET", "/patient/accounting"): Operation(self.patient, {}),
            ("POST", "/patient/accounting/report"): Operation(self.patient, {}, {
                "format": "csv", "language": "es", "since": "2026-01-01T00:00:00Z", "until": in_days(1)}),
            ("POST", f"{packet}/links"): Operation(staff, closed, self.release.link_body(max_redemptions=3)),
            ("GET", f"{packet}/links"): Operation(staff, closed),
            ("POST", "/links/{link_id}/revoke"): Operation(staff, {"link_id": self.link.id}, {}),
            ("POST", "/redeem/challenge"): Operation(anyone, {}, {"secret": self.link.secret}),
            ("POST", "/redeem"): Operation(anyone, {}, known | {"passcode": PASSCODE}),
            ("GET", "/redeemed"): Operation(self.recipient, {}),
            ("GET", "/redeemed/files/{file_id}"): Operation(self.recipient, {"file_id": self.closed.files[0].id}),
            ("GET", "/redeemed/archive.zip"): Operation(self.recipient, {}),
            ("POST", "/redeemed/files/{file_id}/ticket"): Operation(self.recipient, {"file_id": known_file}, {}),
            ("POST", "/redeemed/archive/ticket"): Operation(self.recipient, {}, {}),
            ("POST", "/redeemed/opinions"): Operation(self.recipient, {}, {}),
            ("GET", "/redeemed/opinions"): Operation(self.recipient, {}),
            ("GET", own): Operation(self.recipient, draft_of),
            ("POST", f"{own}/files"): Operation(self.recipient, draft_of, plan),
            ("DELETE", f"{own}/files/{{file_id}}"): Operation(self.recipient, planned_in_draft),
            ("GET", f"{own}/files/{{file_id}}/parts"): Operation(self.recipient, planned_in_draft),
            ("PUT", f"{own}/files/{{file_id}}/parts/{{number}}"): Operation(
                self.recipient, planned_in_draft | {"number": "1"}, data=b"12345"),
            ("POST", f"{own}/files/{{file_id}}/complete"): Operation(
                self.recipient, planned_in_draft, {"sha256": sha256(b"12345")}),
            ("PUT", f"{own}/content/{{path}}"): Operation(self.recipient, draft_of | {"path": "C1.pdf"}, data=b"12345"),
            ("POST", f"{own}/send"): Operation(self.recipient, draft_of, says),
            ("GET", f"{packet}/opinions"): Operation(staff, closed),
            ("GET", "/opinions/{opinion_id}"): Operation(staff, sent),
            ("GET", "/opinions/{opinion_id}/files/{file_id}"): Operation(staff, sent_file),
            ("POST", "/opinions/{opinion_id}/share"): Operation(staff, sent, {}),
            ("GET", "/patient/opinions"): Operation(self.patient, {}),
            ("GET", "/patient/opinions/{opinion_id}/files/{file_id}"): Operation(self.patient, sent_file),
            ("GET", "/released"): Operation(self.service, {}),
            ("POST", "/released/{release_id}/redeem"): Operation(self.service, released, {}),
            ("POST", "/released/{release_id}/acknowledge"): Operation(
                self.service, released, {"received": [known_file]}),
            ("PUT", "/webhook"): Operation(self.service, {}, {"url": "https://review.example/hook", "events": [
                "release.released"]}),
            ("GET", "/webhook"): Operation(self.service, {}),
            ("DELETE", "/webhook"): Operation(self.service, {}),
            ("GET", f"{packet}/disclosures"): Operation(officer, closed),
            ("POST", "/accounting/search"): Operation(officer, {}, whose | {"refused": False}),
            ("POST", "/accounting/report"): Operation(officer, {}, whose | {"format": "csv", "language": "es"}),
            ("GET", "/audit"): Operation(officer, {}),
        }  # fmt: skip


def a_whole_case() -> dict[str, Any]:
    """With every field that a case may have."""
    case = a_case("ada@patient.test")
    case["patient"] |= {"phone": "+1 555 0100", "language": "en"}
    return case | {
        "question": "Is there invasion?",
        "diagnosis": "Ductal carcinoma in situ",
        "laterality": "left",
        "specimens": [{"label": "A1", "procedure": "core biopsy", "collected_on": "2026-04-01"}],
        "not_included": [{"what": "slide A3", "why": "broken"}],
    }


def without_request_id(answer: Answer) -> tuple[int, dict[str, Any]]:
    """All that a refusal says but for the id of its request."""
    return answer.status, {name: value for name, value in answer.problem.items() if name != "request_id"}
