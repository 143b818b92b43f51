"""One packet at every stage of the journey, and a valid request for every route of the API."""

import re
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

from tests.api.conftest import CASE, KNOWN_CASE, RECIPIENT, Api, Caller, slide_request
from tests.stages import ORIGIN, SCAN, Stage, blocks, sha256_hex
from transfer_service.domain.language import Language
from transfer_service.domain.moments import rfc3339
from transfer_service.domain.people import Role
from transfer_service.usecases.answer import OpinionView
from transfer_service.usecases.contact import ContactDraft
from transfer_service.usecases.deposit import FileDraft
from transfer_service.wording.authorization import template_in


@dataclass
class Request:
    """A method, an address, what Caller.ask takes beside them, and who asks this in place of the scene's callers."""

    method: str
    path: str
    kwargs: dict[str, Any] = field(default_factory=dict)
    instead: dict[str, Caller] = field(default_factory=dict)


class Scene:
    """A packet that was redeemed, another that is open, and everyone who has to do with them."""

    def __init__(self, api: Api) -> None:
        self.api, self.stages = api, api.stages
        self.stages.ask_without_limits()
        self.stage: Stage = self.stages.redeemed()
        self.open: Stage = self.stages.opened()
        self.file = self.stages.planned(self.open, size=5)
        self.callers: dict[str, Caller] = {
            "anyone": api.anyone,
            "depositor": api.depositor,
            "coordinator": api.coordinator,
            "privacy_officer": api.privacy_officer,
            "admin": api.admin,
            "patient": api.patient(self.stage),
            "recipient": api.recipient(self.stage),
            "stranger": api.stranger(),
            "revoked": api.revoked(),
            "service": api.service(self.stages.service),
        }

    @property
    def soon(self) -> str:
        return rfc3339(self.stages.now + timedelta(days=3))

    def request(self, method: str, rule: str) -> Request:
        """A valid request for that route, which no other request spent."""
        made = _REQUESTS[method, re.sub(r"^/api/v1", "", rule)](self)
        return Request(method, *made) if isinstance(made, tuple) else Request(method, made)

    def ask(self, role: str, request: Request) -> Any:
        caller = request.instead.get(role) or self.callers[role]
        return caller.ask(request.method, request.path, **request.kwargs)

    # What routes need of their own

    @cached_property
    def to_service(self) -> Stage:
        """Another release of the same packet, to a review service that fetched it."""
        return self.stages.fetched_by_service(of=copy(self.stage))

    @cached_property
    def successor(self) -> object:
        """An open packet that starts from the redeemed one."""
        return self.stages.succeeded(self.stage).packet.id

    def planned(self) -> str:
        self.file = self.stages.planned(self.open, path=f"slides/{uuid4()}.svs", size=5)
        return f"/packets/{self.open.packet.id}/files/{self.file.id}"

    def received(self) -> str:
        path = self.planned()
        self.stages.put_part(self.file, 1, b"hello")
        return path

    def to_close(self) -> str:
        return f"/packets/{self.stages.verified().packet.id}/close"

    def to_sign(self) -> tuple[str, dict[str, Any], dict[str, Caller]]:
        """Another release of the same packet; its patient is who has that one's letter."""
        asked = self.stages.released(of=copy(self.stage))
        release = asked.release
        assert release is not None
        body = {
            "form_sha256": release.form.sha256,
            "signature_name": "Ada Example",
            "acknowledged": True,
            "signer": "patient",
        }
        return f"/releases/{release.id}/sign", {"json": body}, {"patient": self.api.patient(asked)}

    def copied(self) -> str:
        self.stages.copied(of=self.stage)
        return f"/releases/{self.release}/form.pdf"

    def to_release(self) -> tuple[str, dict[str, Any]]:
        body = {
            "grants": [{"recipient_id": str(self.stages.recipient.id)}],
            "purpose": "Second opinion",
            "expires_at": self.soon,
            "basis": "authorization",
        }
        return f"/packets/{self.packet}/releases", {"json": body}

    def to_scan(self) -> tuple[str, dict[str, Any]]:
        asked = self.stages.asked_on_paper(of=copy(self.stage))
        assert asked.release is not None
        return f"/releases/{asked.release.id}/paper", {"data": SCAN, "content_type": "application/pdf"}

    def scanned(self) -> str:
        """By somebody who is none of the scene's callers."""
        scanned = self.stages.scanned(of=self.stages.asked_on_paper(of=copy(self.stage)))
        assert scanned.release is not None
        return f"/releases/{scanned.release.id}/paper"

    def to_confirm(self) -> tuple[str, dict[str, Any]]:
        body = {
            "document_sha256": sha256_hex(SCAN),
            "signature_name": "Ada Example",
            "signer": "patient",
            "signed_on": self.stages.now.date().isoformat(),
        }
        return f"{self.scanned()}/confirm", {"json": body}

    def to_link(self) -> tuple[str, dict[str, Any]]:
        body = {
            "release_id": str(self.release),
            "recipient_id": str(self.stages.recipient.id),
            "expires_at": self.soon,
            "verification": "email_code",
        }
        return f"/packets/{self.packet}/links", {"json": body}

    def to_redeem(self) -> tuple[str, dict[str, Any]]:
        self.stages.clock.advance(timedelta(hours=1))  # five codes an hour, and no more
        answer = self.stages.right_answer(self.stage)
        body = {"secret": answer.secret, "challenge_id": str(answer.challenge_id), "code": answer.response}
        return "/redeem", {"json": body}

    def to_begin(self) -> tuple[str, dict[str, Any]]:
        now = self.stages.clock.advance(timedelta(hours=1))
        challenge = self.stages.journey.patients.challenge(self.stage.letter_secret, ORIGIN, now)
        body = {
            "secret": self.stage.letter_secret,
            "challenge_id": str(challenge.id),
            "birth_date": "1961-02-03",
            "code": self.stages.code(),
        }
        return "/patient/session", {"json": body}

    def to_confirm_contact(self) -> tuple[str, dict[str, Any]]:
        """Somebody who is none of the callers asked for another address."""
        somebody = self.stages.staff(self.stages.hospital.pathology, Role.DEPOSITOR, "S. Omebody")
        packet, email = self.open.packet.id, f"{uuid4()}@patient.test"
        self.stages.journey.contacts.change(somebody, packet, ContactDraft(email=email), self.stages.now)
        return f"/packets/{packet}/patient-contact/confirm", {"json": {"email": email}}

    def drafted(self) -> str:
        """The recipient's draft."""
        assert self.stage.actor is not None
        draft = self.stages.journey.answers.begin(self.stage.actor, self.stages.now)
        return f"/redeemed/opinions/{draft.opinion.id}"

    def planned_in_draft(self) -> str:
        path = self.drafted()
        answers, draft = self.stages.journey.answers, FileDraft(f"{uuid4()}.pdf", 5)
        assert self.stage.actor is not None
        self.file = answers.deposit.add_file(self.stage.actor, UUID(path[-36:]), draft, self.stages.now)
        return f"{path}/files/{self.file.id}"

    def received_in_draft(self) -> str:
        path, receive = self.planned_in_draft(), self.stages.journey.answers.receive
        assert self.stage.actor is not None
        plan = receive.expect_part(self.stage.actor, self.file.packet_id, self.file.id, 1)
        receive.take_part(plan, blocks(b"hello"), None)
        return path

    def to_send(self) -> tuple[str, dict[str, Any]]:
        """With no file that is still to come."""
        path, answers, actor = self.drafted(), self.stages.journey.answers, self.stage.actor
        assert actor is not None
        for file in answers.begin(actor, self.stages.now).files:
            answers.deposit.delete_file(actor, file.packet_id, file.id, self.stages.now)
        return f"{path}/send", {"json": {"conclusion": "concordant", "summary": "As diagnosed."}}

    def to_share(self) -> str:
        """One that was sent, and not shared yet."""
        return f"/opinions/{self.stages.answered(self.to_service).opinion.id}/share"

    @cached_property
    def opinion(self) -> OpinionView:
        """One that was sent and shared."""
        return self.stages.shared(self.to_service)  # by another recipient: the draft is left alone

    def fetched(self, whose: str = "") -> str:
        return f"{whose}/opinions/{self.opinion.opinion.id}/files/{self.opinion.files[0].id}"

    def to_webhook(self) -> str:
        """The service has set one."""
        self.stages.webhook_set()
        return "/webhook"

    def to_end_approval(self) -> str:
        """The department approved Spanish."""
        officer = self.stages.staff(self.stages.hospital.pathology, Role.PRIVACY_OFFICER, f"O. {uuid4().hex}")
        self.stages.journey.templates.approve(officer, Language.SPANISH, SPANISH.sha256, self.stages.now)
        return "/form-templates/es/approval"

    def to_ask(self) -> tuple[str, dict[str, Any]]:
        return "/slide-requests", {"json": slide_request(self.stages.open_to_requests().id)}

    def to_stand(self, what: str) -> tuple[str, dict[str, Any]]:
        return f"/slide-requests/{what}", {"json": {"secret": self.stages.requested()[1]}}

    def requested(self, what: str = "") -> str:
        return f"/slide-requests/{self.stages.requested()[0].id}{what}"

    def later(self, path: str, body: object) -> tuple[str, dict[str, Any]]:
        self.stages.clock.advance(timedelta(hours=1))
        return path, {"json": body}

    @property
    def packet(self) -> object:
        return self.stage.packet.id

    @property
    def release(self) -> object:
        assert self.stage.release is not None
        return self.stage.release.id


