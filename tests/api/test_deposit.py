"""A department's deposit over HTTP: parts, whole files, closing, the receipt."""

import hashlib
from base64 import b64encode
from contextlib import ExitStack
from datetime import timedelta

import pytest

from tests.api.conftest import CASE, PART_BYTES, Api, code_of
from tests.stages import sha256_hex, some_bytes
from transfer_service.sealing.manifest import verify


def test_an_opened_packet_is_shown_as_it_was_described(api: Api) -> None:
    opened = api.coordinator.post("/packets", {"case": CASE, "note": "Handle\nwith care"})
    assert opened.status_code == 201
    packet = opened.get_json()
    assert {**packet, "id": 0, "department_id": 0} == {
        "id": 0,
        "department_id": 0,
        "contributing_department_ids": [],
        "state": "open",
        "created_at": "2026-05-12T09:30:00.123456Z",
        "case": CASE,
        "note": "Handle\nwith care",
        "closed_at": None,
        "retired_at": None,
        "destroy_at": None,
        "predecessor_id": None,
        "answers_opinion_id": None,
        "pending_contact": None,
        "files": [],
    }
    assert api.coordinator.get(f"/packets/{packet['id']}").get_json() == packet


def test_what_is_not_known_of_a_case_is_left_out(api: Api) -> None:
    case = {"accession_number": "S1", "patient": {"name": "A", "birth_date": "1961-02-03", "record_number": "M"}}
    shown = api.coordinator.post("/packets", {"case": case}).get_json()["case"]
    assert shown == {**case, "specimens": [], "not_included": []}


def test_packets_are_found_by_their_numbers_and_by_state(api: Api) -> None:
    first = api.stages.opened(accession_number="S26-1")
    api.stages.clock.advance(timedelta(seconds=1))
    second = api.stages.opened(accession_number="S26-2")
    search = api.coordinator.post("/packets/search", {"accession_number": "s26-2"}).get_json()
    assert [packet["id"] for packet in search["items"]] == [str(second.packet.id)]
    assert api.coordinator.get("/packets?state=closed").get_json() == {"items": [], "next_cursor": None}
    page = api.coordinator.get("/packets?state=open&limit=1").get_json()
    assert [packet["id"] for packet in page["items"]] == [str(second.packet.id)]
    rest = api.coordinator.get("/packets", query_string={"limit": 1, "cursor": page["next_cursor"], "state": "open"})
    assert [packet["id"] for packet in rest.get_json()["items"]] == [str(first.packet.id)]
    assert rest.get_json()["next_cursor"] is None


def test_another_department_sees_a_packet_only_when_it_contributes(api: Api) -> None:
    neighbour = api.neighbour()
    packet = api.coordinator.post("/packets", {"case": CASE}).get_json()
    assert code_of(neighbour.get(f"/packets/{packet['id']}")) == (404, "not_found")
    radiology = neighbour.post("/packets", {"case": CASE}).get_json()["department_id"]
    shared = api.coordinator.post("/packets", {"case": CASE, "contributing_department_ids": [radiology]}).get_json()
    content = f"/packets/{shared['id']}/content/mammogram.dcm?kind=radiology"
    assert neighbour.put(content, data=b"image").status_code == 201
    assert code_of(neighbour.post(f"/packets/{shared['id']}/close")) == (404, "not_found")


def test_a_contributing_department_is_one_of_the_organization(api: Api) -> None:
    foreign = api.stranger().post("/packets", {"case": CASE}).get_json()["department_id"]
    body = {"case": CASE, "contributing_department_ids": [foreign]}
    assert code_of(api.coordinator.post("/packets", body)) == (422, "invalid")


