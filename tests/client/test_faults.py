"""What goes wrong on the way: it pauses or stops clearly, nothing is lost, and running it again goes on."""

import json
import os
import signal
from pathlib import Path

import psutil
import pytest

from tests.client.command_line import Desk
from tests.client.serve_log import ServeLog
from tests.client.test_kill import large_file
from tests.journey.hospital import MIB, PART, PASSCODE, Hospital, Link, Packet, a_case, sha256
from tests.standalone_process import eventually

SIZE = 12 * PART


@pytest.fixture
def folder(slides, seed: int) -> Path:
    made = slides({"report.pdf": b"%PDF-1.7"})
    large_file(made / "slide.svs", SIZE, seed)
    return made


@pytest.fixture(scope="module")
def link(hospital: Hospital) -> Link:
    """A live link to one slide of some 100 MB in a folder, and a small report."""
    packet = hospital.packet()
    packet.deposit(os.urandom(SIZE), "slides/slide.svs")
    packet.deposit(b"%PDF-1.7", "a-report.pdf")
    return packet.close().released().link()


def url_of(link: Link) -> str:
    return f"{link.release.packet.hospital.installation.base_url}/l#{link.secret}"


def reviewer(tmp_path: Path) -> Desk:
    (tmp_path / "code").write_text(PASSCODE)
    return Desk(tmp_path / "reviewer")


def test_a_service_that_dies_in_mid_upload_only_pauses_it(desk: Desk, folder: Path, hospital: Hospital):
    installation, log = hospital.installation, ServeLog(hospital.installation)
    with desk.running("send", folder, "--json") as sending:
        assert eventually(lambda: log.adopted() >= 2)
        os.kill(installation.pid("serve"), signal.SIGKILL)
        out, err = sending.communicate(timeout=120)
    events = [json.loads(line) for line in out.splitlines()]
    assert sending.returncode == 0, (out, err)
    assert "waiting" in {event["event"] for event in events}
    assert {file["path"] for file in events[-1]["receipt"]["manifest"]["files"]} == {"report.pdf", "slide.svs"}


def test_a_token_revoked_in_mid_upload_stops_it_clearly_and_another_goes_on(
    desk: Desk, folder: Path, hospital: Hospital
):
    installation, log = hospital.installation, ServeLog(hospital.installation)
    words = ("token", "create", "--department", hospital.department_id, "--role", "depositor", "--staff", "Leaving")
    token = installation.cli(*words)
    with desk.with_(TRANSFER_SERVICE_TOKEN=token["token"]).running("send", folder) as sending:
        assert eventually(lambda: log.adopted() >= 1)
        psutil.Process(sending.pid).suspend()
        installation.cli("token", "revoke", token["id"])
        psutil.Process(sending.pid).resume()
        _, err = sending.communicate(timeout=60)
    assert sending.returncode == 4
    assert "packet login" in err
    assert token["token"] not in err
    assert desk.packet("send", folder).code == 0
    assert log.adopted() == SIZE // PART + 1


def test_a_file_that_changes_while_it_is_sent_is_named_and_the_others_go_on(
    desk: Desk, folder: Path, hospital: Hospital
):
    log = ServeLog(hospital.installation)
    (folder / "z.txt").write_bytes(b"after it")
    with desk.running("send", folder, "--json") as sending:
        assert eventually(lambda: log.adopted() >= 2)
        with (folder / "slide.svs").open("r+b") as slide:
            slide.seek(PART)
            slide.write(b"rescanned")
        out, _ = sending.communicate(timeout=60)
    failed = json.loads(out.splitlines()[-1])
    assert sending.returncode == failed["exit_code"] == 6
    assert failed["files"] == {"slide.svs": "it changed while it was sent"}
    again = desk.packet("send", folder, "--json")
    assert again.code == 0, again.out
    sent = {file["path"]: file["sha256"] for file in again.last["receipt"]["manifest"]["files"]}
    assert sent == {path: sha256((folder / path).read_bytes()) for path in ("report.pdf", "slide.svs", "z.txt")}


def test_two_clients_do_not_send_one_folder_at_once(desk: Desk, folder: Path):
    with desk.running("send", folder, "--json") as first:
        assert first.stdout is not None
        while json.loads(first.stdout.readline())["event"] != "begin":
            pass
        psutil.Process(first.pid).suspend()
        second = desk.packet("send", folder)
        psutil.Process(first.pid).resume()
        first.communicate(timeout=60)
    assert (first.returncode, second.code) == (0, 3)
    assert "Another packet command" in second.err


