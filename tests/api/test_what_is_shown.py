"""Who is shown what (A03, A05, A30, A40, A41): fields by allow-list, secrets once, and no link beside the list."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.conftest import RECIPIENT, Api, code_of
from tests.api.route_roles import ROUTE_ROLES
from tests.api.scenes import Scene
from tests.factories import a_patient
from tests.stages import Stage, new_marker
from transfer_service.domain.people import Patient, Role

FILE = {
    "id", "path", "kind", "media_type", "size", "part_size", "part_count", "state", "sha256", "rejected_code",
    "carried_from", "created_at", "completed_at",
}  # fmt: skip
PATIENT = {"name", "birth_date", "record_number"}
FACTS = {"accession_number", "patient", "question", "diagnosis", "laterality", "specimens", "not_included"}
PACKET = {
    "id", "department_id", "contributing_department_ids", "state", "case", "note", "created_at", "closed_at",
    "retired_at", "destroy_at", "pending_contact",
    "predecessor_id",
    "answers_opinion_id",
}  # fmt: skip
RELEASE = {
    "id", "packet_id", "state", "basis", "grants", "purpose", "expires_at", "manifest_sha256", "form_sha256",
    "form_template", "form_language",
    "requested_at", "signature", "signed_at", "withdrawn_at",
    "signing", "attestation", "withdrawn_how", "withdrawn_note",
}  # fmt: skip
SIGNATURE = {"name", "signer", "authority", "medium", "signed_on", "confirmed_by", "document_sha256"}
LINK = {
    "id", "release_id", "recipient_id", "state", "verification", "issued_at", "expires_at", "max_redemptions",
    "redemptions", "revoked_at",
}  # fmt: skip
DISCLOSURE = {
    "id", "packet", "release", "link", "date", "last_at", "recipient", "what", "purpose", "bytes", "requests",
    "completed", "completed_at",
    "confirmed_receipt_at", "refused", "refused_code", "accountable", "exempt_under",
}  # fmt: skip
MANIFEST_FILE = {"id", "path", "kind", "size", "sha256", "media_type", "part_size", "part_count"}


def shape(value: Any) -> Any:
    """Names of fields at every depth; of a list, its first item's."""
    if isinstance(value, dict):
        return {name: shape(below) for name, below in value.items() if isinstance(below, dict | list) and below} | {
            "": set(value)
        }
    return shape(value[0]) if isinstance(value, list) and value else None


@pytest.fixture
def scene(api: Api) -> Scene:
    scene = Scene(api)
    scene.callers["recipient"].get(f"/redeemed/files/{scene.stage.file.id}")
    return scene


def test_staff_see_the_case_with_contacts_and_nothing_of_how_it_is_stored(scene: Scene) -> None:
    for role in ("depositor", "coordinator", "privacy_officer"):
        packet = scene.callers[role].get(f"/packets/{scene.packet}").get_json()
        assert set(packet) == PACKET | {"files"}
        assert set(packet["case"]) == FACTS
        assert set(packet["case"]["patient"]) == PATIENT | {"email", "phone", "language"}
        assert all(set(file) == FILE for file in packet["files"])
        listed = scene.callers[role].get("/packets").get_json()
        assert all(set(packet) == PACKET for packet in listed["items"])


def test_a_recipient_sees_the_case_without_contacts_and_only_what_was_granted(scene: Scene) -> None:
    shown = scene.callers["recipient"].get("/redeemed").get_json()
    assert shape(shown) == {
        "": {"expires_at", "packet", "files", "manifest"},
        "packet": {
            "": {"id", "organization", "department", "purpose", "case"},
            "case": {
                "": FACTS,
                "patient": {"": PATIENT},
                "specimens": {"": {"label", "procedure", "collected_on"}},
                "not_included": {"": {"what", "why"}},
            },
        },
        "files": {"": {"id", "path", "kind", "media_type", "size", "sha256"}},
        "manifest": {
            "": {"manifest", "signature", "key_id"},
            "manifest": {
                "": {"version", "kind", "release", "packet", "packet_manifest_sha256", "recipient", "files"},
                "files": {"": MANIFEST_FILE},
            },
        },
    }


def test_a_patient_sees_their_release_with_its_form_and_their_accounting(scene: Scene) -> None:
    patient = scene.callers["patient"]
    release = patient.get(f"/releases/{scene.release}").get_json()
    assert set(release) == RELEASE | {"form"}
    assert set(release["signature"]) == SIGNATURE
    assert set(release["grants"][0]) == {"recipient_id", "recipient_version", "file_ids"}
    (line,) = patient.get("/patient/accounting").get_json()["items"]
    assert set(line) == DISCLOSURE
    assert set(line["recipient"]) == {"id", "name", "organization", "address"}
    assert set(line["what"]) == {"file_id", "path", "kind", "size", "sha256"}


def test_links_and_audit_entries_have_their_fields_and_no_other(scene: Scene) -> None:
    officer = scene.callers["privacy_officer"]
    (link,) = officer.get(f"/packets/{scene.packet}/links").get_json()["items"]
    assert set(link) == LINK
    entry = officer.get("/audit").get_json()["items"][0]
    assert set(entry) == {
        "seq", "at", "actor", "action", "subject", "facts", "request_id", "address", "previous_hash", "hash",
    }  # fmt: skip
    assert set(entry["actor"]) == {"kind", "id"}


