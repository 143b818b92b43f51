"""An opinion over HTTP: put together, sent, received, shared, read."""

import base64
import hashlib

import pytest

from tests.api.conftest import PART_BYTES, code_of
from tests.stages import sha256_hex, some_bytes

SAYS = {"conclusion": "concordant", "summary": "As diagnosed.\nNo invasion."}
NEEDS = {"conclusion": "needs_more_material", "missing": [{"kind": "stain", "what": "HER2 of block A1"}]}


@pytest.fixture
def stage(api):
    return api.stages.redeemed()


@pytest.fixture
def recipient(api, stage):
    return api.recipient(stage)


def begun(recipient):
    answer = recipient.post("/redeemed/opinions", {})
    assert answer.status_code == 201
    return answer.get_json()


def put(recipient, opinion, path, data):
    return recipient.ask("PUT", f"/redeemed/opinions/{opinion['id']}/content/{path}", data=data)


def sent(api, recipient, data=b"a second opinion", says=SAYS):
    """With one file in it."""
    opinion = begun(recipient)
    assert put(recipient, opinion, "opinion.pdf", data).status_code == 201
    api.stages.verify_all()
    answer = recipient.post(f"/redeemed/opinions/{opinion['id']}/send", says)
    assert answer.status_code == 200
    return answer.get_json()


def test_from_the_draft_to_what_the_patient_reads(api, stage, recipient):
    data = some_bytes(2 * PART_BYTES + 7)
    opinion = sent(api, recipient, data)
    assert opinion["return_packet_id"] == opinion["id"]
    (listed,) = api.coordinator.get(f"/packets/{stage.packet.id}/opinions").get_json()["items"]
    assert listed == opinion == api.privacy_officer.get(f"/opinions/{opinion['id']}").get_json()
    assert (listed["conclusion"], listed["summary"], listed["missing"]) == ("concordant", SAYS["summary"], [])
    file = f"/opinions/{opinion['id']}/files/{listed['files'][0]['id']}"
    fetched = api.coordinator.get(file)
    assert fetched.data == data
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    assert fetched.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    assert fetched.headers["Content-Disposition"].startswith("attachment")
    part = api.coordinator.get(file, headers={"Range": "bytes=39990-40010"})
    assert (part.status_code, part.data) == (206, data[39990:40011])

    patient = api.patient(stage)
    assert patient.get("/patient/opinions").get_json()["items"] == []
    assert patient.get(f"/patient{file}").status_code == 404
    assert api.coordinator.post(f"/opinions/{opinion['id']}/share").get_json()["shared_at"]
    (shared,) = patient.get("/patient/opinions").get_json()["items"]
    assert shared.keys() == {"id", "recipient", "conclusion", "summary", "missing", "sent_at", "shared_at", "files"}
    assert patient.get(f"/patient{file}").data == data
    assert patient.ask("HEAD", f"/patient{file}").headers["Content-Length"] == str(len(data))


def test_a_file_comes_by_parts_and_can_be_taken_out(api, recipient):
    opinion, data = begun(recipient), some_bytes(PART_BYTES + 3)
    files = f"/redeemed/opinions/{opinion['id']}/files"
    plan = {"path": "annotated/A1.tiff", "size": len(data), "transport": "gateway"}
    file = recipient.post(files, plan).get_json()
    for number, part in ((2, data[PART_BYTES:]), (1, data[:PART_BYTES])):
        assert recipient.ask("PUT", f"{files}/{file['id']}/parts/{number}", data=part).status_code == 204
    assert len(recipient.get(f"{files}/{file['id']}/parts").get_json()["items"]) == 2
    assert recipient.post(f"{files}/{file['id']}/complete", {"sha256": sha256_hex(data)}).status_code == 202
    api.stages.verify_all()
    (shown,) = recipient.get(f"/redeemed/opinions/{opinion['id']}").get_json()["files"]
    assert (shown["state"], shown["sha256"]) == ("verified", sha256_hex(data))
    assert recipient.delete(f"{files}/{file['id']}").status_code == 204
    assert recipient.get(f"/redeemed/opinions/{opinion['id']}").get_json()["files"] == []


def test_what_a_draft_will_say_is_not_there_yet(recipient):
    opinion = begun(recipient)
    assert opinion["state"] == "draft"
    assert opinion.keys().isdisjoint({"conclusion", "summary", "missing"})
    assert begun(recipient) == opinion
    assert recipient.get("/redeemed/opinions").get_json()["items"] == [opinion]


def test_what_is_missing_is_shown_to_who_is_to_bring_it(api, stage, recipient):
    opinion = sent(api, recipient, says=NEEDS)
    (listed,) = api.coordinator.get(f"/packets/{stage.packet.id}/opinions").get_json()["items"]
    assert listed["missing"] == NEEDS["missing"] == opinion["missing"]


@pytest.mark.parametrize(
    ("says", "refusal"),
    [
        ({}, (422, "invalid")),
        ({"conclusion": "maybe"}, (422, "invalid")),
        ({"conclusion": "needs_more_material", "summary": "More."}, (422, "invalid")),
        ({**SAYS, "missing": NEEDS["missing"]}, (422, "invalid")),
        ({**NEEDS, "missing": [{"kind": "tea", "what": "x"}]}, (422, "invalid")),
        ({**NEEDS, "missing": NEEDS["missing"] * 51}, (422, "invalid")),
        ({**SAYS, "summary": "x" * 20_001}, (422, "invalid")),
        ({"conclusion": "concordant"}, (409, "opinion_empty")),
    ],
)
def test_an_opinion_that_can_not_be_is_refused(recipient, says, refusal):
    path = f"/redeemed/opinions/{begun(recipient)['id']}"
    assert code_of(recipient.post(f"{path}/send", says)) == refusal
    assert recipient.get(path).get_json()["state"] == "draft"


def test_it_is_not_sent_before_its_files_are_verified_nor_twice(api, recipient):
    opinion = begun(recipient)
    put(recipient, opinion, "opinion.pdf", b"late")
    path = f"/redeemed/opinions/{opinion['id']}/send"
    assert code_of(recipient.post(path, SAYS)) == (409, "files_unverified")
    api.stages.verify_all()
    assert recipient.post(path, SAYS).status_code == 200
    assert code_of(recipient.post(path, SAYS)) == (409, "opinion_sent")
    assert code_of(put(recipient, opinion, "more.pdf", b"more")) == (409, "opinion_sent")


def test_a_return_packet_is_none_of_the_department_s_packets(api, stage, recipient):
    opinion = sent(api, recipient)
    assert [packet["id"] for packet in api.coordinator.get("/packets").get_json()["items"]] == [str(stage.packet.id)]
    found = api.coordinator.post("/packets/search", {"accession_number": "S26-1234"}).get_json()["items"]
    assert [packet["id"] for packet in found] == [str(stage.packet.id)]
    assert api.coordinator.get(f"/packets/{opinion['return_packet_id']}").status_code == 404
    retired = api.coordinator.post(f"/packets/{opinion['return_packet_id']}/retire")
    assert retired.get_json()["state"] == "retired"
    file = f"/opinions/{opinion['id']}/files/{opinion['files'][0]['id']}"
    assert code_of(api.coordinator.get(file)) == (409, "packet_retired")


def test_nothing_of_it_stands_in_an_address_or_a_log_entry(api, recipient):
    sent(api, recipient, says={"conclusion": "discordant", "summary": "Zebra"})
    entries = api.privacy_officer.get("/audit").get_data(as_text=True)
    assert "opinion.sent" in entries
    for said in ("discordant", "Zebra", "opinion.pdf"):
        assert said not in entries