def test_ctrl_c_stops_at_once_and_says_how_to_go_on(desk: Desk, folder: Path, hospital: Hospital):
    log = ServeLog(hospital.installation)
    # What runs in the background of a shell has Ctrl-C ignored, and so has what it starts.
    at_a_terminal = Desk(desk.home, desk.environment, ("env", "--default-signal=INT", *desk.command))
    with at_a_terminal.running("send", folder) as sending:
        assert eventually(lambda: log.adopted() >= 1)
        sending.send_signal(signal.SIGINT)
        _, err = sending.communicate(timeout=10)
    assert sending.returncode == 3
    assert err.splitlines()[-2:] == [
        "Error: Stopped.",
        "Nothing is lost: run the same command again, and it goes on where it stopped.",
    ]


def test_what_was_sent_is_sent_again_neither_by_the_same_command_nor_in_silence(desk: Desk, slides, hospital: Hospital):
    folder, log = slides({"a.svs": b"first", "b.svs": b"second"}), ServeLog(hospital.installation)
    first = desk.packet("send", folder, "--json")
    again = desk.packet("send", folder, "--json")
    assert first.last == again.last
    assert log.adopted() == 2

    (folder / "a.svs").write_bytes(b"rescanned")
    (folder / "c.svs").write_bytes(b"late")
    late = desk.packet("send", folder, "--json")
    assert late.code == 6
    assert set(late.last["files"]) == {"a.svs", "c.svs"}
    assert "is closed" in late.last["message"]
    assert "--new" in late.last["advice"]

    case = json.loads((folder / "case.json").read_text())
    (folder / "case.json").write_text(json.dumps(case | {"accession_number": "S26-another"}))
    other = desk.packet("send", folder)
    assert (other.code, "--new" in other.err) == (1, True)
    new = desk.packet("send", folder, "--new", "--json")
    assert new.code == 0
    assert new.last["packet_id"] != first.last["packet_id"]


def test_a_link_revoked_in_mid_download_stops_it_and_says_whom_to_call(link: Link, tmp_path: Path):
    other, got = link.release.link(), tmp_path / "got"
    desk, part = reviewer(tmp_path), got / "slides" / ".slide.svs.part"
    words = ("fetch", url_of(other), got, "--code-from", tmp_path / "code")
    with desk.running(*words) as fetching:
        while not part.exists() or part.stat().st_size < MIB:
            assert fetching.poll() is None
        psutil.Process(fetching.pid).suspend()
        link.release.packet.coordinator.did(f"/links/{other.id}/revoke", {})
        psutil.Process(fetching.pid).resume()
        _, err = fetching.communicate(timeout=60)
    assert fetching.returncode == 1
    assert f"Ask Pathology of {link.release.packet.hospital.name}" in err
    assert other.secret not in err
    assert (got / "a-report.pdf").read_bytes() == b"%PDF-1.7"
    assert not (got / "slides" / "slide.svs").exists()
    assert desk.packet(*words).code == 1


def test_a_service_that_dies_in_mid_download_only_pauses_it(link: Link, tmp_path: Path):
    installation, got = link.release.packet.hospital.installation, tmp_path / "got"
    desk, part = reviewer(tmp_path), got / "slides" / ".slide.svs.part"
    with desk.running("fetch", url_of(link), got, "--code-from", tmp_path / "code") as fetching:
        while not part.exists() or part.stat().st_size < MIB:
            assert fetching.poll() is None
        psutil.Process(fetching.pid).suspend()
        os.kill(installation.pid("serve"), signal.SIGKILL)
        psutil.Process(fetching.pid).resume()
        _, err = fetching.communicate(timeout=120)
    assert fetching.returncode == 0, err
    assert sha256((got / "slides" / "slide.svs").read_bytes()) == sha256(link.release.packet.files[0].data)


def test_a_full_disk_stops_it_and_room_lets_it_go_on(link: Link, tmp_path: Path):
    desk, got = reviewer(tmp_path), tmp_path / "got"
    words = ("fetch", url_of(link), got, "--code-from", tmp_path / "code")
    # The system's own limit on a file's size: the write in mid-file fails as it does on a full disk.
    small = Desk(desk.home, desk.environment, ("prlimit", f"--fsize={2 * PART}", *desk.command))
    full = small.packet(*words)
    assert (full.code, "no room left" in full.err) == (3, True), full.err
    assert (got / "slides" / ".slide.svs.part").stat().st_size == 2 * PART
    went_on = desk.packet(*words)
    assert went_on.code == 0, went_on.err
    assert sha256((got / "slides" / "slide.svs").read_bytes()) == sha256(link.release.packet.files[0].data)