def test_no_answer_but_the_one_that_makes_it_holds_a_secret(scene: Scene) -> None:
    """A41: every route, each as the callers that may; then every secret is looked for in every other answer."""
    made: dict[str, tuple[str, str]] = {}
    answers: list[tuple[tuple[str, str], str]] = []
    order = sorted(ROUTE_ROLES, key=lambda route: route[1].endswith(("resend", "withdraw", "revoke", "retire")))
    for route in order:
        for role, expected in ROUTE_ROLES[route].items():
            if expected == "Y" and role in scene.callers and role != "stranger":
                answer = scene.ask(role, scene.request(*route))
                if answer.content_type in {"application/octet-stream", "application/zip", "application/pdf"}:
                    continue
                answers.append((route, answer.get_data(as_text=True)))
                made |= dict.fromkeys(secrets_in(answer.get_json(silent=True)), route)
    assert set(made.values()) == {
        ("POST", "/api/v1/packets/<id:packet_id>/links"),
        ("POST", "/api/v1/patient/session"),
        ("POST", "/api/v1/redeem"),
        ("POST", "/api/v1/redeemed/files/<id:file_id>/ticket"),
        ("POST", "/api/v1/redeemed/archive/ticket"),
        ("POST", "/api/v1/released/<id:release_id>/redeem"),
        ("PUT", "/api/v1/webhook"),
    }
    mailed = dict.fromkeys((scene.stage.letter_secret, scene.stage.link_secret), ("mail", ""))
    for secret, maker in {**made, **mailed}.items():
        assert sum(secret in text for route, text in answers if route != maker) == 0
        assert sum(secret in text for _, text in answers) <= 1
    stored = {file.object_key for file in scene.stages.refreshed(scene.stage).files.values()}
    assert not any(str(key) in text for key in stored for _, text in answers)


def secrets_in(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name in ("access_token", "secret"):
            if isinstance(value.get(name), str):
                yield value[name]
        url = value.get("url")
        if isinstance(url, str) and (secret := url.partition("#")[2] or url.partition("/t/")[2]):
            yield secret


def test_the_contacts_of_a_patient_reach_no_recipient(api: Api) -> None:
    marker = new_marker()
    stage = api.stages.redeemed(of=_linked(api, a_patient(email=f"{marker}@patient.test", phone=marker)))
    recipient = api.recipient(stage)
    shown = recipient.get("/redeemed").get_data(as_text=True)
    assert "Ada Example" in shown
    assert marker not in shown


def _linked(api: Api, patient: Patient) -> Stage:
    stages = api.stages
    closed = stages.closed(patient=patient)
    return stages.linked(of=stages.signed(of=stages.in_session(of=stages.released(of=closed))))


def test_ids_of_another_tenant_have_no_effect_wherever_they_stand(api: Api) -> None:
    scene, stranger = Scene(api), api.stranger()
    recipients = stranger.get("/recipients").get_json()
    assert recipients == {"items": [], "next_cursor": None}
    api.coordinator.post("/recipients", RECIPIENT)
    cursor = api.coordinator.get("/recipients?limit=1").get_json()["next_cursor"]
    assert stranger.get("/recipients", query_string={"cursor": cursor}).get_json()["items"] == []
    search = {"recipient_id": str(scene.stages.recipient.id)}
    audit = api.privacy_officer.get(f"/audit?packet={scene.packet}").get_json()["items"]
    assert audit
    elsewhere = api.stages.enrolled("St. Nowhere")
    officer = api.staff(elsewhere.pathology, Role.PRIVACY_OFFICER)
    assert officer.get(f"/audit?packet={scene.packet}").get_json()["items"] == []
    assert officer.post("/accounting/search", search).get_json()["items"] == []
    assert officer.post("/packets/search", {"record_number": "MRN-0042"}).get_json()["items"] == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_looking_changes_nothing_however_often(scene: Scene, method: str) -> None:
    """A30: prefetchers and scanners. HEAD of files records nothing; GET of them does, and is left out."""
    of_recipients = {("GET", "/api/v1/redeemed/files/<id:file_id>"), ("GET", "/api/v1/redeemed/archive.zip")}
    downloads = of_recipients | {("GET", "/api/v1/releases/<id:release_id>/paper")}
    downloads |= {route for route in ROUTE_ROLES if route[1].endswith("/opinions/<id:opinion_id>/files/<id:file_id>")}
    looks = {route for route in ROUTE_ROLES if route[0] == "GET"} - (downloads if method == "GET" else set())
    paths = {route: scene.request(*route).path for route in looks}
    rows = scene.stages.rows()
    for route, path in paths.items():
        for role, caller in scene.callers.items():
            for headers in ({}, {"Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}):
                answer = caller.ask(method, path, headers=headers)
                assert answer.status_code < 300 or ROUTE_ROLES[route][role] != "Y", (role, route)
    assert scene.stages.rows() == rows


def test_a_post_only_route_is_not_done_by_a_get(scene: Scene) -> None:
    for method, rule in ROUTE_ROLES:
        if method == "POST" and ("GET", rule) not in ROUTE_ROLES and "/search" not in rule:
            path = scene.request(method, rule).path
            for role in ("coordinator", "patient", "recipient"):
                answer = scene.callers[role].get(path, headers={"X-HTTP-Method-Override": "POST"})
                assert answer.status_code in {403, 404, 405}, path


def test_an_answer_is_json_of_this_service_and_may_not_be_kept(scene: Scene) -> None:
    answer = scene.callers["coordinator"].get("/packets")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert json.loads(answer.data)["items"]
    assert code_of(scene.callers["coordinator"].ask("PATCH", "/packets")) == (405, "method_not_allowed")