_PACKET, _FILE = "/packets/<id:packet_id>", "/packets/<id:packet_id>/files/<id:file_id>"
SPANISH = template_in(Language.SPANISH)
_OWN, _OWN_FILE = "/redeemed/opinions/<id:opinion_id>", "/redeemed/opinions/<id:opinion_id>/files/<id:file_id>"
WEBHOOK = "https://remote.test/hook"
_PLAN = {"size": 5, "kind": "slide", "transport": "gateway"}
Made = str | tuple[str, dict[str, Any]] | tuple[str, dict[str, Any], dict[str, Caller]]

_REQUESTS: dict[tuple[str, str], Callable[[Scene], Made]] = {
    ("POST", "/slide-requests"): Scene.to_ask,
    ("POST", "/slide-requests/status"): lambda scene: scene.to_stand("status"),
    ("POST", "/slide-requests/withdraw"): lambda scene: scene.to_stand("withdraw"),
    ("GET", "/slide-requests"): lambda _: "/slide-requests",
    ("GET", "/slide-requests/<id:request_id>"): Scene.requested,
    ("POST", "/slide-requests/<id:request_id>/decline"): lambda scene: (
        scene.requested("/decline"),
        {"json": {"reason": "elsewhere"}},
    ),
    ("POST", "/slide-requests/<id:request_id>/accept"): lambda scene: (
        scene.requested("/accept"),
        {"json": {"case": KNOWN_CASE}},
    ),
    ("POST", "/packets"): lambda _: ("/packets", {"json": {"case": CASE}}),
    ("GET", "/packets"): lambda _: "/packets",
    ("POST", "/packets/search"): lambda _: ("/packets/search", {"json": {"record_number": "MRN-0042"}}),
    ("GET", _PACKET): lambda scene: f"/packets/{scene.packet}",
    ("POST", f"{_PACKET}/close"): Scene.to_close,
    ("GET", f"{_PACKET}/manifest"): lambda scene: f"/packets/{scene.packet}/manifest",
    ("POST", f"{_PACKET}/retire"): lambda scene: f"/packets/{scene.packet}/retire",
    ("POST", f"{_PACKET}/successor"): lambda scene: f"/packets/{scene.packet}/successor",
    ("GET", f"{_PACKET}/changes"): lambda scene: f"/packets/{scene.successor}/changes",
    ("PUT", f"{_PACKET}/not-included"): lambda scene: (
        f"/packets/{scene.open.packet.id}/not-included",
        {"json": {"items": [{"what": "slide A9", "why": "lost"}]}},
    ),
    ("POST", f"{_PACKET}/files"): lambda scene: (
        f"/packets/{scene.open.packet.id}/files",
        {"json": {**_PLAN, "path": f"slides/{uuid4()}.svs"}},
    ),
    ("GET", _FILE): lambda scene: scene.planned(),
    ("DELETE", _FILE): lambda scene: scene.planned(),
    ("GET", f"{_FILE}/parts"): lambda scene: f"{scene.received()}/parts",
    ("PUT", f"{_FILE}/parts/<part_number:number>"): lambda scene: (f"{scene.planned()}/parts/1", {"data": b"hello"}),
    ("POST", f"{_FILE}/complete"): lambda scene: (f"{scene.received()}/complete", {"json": {"sha256": "ab" * 32}}),
    ("PUT", f"{_PACKET}/content/<file_path:path>"): lambda scene: (
        f"/packets/{scene.open.packet.id}/content/reports/{uuid4()}.pdf",
        {"data": b"hello"},
    ),
    ("PUT", f"{_PACKET}/patient-contact"): lambda scene: (
        f"/packets/{scene.open.packet.id}/patient-contact",
        {"json": {"email": f"{uuid4()}@patient.test"}},
    ),
    ("POST", f"{_PACKET}/patient-contact/confirm"): Scene.to_confirm_contact,
    ("POST", "/recipients"): lambda _: ("/recipients", {"json": RECIPIENT}),
    ("GET", "/recipients"): lambda _: "/recipients",
    ("PUT", "/recipients/<id:recipient_id>"): lambda scene: (
        f"/recipients/{scene.stages.recipient.id}",
        {"json": RECIPIENT},
    ),
    ("GET", "/form-templates"): lambda _: "/form-templates",
    ("PUT", "/form-templates/<string:language>/approval"): lambda _: (
        "/form-templates/es/approval",
        {"json": {"template_sha256": SPANISH.sha256}},
    ),
    ("DELETE", "/form-templates/<string:language>/approval"): Scene.to_end_approval,
    ("POST", f"{_PACKET}/releases"): Scene.to_release,
    ("GET", f"{_PACKET}/releases"): lambda scene: f"/packets/{scene.packet}/releases",
    ("GET", "/releases/<id:release_id>"): lambda scene: f"/releases/{scene.release}",
    ("GET", "/releases/<id:release_id>/form.pdf"): Scene.copied,
    ("POST", "/releases/<id:release_id>/resend"): lambda scene: f"/releases/{scene.release}/resend",
    ("POST", "/releases/<id:release_id>/sign"): Scene.to_sign,
    ("POST", "/releases/<id:release_id>/withdraw"): lambda scene: f"/releases/{scene.release}/withdraw",
    ("PUT", "/releases/<id:release_id>/paper"): Scene.to_scan,
    ("GET", "/releases/<id:release_id>/paper"): Scene.scanned,
    ("POST", "/releases/<id:release_id>/paper/confirm"): Scene.to_confirm,
    ("POST", f"{_PACKET}/links"): Scene.to_link,
    ("GET", f"{_PACKET}/links"): lambda scene: f"/packets/{scene.packet}/links",
    ("POST", "/links/<id:link_id>/revoke"): lambda scene: f"/links/{scene.stage.link.id}/revoke",  # type: ignore[union-attr]  # a redeemed stage has one
    ("GET", f"{_PACKET}/disclosures"): lambda scene: f"/packets/{scene.packet}/disclosures",
    ("POST", "/accounting/search"): lambda _: ("/accounting/search", {"json": {}}),
    ("POST", "/accounting/report"): lambda _: ("/accounting/report", {"json": {"record_number": "MRN-0042"}}),
    ("GET", "/audit"): lambda _: "/audit",
    ("GET", "/patient/accounting"): lambda _: "/patient/accounting",
    ("POST", "/patient/accounting/report"): lambda _: ("/patient/accounting/report", {"json": {"format": "csv"}}),
    ("GET", "/redeemed"): lambda _: "/redeemed",
    ("GET", "/redeemed/files/<id:file_id>"): lambda scene: f"/redeemed/files/{scene.stage.file.id}",
    ("GET", "/redeemed/archive.zip"): lambda _: "/redeemed/archive.zip",
    ("POST", "/redeemed/files/<id:file_id>/ticket"): lambda scene: (
        f"/redeemed/files/{scene.stage.file.id}/ticket",
        {"json": {}},
    ),
    ("POST", "/redeemed/archive/ticket"): lambda _: ("/redeemed/archive/ticket", {"json": {}}),
    ("POST", "/redeemed/opinions"): lambda _: ("/redeemed/opinions", {"json": {}}),
    ("GET", "/redeemed/opinions"): lambda _: "/redeemed/opinions",
    ("GET", _OWN): Scene.drafted,
    ("POST", f"{_OWN}/files"): lambda scene: (
        f"{scene.drafted()}/files",
        {"json": {**_PLAN, "path": f"{uuid4()}.pdf"}},
    ),
    ("DELETE", _OWN_FILE): Scene.planned_in_draft,
    ("GET", f"{_OWN_FILE}/parts"): lambda scene: f"{scene.received_in_draft()}/parts",
    ("PUT", f"{_OWN_FILE}/parts/<part_number:number>"): lambda scene: (
        f"{scene.planned_in_draft()}/parts/1",
        {"data": b"hello"},
    ),
    ("POST", f"{_OWN_FILE}/complete"): lambda scene: (
        f"{scene.received_in_draft()}/complete",
        {"json": {"sha256": sha256_hex(b"hello")}},
    ),
    ("PUT", f"{_OWN}/content/<file_path:path>"): lambda scene: (
        f"{scene.drafted()}/content/{uuid4()}.pdf",
        {"data": b"hello"},
    ),
    ("POST", f"{_OWN}/send"): Scene.to_send,
    ("GET", f"{_PACKET}/opinions"): lambda scene: f"/packets/{scene.packet}/opinions",
    ("GET", "/opinions/<id:opinion_id>"): lambda scene: f"/opinions/{scene.opinion.opinion.id}",
    ("GET", "/opinions/<id:opinion_id>/files/<id:file_id>"): lambda scene: scene.fetched(),
    ("POST", "/opinions/<id:opinion_id>/share"): Scene.to_share,
    ("GET", "/patient/opinions"): lambda _: "/patient/opinions",
    ("GET", "/patient/opinions/<id:opinion_id>/files/<id:file_id>"): lambda scene: scene.fetched("/patient"),
    ("GET", "/released"): lambda _: "/released",
    ("POST", "/released/<id:release_id>/redeem"): lambda scene: f"/released/{scene.to_service.release.id}/redeem",  # type: ignore[union-attr]  # it was asked for
    ("POST", "/released/<id:release_id>/acknowledge"): lambda scene: (
        f"/released/{scene.to_service.release.id}/acknowledge"  # type: ignore[union-attr]  # it was asked for
    ),
    ("PUT", "/webhook"): lambda _: ("/webhook", {"json": {"url": WEBHOOK}}),
    ("GET", "/webhook"): Scene.to_webhook,
    ("DELETE", "/webhook"): Scene.to_webhook,
    ("POST", "/patient/challenge"): lambda scene: scene.later(
        "/patient/challenge", {"secret": scene.stage.letter_secret}
    ),
    ("POST", "/patient/session"): Scene.to_begin,
    ("POST", "/redeem/challenge"): lambda scene: scene.later("/redeem/challenge", {"secret": scene.stage.link_secret}),
    ("POST", "/redeem"): Scene.to_redeem,
    ("GET", "/openapi.json"): lambda _: "/openapi.json",
    ("GET", "/docs"): lambda _: "/docs",
    ("GET", "/docs/assets/<path:filename>"): lambda _: "/docs/assets/docs.css",
    ("GET", "/healthz"): lambda _: "/healthz",
    ("GET", "/readyz"): lambda _: "/readyz",
    ("GET", "/metrics"): lambda _: "/metrics",
}
