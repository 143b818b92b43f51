"""Addresses for one download, as programs and browsers meet them."""

import logging
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.api.conftest import HOST, PART_BYTES, Api, code_of
from tests.stages import Stage, some_bytes
from transfer_service.domain.moments import rfc3339
from transfer_service.logs import JsonFormatter
from transfer_service.usecases import archive, permission, plaintext

CONTENTS = {"slides/é A1.svs": some_bytes(2 * PART_BYTES + 11), "reports/empty.txt": b""}
ARCHIVE = "/redeemed/archive.zip"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture
def redeemed(api: Api) -> Stage:
    stages = api.stages
    stage = stages.released(of=stages.closed(CONTENTS))
    return stages.redeemed(of=stages.linked(of=stages.signed(of=stages.in_session(of=stage))))


@pytest.fixture
def client(api: Api) -> FlaskClient:
    """Somebody who has the address, and neither token nor cookie."""
    return api.app.test_client()


def slide_of(redeemed: Stage) -> str:
    return f"/redeemed/files/{redeemed.files['slides/é A1.svs'].id}"


def ticket(api: Api, redeemed: Stage, what: str = "/redeemed/archive") -> str:
    """The path of a new address."""
    answer = api.recipient(redeemed).post(f"{what}/ticket", {})
    assert answer.status_code == 200
    assert answer.get_json().keys() == {"url", "expires_at"}
    assert answer.get_json()["expires_at"] == rfc3339(api.stages.now + timedelta(minutes=5))
    url = str(answer.get_json()["url"])
    assert url.startswith(f"https://{HOST}/t/")
    return url.removeprefix(f"https://{HOST}")


def asked(client: FlaskClient, path: str, method: str = "GET", **headers: str) -> TestResponse:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.open(path, method=method, base_url=f"https://{HOST}", headers=sent, buffered=True)


def heads(answer: TestResponse) -> dict[str, str]:
    """Its headers, but for the id that each request has of its own."""
    return {name: value for name, value in answer.headers.items() if name.lower() != "x-request-id"}


@pytest.mark.parametrize("what", ["archive", "file"])
def test_a_ticket_answers_as_the_token_does(api: Api, redeemed: Stage, client: FlaskClient, what: str) -> None:
    whole_path = ARCHIVE if what == "archive" else slide_of(redeemed)
    path = ticket(api, redeemed, whole_path.removesuffix(".zip"))
    recipient = api.recipient(redeemed)
    tag = recipient.ask("HEAD", whole_path).headers["ETag"]
    asked_for: list[tuple[str, dict[str, str]]] = [
        ("GET", {}),
        ("HEAD", {}),
        ("GET", {"Range": "bytes=5-20000"}),
        ("GET", {"Range": "bytes=-7", "If-Range": tag}),
        ("GET", {"Range": "bytes=5-6", "If-Range": '"other"'}),
    ]
    for method, headers in asked_for:
        ours = asked(client, path, method, **{name.replace("-", "_"): value for name, value in headers.items()})
        theirs = recipient.ask(method, whole_path, headers=headers)
        assert (ours.status_code, heads(ours), ours.data) == (theirs.status_code, heads(theirs), theirs.data)
        assert ours.headers["Referrer-Policy"] == "no-referrer"
    assert code_of(asked(client, path, Range="bytes=0-1,3-4")) == (416, "range_not_satisfiable")


def test_what_a_ticket_fetched_is_on_the_redemption_s_own_row(api: Api, redeemed: Stage, client: FlaskClient) -> None:
    path, data = ticket(api, redeemed, slide_of(redeemed)), CONTENTS["slides/é A1.svs"]
    api.recipient(redeemed).get(slide_of(redeemed), headers={"Range": "bytes=0-9"})
    assert asked(client, path, "HEAD").status_code == 200
    assert asked(client, path, Range="bytes=10-").data == data[10:]
    (line,) = api.coordinator.get(f"/packets/{redeemed.packet.id}/disclosures").get_json()["items"]
    assert (line["bytes"], line["requests"], line["completed"]) == (len(data), 2, True)