def test_parts_come_in_any_order_and_a_resuming_client_asks_what_has_arrived(api: Api) -> None:
    data = some_bytes(2 * PART_BYTES + 100)
    pieces = [data[at : at + PART_BYTES] for at in range(0, len(data), PART_BYTES)]
    packet = api.stages.opened().packet
    plan = {"path": "slides/A1.svs", "size": len(data), "kind": "slide", "media_type": "image/tiff"}
    file = api.depositor.post(f"/packets/{packet.id}/files", {**plan, "transport": "gateway"}).get_json()
    assert file["part_size"] == PART_BYTES
    assert (file["part_count"], file["state"], file["sha256"]) == (3, "receiving", None)
    parts = f"/packets/{packet.id}/files/{file['id']}/parts"
    for number in (3, 1, 1):
        digest = b64encode(hashlib.sha256(pieces[number - 1]).digest()).decode()
        headers = {"Content-Digest": f"sha-256=:{digest}:"}
        answer = api.depositor.put(f"{parts}/{number}", data=pieces[number - 1], headers=headers)
        assert (answer.status_code, answer.data) == (204, b"")
    listed = [
        {"number": number, "size": len(pieces[number - 1]), "sha256": sha256_hex(pieces[number - 1])}
        for number in (1, 3)
    ]
    assert api.depositor.get(parts).get_json() == {"items": listed, "next_cursor": None}
    page = api.depositor.get(f"{parts}?limit=1").get_json()
    assert page["items"] == listed[:1]
    assert api.depositor.get(f"{parts}?limit=1&cursor={page['next_cursor']}").get_json()["items"] == listed[1:]
    api.depositor.put(f"{parts}/2", data=pieces[1])
    assert api.depositor.get(parts).get_json()["items"][1] == {"number": 2, "size": PART_BYTES, "sha256": None}
    complete = f"/packets/{packet.id}/files/{file['id']}/complete"
    for _ in range(2):
        answer = api.depositor.post(complete, {"sha256": sha256_hex(data)})
        assert answer.status_code == 202
        assert answer.get_json()["state"] == "verifying"
    api.stages.verify_all()
    shown = api.depositor.get(f"/packets/{packet.id}/files/{file['id']}").get_json()
    assert (shown["state"], shown["sha256"], shown["rejected_code"]) == ("verified", sha256_hex(data), None)


def test_a_file_whose_digest_was_another_is_rejected_and_may_be_deleted(api: Api) -> None:
    file = api.stages.planned(api.stages.opened(), size=5)
    path = f"/packets/{file.packet_id}/files/{file.id}"
    api.depositor.put(f"{path}/parts/1", data=b"hello")
    api.depositor.post(f"{path}/complete", {"sha256": sha256_hex(b"other")})
    api.stages.verify_all()
    shown = api.depositor.get(path).get_json()
    assert (shown["state"], shown["rejected_code"]) == ("rejected", "digest_mismatch")
    deleted = api.depositor.delete(path)
    assert (deleted.status_code, deleted.data) == (204, b"")
    assert code_of(api.depositor.get(path)) == (404, "not_found")


def test_an_empty_file_is_a_file(api: Api) -> None:
    packet = api.stages.opened().packet
    nothing = {"CONTENT_LENGTH": "0"}
    shown = api.depositor.put(f"/packets/{packet.id}/content/empty.txt", environ_overrides=nothing).get_json()
    assert (shown["size"], shown["part_count"]) == (0, 1)
    api.stages.verify_all()
    assert api.depositor.post(f"/packets/{packet.id}/close").status_code == 200


def test_a_whole_file_comes_in_one_request_and_may_come_again(api: Api) -> None:
    data = some_bytes(2 * PART_BYTES + 7)
    packet = api.stages.opened().packet
    address = f"/packets/{packet.id}/content/slides/%C3%A9%20A1.svs"
    headers = {"Repr-Digest": f"sha-256=:{b64encode(hashlib.sha256(data).digest()).decode()}:"}
    sent = api.depositor.put(f"{address}?kind=slide", data=data, headers=headers, content_type="image/tiff")
    assert sent.status_code == 201
    file = sent.get_json()
    assert (file["path"], file["kind"], file["media_type"], file["state"]) == (
        "slides/é A1.svs",
        "slide",
        "image/tiff",
        "verifying",
    )
    again = api.depositor.put(address, data=data)
    assert (again.status_code, again.get_json()["id"]) == (201, file["id"])
    assert code_of(api.depositor.put(address, data=data[:-1])) == (409, "path_taken")
    assert code_of(api.depositor.put(address, data=data[:-1] + b"?")) == (409, "path_taken")