def test_what_is_there_already_is_neither_fetched_again_nor_overwritten_in_silence(link: Link, tmp_path: Path):
    desk, got = reviewer(tmp_path), tmp_path / "got"
    words = ("fetch", url_of(link), got, "--code-from", tmp_path / "code")
    got.mkdir()
    (got / "a-report.pdf").write_bytes(b"my own notes")
    refused = desk.packet(*words, "--json")
    assert refused.code == 6
    assert set(refused.last["files"]) == {"a-report.pdf"}
    assert (got / "a-report.pdf").read_bytes() == b"my own notes"
    assert (got / "slides" / "slide.svs").exists()
    assert desk.packet(*words, "--overwrite").code == 0
    assert (got / "a-report.pdf").read_bytes() == b"%PDF-1.7"
    assert desk.packet(*words).code == 0


def test_a_wrong_passcode_is_said_and_a_code_by_mail_is_asked_for(link: Link, tmp_path: Path):
    by_code, desk, got = link.release.link_by_code(max_redemptions=1), reviewer(tmp_path), tmp_path / "got"
    wrong = desk.packet("fetch", url_of(by_code), got, "--code-from", tmp_path / "code")
    assert wrong.code == 2
    assert "wrong" in wrong.err
    hospital = link.release.packet.hospital
    hospital.mail.await_mail(link.release.recipient["email"], r"Your code is (\S+)")
    with desk.running("fetch", url_of(by_code), got, told_later=True) as fetching:
        code = hospital.mail.await_mail(link.release.recipient["email"], r"Your code is (\S+)")
        out, err = fetching.communicate(f"{code}\n", timeout=60)
    assert fetching.returncode == 0, (out, err)
    used_up = Desk(tmp_path / "another").packet(
        "fetch", url_of(by_code), tmp_path / "other", "--code-from", tmp_path / "code"
    )
    assert used_up.code == 1
    assert "as often as it may be" in used_up.err


def test_a_release_withdrawn_and_a_wrong_link_are_told_apart(link: Link, tmp_path: Path, hospital: Hospital):
    packet = hospital.packet()
    packet.deposit(b"x", "x.svs")
    release = packet.close().released()
    withdrawn = release.link()
    packet.coordinator.did(f"/releases/{release.id}/withdraw", {})
    desk = reviewer(tmp_path)
    over = desk.packet("fetch", url_of(withdrawn), tmp_path / "got", "--code-from", tmp_path / "code")
    assert (over.code, "withdrawn" in over.err) == (1, True)
    wrong = desk.packet(
        "fetch", url_of(link)[:-5] + "AAAAA", tmp_path / "got", "--code-from", tmp_path / "code", "--json"
    )
    assert (wrong.code, wrong.last["code"]) == (1, "not_found")
    assert wrong.last["request_id"]
    half = desk.packet("fetch", url_of(link)[:-5], tmp_path / "got")
    assert (half.code, link.secret[:20] in half.err) == (2, False)


def test_a_depositor_who_asks_a_patient_learns_before_sending_that_it_takes_a_coordinator(
    desk: Desk, slides, hospital: Hospital
):
    depositor = hospital.staff("depositor")
    folder, log = slides({"a.svs": b"x"}), ServeLog(hospital.installation)
    refused = desk.with_(TRANSFER_SERVICE_TOKEN=str(depositor.token)).packet("send", folder, "--to", "someone")
    assert (refused.code, "coordinator" in refused.err) == (1, True)
    unknown = desk.packet("send", folder, "--to", "nobody@review.test")
    assert (unknown.code, "no recipient called" in unknown.err) == (2, True)
    (folder / "case.json").write_text(json.dumps(a_case()))
    unreachable = desk.packet("send", folder, "--to", "someone")
    assert (unreachable.code, "no e-mail address" in unreachable.err) == (2, True)
    assert log.adopted() == 0


def test_a_packet_that_waits_is_shown_as_it_is(desk: Desk, hospital: Hospital):
    packet: Packet = hospital.packet()
    assert f"Packet {packet.id}: open" in desk.packet("status", packet.id).out
    assert packet.id in desk.packet("status").out
    depositor = str(hospital.staff("depositor").token)
    assert desk.with_(TRANSFER_SERVICE_TOKEN=depositor).packet("status", packet.id).code == 0
    unsigned = desk.packet("link", packet.id)
    assert (unsigned.code, "the patient has signed" in unsigned.err) == (2, True)
    assert desk.packet("status", "no-such-thing").code == 2
