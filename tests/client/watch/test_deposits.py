"""What a watcher asks of a service: the same of the real one as of the dictionary that stands for it in tests."""

from pathlib import Path
from typing import Any

import pytest

from scripts.journey import in_days
from tests.client.watch.folder import made, seen
from tests.client.watch.scanner import FakeService
from tests.journey.hospital import Hospital, a_case, sha256
from transfer_service.client.deposit.case import packet_draft
from transfer_service.client.deposit.release import Wish
from transfer_service.client.deposit.send import SendOptions
from transfer_service.client.failures import Refused
from transfer_service.client.progress import Silence
from transfer_service.client.service import Service
from transfer_service.client.transport import address_of, connections
from transfer_service.client.watch.deposits import Deposits, Sender


@pytest.fixture(params=["real", "fake"])
def sender(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sender:
    if request.param == "fake":
        return FakeService()
    monkeypatch.setenv("PACKET_STATE_DIR", str(tmp_path / "state"))
    hospital: Hospital = request.getfixturevalue("hospital")
    return real(hospital, tmp_path / "scans", (hospital.recipient()["id"],))


def real(hospital: Hospital, folder: Path, recipients: tuple[str, ...]) -> Deposits:
    address = address_of(hospital.installation.base_url)
    service = Service(address.base_url, connections(address, at_once=2, answer_within_s=60))
    wish = Wish(recipients, "Second opinion", in_days(30))
    options = SendOptions(keep=True)
    return Deposits(
        lambda: service.with_token(hospital.coordinator.token), folder, options, lambda _service: wish, Silence()
    )


def draft() -> dict[str, Any]:
    return packet_draft(a_case("ada@patient.test"))


def test_files_are_added_and_closed_and_the_patient_asked_each_as_often_as_one_likes(sender: Sender, tmp_path: Path):
    folder, case = made(tmp_path / "scans", "a.svs", data=b"a"), draft()
    sender.check()
    first = sender.deposit("k", case, seen(folder))
    assert (first.digests, first.failed, first.is_open) == ({"a.svs": sha256(b"a")}, {}, True)
    made(folder, "b.svs", data=b"b")
    both = {"a.svs": sha256(b"a"), "b.svs": sha256(b"b")}
    second = sender.deposit("k", case, seen(folder))
    assert (second.packet_id, second.digests) == (first.packet_id, both)
    (folder / "a.svs").unlink()
    for _ in range(2):
        receipt = sender.close("k", None, seen(folder))
        assert receipt is not None
        assert {file["path"]: file["sha256"] for file in receipt.manifest["files"]} == both
    made(folder, "c.svs")
    late = sender.deposit("k", case, seen(folder))
    assert (late.is_open, set(late.failed)) == (False, {"c.svs"})
    sender.ask(first.packet_id)
    sender.ask(first.packet_id)
    sender.forget("k")


def test_a_packet_that_nothing_was_sent_in_closes_as_none(sender: Sender):
    assert sender.close("never opened", None, ()) is None


def test_what_was_begun_and_is_gone_leaves_an_empty_packet_which_closes_as_none(
    hospital: Hospital, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PACKET_STATE_DIR", str(tmp_path / "state"))
    folder = made(tmp_path / "scans", "a.svs")
    files, sender = seen(folder), real(hospital, folder, ())
    (folder / "a.svs").write_bytes(b"longer than it was seen")
    assert sender.deposit("k", draft(), files).failed == {"a.svs": "it changed while it was sent"}
    assert sender.close("k", None, ()) is None


def test_a_packet_retired_or_of_another_case_takes_nothing(
    hospital: Hospital, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PACKET_STATE_DIR", str(tmp_path / "state"))
    folder = made(tmp_path / "scans", "a.svs")
    sender, case = real(hospital, folder, ()), draft()
    sender.deposit("k", case, seen(folder))
    for _ in range(2):
        with pytest.raises(Refused, match="another case description"):
            sender.deposit("k", draft(), seen(folder))
    assert sender.deposit("k", case, seen(folder)).is_open