def test_what_a_request_says_of_any_bytes_is_no_media_type(api: Api) -> None:
    packet = api.stages.opened().packet
    for name, content_type in (
        ("a", None),
        ("b", "application/octet-stream"),
        ("c", "application/x-www-form-urlencoded"),
    ):
        sent = api.depositor.put(f"/packets/{packet.id}/content/{name}", data=b"x", content_type=content_type)
        assert sent.get_json()["media_type"] is None
        assert sent.get_json()["kind"] == "other"
    odd = api.depositor.put(f"/packets/{packet.id}/content/d", data=b"x", content_type="no type")
    assert code_of(odd) == (422, "invalid")
    assert code_of(api.depositor.put(f"/packets/{packet.id}/content/e?kind=x", data=b"x")) == (422, "invalid")


def test_a_whole_file_with_another_digest_leaves_nothing_behind(api: Api) -> None:
    packet = api.stages.opened().packet
    headers = {"Repr-Digest": f"sha-256=:{b64encode(hashlib.sha256(b'other').digest()).decode()}:"}
    answer = api.depositor.put(f"/packets/{packet.id}/content/a.svs", data=b"hello", headers=headers)
    assert code_of(answer) == (422, "digest_mismatch")
    assert api.depositor.get(f"/packets/{packet.id}").get_json()["files"] == []


def test_an_upload_without_its_length_or_beyond_the_places_is_refused_before_it_begins(api: Api) -> None:
    packet = api.stages.opened().packet
    address = f"/packets/{packet.id}/content/a.svs"
    assert code_of(api.depositor.put(address)) == (411, "length_required")
    with ExitStack() as held:
        for _ in range(2):
            held.enter_context(api.slots.upload())
        answer = api.depositor.put(address, data=b"hello")
        assert code_of(answer) == (503, "busy")
        assert answer.headers["Retry-After"] == "5"
        assert api.depositor.get(f"/packets/{packet.id}").get_json()["files"] == []
    assert api.depositor.put(address, data=b"hello").status_code == 201


def test_closing_gives_a_receipt_that_the_public_key_confirms(api: Api) -> None:
    stage = api.stages.verified()
    answer = api.depositor.post(f"/packets/{stage.packet.id}/close")
    assert answer.status_code == 200
    receipt = answer.get_json()
    assert (receipt["state"], receipt["id"]) == ("closed", str(stage.packet.id))
    verify(receipt["manifest"], receipt["signature"], api.stages.signing_key.public_key_pem())
    assert receipt["key_id"] == api.stages.signing_key.key_id
    listed = [(file["path"], file["sha256"]) for file in receipt["manifest"]["files"]]
    assert listed == sorted((path, sha256_hex(data)) for path, data in stage.contents.items())
    shown = api.privacy_officer.get(f"/packets/{stage.packet.id}/manifest").get_json()
    assert shown == {key: receipt[key] for key in ("manifest", "signature", "key_id")}
    assert api.depositor.post(f"/packets/{stage.packet.id}/close").get_json() == receipt


def test_a_packet_closes_itself_once_its_files_are_verified(api: Api) -> None:
    stage = api.stages.received()
    close = f"/packets/{stage.packet.id}/close"
    assert code_of(api.depositor.post(close)) == (409, "files_unverified")
    waiting = api.depositor.post(close, {"when_verified": True})
    assert (waiting.status_code, waiting.get_json()["state"]) == (202, "closing")
    assert "manifest" not in waiting.get_json()
    assert code_of(api.depositor.put(f"/packets/{stage.packet.id}/content/late.svs", data=b"x")) == (
        409,
        "packet_not_open",
    )
    assert code_of(api.depositor.get(f"/packets/{stage.packet.id}/manifest")) == (409, "packet_not_closed")
    api.stages.verify_all()
    api.stages.journey.close.settle(api.stages.now)
    assert api.depositor.get(f"/packets/{stage.packet.id}/manifest").status_code == 200


def test_an_empty_packet_does_not_close(api: Api) -> None:
    packet = api.stages.opened().packet
    assert code_of(api.depositor.post(f"/packets/{packet.id}/close")) == (409, "packet_empty")


@pytest.mark.parametrize("at_once", [False, True])
def test_a_retired_packet_says_when_it_is_destroyed(api: Api, *, at_once: bool) -> None:
    packet = api.stages.closed().packet
    assert code_of(api.coordinator.post(f"/packets/{packet.id}/retire", {"now": True})) == (403, "not_allowed")
    shown = api.privacy_officer.post(f"/packets/{packet.id}/retire", {"now": at_once}).get_json()
    assert shown["state"] == "retired"
    assert (shown["destroy_at"] == shown["retired_at"]) is at_once