@pytest.mark.parametrize("how", ["unknown", "expired", "left"])
def test_an_address_that_is_over_is_the_same_for_every_reason(
    api: Api, redeemed: Stage, client: FlaskClient, how: str
) -> None:
    path = ticket(api, redeemed)
    if how == "unknown":
        path = f"{path[:-1]}{'x' if path[-1] != 'x' else 'y'}"
    elif how == "expired":
        api.stages.clock.advance(timedelta(minutes=5))
    else:
        api.stages.execute("UPDATE credentials SET revoked_at = created_at WHERE kind = 'recipient'")
    for accept in ("*/*", "application/json", "application/zip, image/*"):
        answer = asked(client, path, Accept=accept)
        assert code_of(answer) == (404, "ticket_over")
        assert "WWW-Authenticate" not in answer.headers
    page = asked(client, path, **BROWSER)
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "This download address has ended" in page.text
    assert "ask for a new one" in page.text
    for hidden in (redeemed.packet.case.patient.name, "St. Agatha", "Pathology", str(redeemed.packet.id), path[3:]):
        assert hidden not in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_a_revoked_link_is_said_to_be_revoked_and_of_whom_is_not(
    api: Api, redeemed: Stage, client: FlaskClient
) -> None:
    path = ticket(api, redeemed)
    assert redeemed.link is not None
    api.coordinator.post(f"/links/{redeemed.link.id}/revoke")
    assert code_of(asked(client, path)) == (409, "link_revoked")
    page = asked(client, path, **BROWSER)
    assert page.status_code == 409
    assert "This link was cancelled" in page.text
    for hidden in (redeemed.packet.case.patient.name, "St. Agatha", "+1 555 0111"):
        assert hidden not in page.text
    lines = api.coordinator.get(f"/packets/{redeemed.packet.id}/disclosures").get_json()["items"]
    assert [line["refused"] for line in lines] == [True, True]


@pytest.mark.parametrize("what", ["archive", "file"])
def test_a_running_download_ends_with_its_link(
    api: Api, redeemed: Stage, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(permission, "CHECK_EVERY_S", 0.0)
    for module in (archive, plaintext):
        monkeypatch.setattr(module, "READ_BYTES", 1000)
    path = ticket(api, redeemed, "/redeemed/archive" if what == "archive" else slide_of(redeemed))
    with client.get(path, base_url=f"https://{HOST}") as answer:
        blocks = answer.iter_encoded()
        assert next(blocks)
        assert redeemed.link is not None
        api.coordinator.post(f"/links/{redeemed.link.id}/revoke")
        with pytest.raises(ConnectionAbortedError):
            list(blocks)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_ticket_is_for_getting_alone(api: Api, redeemed: Stage, client: FlaskClient, method: str) -> None:
    assert asked(client, ticket(api, redeemed), method).status_code == 405


def test_a_file_that_was_not_released_has_no_ticket(api: Api, redeemed: Stage) -> None:
    another = api.stages.redeemed()
    assert code_of(api.recipient(redeemed).post(f"/redeemed/files/{another.file.id}/ticket", {})) == (404, "not_found")


def test_a_repeat_with_its_key_is_the_same_address(api: Api, redeemed: Stage) -> None:
    recipient, key = api.recipient(redeemed), {"Idempotency-Key": "ticket-1"}
    first = recipient.post("/redeemed/archive/ticket", {}, headers=key)
    again = recipient.post("/redeemed/archive/ticket", {}, headers=key)
    assert first.get_json() == again.get_json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert recipient.post("/redeemed/archive/ticket", {}).get_json() != first.get_json()
    assert api.stages.actions().count("ticket.made") == 2


def test_another_session_s_key_never_answers_with_the_address_of_another_patient_s_files(
    api: Api, redeemed: Stage, client: FlaskClient
) -> None:
    another, key = api.stages.redeemed(), {"Idempotency-Key": "ticket-1"}
    urls = [
        api.recipient(stage).post("/redeemed/archive/ticket", {}, headers=key).get_json()["url"]
        for stage in (redeemed, another)
    ]
    for stage, url in zip((redeemed, another), urls, strict=True):
        name = asked(client, url.removeprefix(f"https://{HOST}")).headers["Content-Disposition"]
        assert str(stage.packet.id)[:8] in name


def test_a_body_with_something_in_it_is_refused(api: Api, redeemed: Stage) -> None:
    assert code_of(api.recipient(redeemed).post("/redeemed/archive/ticket", {"x": 1})) == (422, "invalid")


def test_no_log_names_a_ticket_but_only_its_route(
    api: Api, redeemed: Stage, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    path, unknown = ticket(api, redeemed), "/t/UNKNOWN-SECRET-OF-NOBODY"
    for each in (path, unknown):
        for headers in ({}, BROWSER, {"Range": "bytes=9999999999-"}):
            asked(client, each, **headers)
            asked(client, each, "POST")
    told = "\n".join(JsonFormatter().format(record) for record in caplog.records)
    assert told.count('"route": "/t/<ticket>"') >= 6
    assert path[3:] not in told
    assert unknown[3:] not in told
    assert path[3:] not in str(api.stages.audit())
