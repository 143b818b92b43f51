"""What was acknowledged is kept, whatever dies."""

import shutil

import pytest

from scripts.http_client import deposit_file
from scripts.journey import Journey, local_files
from tests.journey.conftest import machine


@pytest.fixture
def killable(new_standalone, tmp_path):
    """An installation of one's own."""
    with new_standalone(tmp_path / "data").running() as installation:
        yield installation
    shutil.rmtree(tmp_path / "data")


def killed_and_started_again(standalone, journey):
    """kill -9 of every process at once, then a new start over the same folder."""
    standalone.kill_everything()
    standalone.start()
    journey.standalone = machine(standalone)
    journey.service = journey.standalone.service


def folder_with(tmp_path, shared_data):
    folder = tmp_path / "files"
    folder.mkdir()
    for name in ("svs/CMU-1-Small-Region.svs", "ndpi/test3-TRITC 2 (560).ndpi"):
        shutil.copy(shared_data / name, folder)
    (folder / "many parts.tiff").write_bytes(bytes(range(256)) * (40 * 2**20 // 256))
    return folder


def test_a_closed_packet_survives_kill_9_of_everything_and_verifies(killable, tmp_path, shared_data):
    journey = Journey(machine(killable), folder_with(tmp_path, shared_data))
    for step in (journey.enrol, journey.open_packet, journey.deposit, journey.close):
        step()
    manifest = journey.service.get(f"/packets/{journey.packet['id']}/manifest", journey.depositor)
    killed_and_started_again(killable, journey)
    assert journey.service.get(f"/packets/{journey.packet['id']}/manifest", journey.depositor) == manifest
    rest = (journey.ask_the_patient, journey.sign, journey.issue, journey.redeem)
    for step in (*rest, journey.download, journey.account, journey.verify):
        step()
    assert len(journey.originals) == 3


def test_acknowledged_parts_need_not_be_sent_again_after_a_kill(killable, tmp_path, shared_data):
    journey = Journey(machine(killable), folder_with(tmp_path, shared_data))
    journey.enrol()
    journey.open_packet()
    (file,) = [file for file in local_files(journey.folder) if file.path == "many parts.tiff"]
    with pytest.raises(InterruptedError):
        deposit_file(DiesBefore(journey.service, "/complete"), journey.depositor, journey.packet["id"], file)
    killed_and_started_again(killable, journey)
    (planned,) = journey.service.get(f"/packets/{journey.packet['id']}", journey.depositor)["files"]
    url = f"/packets/{journey.packet['id']}/files/{planned['id']}"
    arrived = journey.service.get(f"{url}/parts", journey.depositor)["items"]
    assert [part["number"] for part in arrived] == [1, 2, 3]
    journey.service.post(f"{url}/complete", journey.depositor)
    journey.close()
    assert journey.packet["state"] == "closed"
    assert journey.packet["files"][0]["sha256"] == file.sha256


class DiesBefore:
    """A client that dies before its first POST to a path that ends so."""

    def __init__(self, service, ending):
        self._service, self._ending = service, ending

    def post(self, path, token=None, /, **fields):
        if path.endswith(self._ending):
            raise InterruptedError
        return self._service.post(path, token, **fields)

    def __getattr__(self, name):
        return getattr(self._service, name)
