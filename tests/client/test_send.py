"""Send, against a running installation."""

import os

from tests.client.command_line import Desk
from tests.journey.hospital import PART, sha256


def test_a_folder_becomes_a_closed_packet_with_every_file_as_it_was(desk: Desk, slides, hospital):
    files = {
        "slide.svs": os.urandom(PART + 12345),
        "deep/er/report (signed).pdf": b"%PDF-1.7",
        "empty.txt": b"",
        "schnitt-ü-日本.tiff": os.urandom(1000),
    }
    ended = desk.packet("send", slides(files), "--json")
    assert ended.code == 0, (ended.out, ended.err)
    packet = hospital.coordinator.shown(f"/packets/{ended.last['packet_id']}")
    assert packet["state"] == "closed"
    assert {file["path"]: file["sha256"] for file in packet["files"]} == {
        path: sha256(data) for path, data in files.items()
    }
