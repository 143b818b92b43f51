"""Successors over HTTP: what is new goes into a packet that starts from the closed one."""

from typing import Any
from uuid import UUID

from tests.api.conftest import Api, code_of
from tests.stages import CONTENTS, Stage, sha256_hex
from transfer_service.domain.moments import rfc3339


def successor(api: Api, former: Stage, body: object = None) -> Any:
    answer = api.depositor.post(f"/packets/{former.packet.id}/successor", body)
    assert answer.status_code == 201, answer.data
    return answer.get_json()


def test_a_successor_starts_from_the_packet_and_its_files_come_of_themselves(api: Api) -> None:
    former = api.stages.closed()
    shown = successor(api, former)
    assert (shown["state"], shown["predecessor_id"]) == ("open", str(former.packet.id))
    assert {file["carried_from"] for file in shown["files"]} == {str(file.id) for file in former.files.values()}
    file = f"/packets/{shown['id']}/files/{shown['files'][0]['id']}"
    assert code_of(api.depositor.put(f"{file}/parts/1", data=b"hello")) == (409, "file_not_receiving")
    assert code_of(api.depositor.post(f"{file}/complete")) == (409, "file_not_receiving")
    content = f"/packets/{shown['id']}/content/{shown['files'][0]['path']}"
    assert code_of(api.depositor.put(content, data=b"hello")) == (409, "path_taken")
    while api.stages.journey.carry.next_turn() or api.stages.journey.verify.next_file():
        pass
    files = api.depositor.get(f"/packets/{shown['id']}").get_json()["files"]
    digests = {file["path"]: (file["state"], file["sha256"]) for file in files}
    assert digests == {path: ("verified", sha256_hex(data)) for path, data in CONTENTS.items()}


def test_a_file_that_is_being_carried_can_be_deleted(api: Api) -> None:
    shown = successor(api, api.stages.closed())
    deleted = api.depositor.delete(f"/packets/{shown['id']}/files/{shown['files'][0]['id']}")
    assert deleted.status_code == 204
    assert len(api.depositor.get(f"/packets/{shown['id']}").get_json()["files"]) == len(CONTENTS) - 1


def test_what_is_said_is_otherwise(api: Api) -> None:
    former = api.stages.closed()
    lost = [{"what": "the slides of 2019", "why": "at another hospital"}]
    body = {
        "case": {"question": "And the node?", "specimens": [{"label": "B1"}]},
        "not_included": lost,
        "note": "With the node",
        "file_ids": [str(former.file.id)],
    }
    shown = successor(api, former, body)
    assert (shown["case"]["question"], shown["case"]["specimens"]) == ("And the node?", [{"label": "B1"}])
    assert (shown["case"]["not_included"], shown["note"]) == (lost, "With the node")
    assert shown["case"]["diagnosis"] == former.packet.case.diagnosis
    assert [file["path"] for file in shown["files"]] == [former.file.path]


def test_the_patient_of_a_successor_is_the_same(api: Api) -> None:
    patient = {"name": "Eve Other", "birth_date": "1970-01-01", "record_number": "MRN-1"}
    former = api.stages.closed()
    answer = api.depositor.post(f"/packets/{former.packet.id}/successor", {"case": {"patient": patient}})
    assert code_of(answer) == (422, "invalid")


def test_refusals_have_their_codes(api: Api) -> None:
    former, other = api.stages.closed(), api.stages.verified()
    path = f"/packets/{former.packet.id}/successor"
    assert code_of(api.depositor.post(path, {"file_ids": [str(other.file.id)]})) == (422, "file_unknown")
    assert code_of(api.depositor.post(f"/packets/{other.packet.id}/successor")) == (409, "packet_not_closed")
    api.stages.journey.retire.retire(api.stages.coordinator, former.packet.id, api.stages.now)
    assert code_of(api.depositor.post(path)) == (409, "packet_retired")


def test_the_same_request_again_opens_no_second_successor(api: Api) -> None:
    former = api.stages.closed()
    answers = [
        api.depositor.post(f"/packets/{former.packet.id}/successor", headers={"Idempotency-Key": "once"}).get_json()
        for _ in range(2)
    ]
    assert answers[0] == answers[1]


def test_what_differs_is_shown_by_path(api: Api) -> None:
    former = api.stages.closed({"same": b"1", "gone": b"2", "other": b"3"})
    same = str(former.files["same"].id)
    shown = successor(api, former, {"file_ids": [same]})
    packet = api.stages.journey.deposit.packet(api.stages.coordinator, UUID(shown["id"])).packet
    stage = Stage(packet, {"other": b"4", "new": b"5"})
    api.stages.received(of=stage)
    changes = api.privacy_officer.get(f"/packets/{shown['id']}/changes").get_json()
    assert changes["predecessor_id"] == str(former.packet.id)
    assert [file["path"] for file in changes["added"]] == ["new"]
    assert [file["path"] for file in changes["removed"]] == ["gone"]
    assert changes["unchanged"] == 1
    (changed,) = changes["changed"]
    assert (changed["before"]["sha256"], changed["after"]["sha256"]) == (sha256_hex(b"3"), sha256_hex(b"4"))
    assert set(changed["after"]) == {"id", "path", "kind", "size", "sha256"}


def test_a_packet_that_starts_from_no_other_has_no_changes(api: Api) -> None:
    former = api.stages.closed()
    assert code_of(api.coordinator.get(f"/packets/{former.packet.id}/changes")) == (404, "not_found")


def test_what_a_packet_does_not_hold_is_said_until_it_closes(api: Api) -> None:
    stage = api.stages.verified()
    path, lost = f"/packets/{stage.packet.id}/not-included", [{"what": "slide A9", "why": "lost"}]
    assert api.depositor.put(path, {"items": lost}).get_json()["case"]["not_included"] == lost
    assert api.depositor.put(path, {"items": []}).get_json()["case"]["not_included"] == []
    api.stages.closed(of=stage)
    assert code_of(api.depositor.put(path, {"items": lost})) == (409, "packet_not_open")


def test_the_patient_s_session_tells_what_is_new_since_they_signed(api: Api) -> None:
    former = api.stages.signed()
    stage = api.stages.released(of=api.stages.closed(of=api.stages.carried(former, file_ids=(former.file.id,))))
    asked = api.anyone.post("/patient/challenge", {"secret": stage.letter_secret}).get_json()
    answer = {"secret": stage.letter_secret, "challenge_id": asked["challenge_id"], "birth_date": "1961-02-03"}
    news = api.anyone.post("/patient/session", {**answer, "code": api.stages.code()}).get_json()["news"]
    assert former.release is not None
    assert former.release.signed_at is not None
    assert news["signed_at"] == rfc3339(former.release.signed_at)
    assert (news["added"], len(news["removed"]), news["changed"], news["unchanged"]) == ([], 1, [], 1)
