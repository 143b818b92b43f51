"""From a technician's folder to a reviewer's, by the command alone; the patient signs in between.

The command is that of an installation without the `[server]` extra.
"""

import json
import os
from pathlib import Path

from tests.client.command_line import Desk
from tests.journey.hospital import PART, PASSCODE, Hospital, Packet, Release


def test_nothing_of_the_server_is_there_and_the_command_says_what_it_can(bare: Path, tmp_path: Path):
    script = "import importlib.util as u; print([n for n in {'flask','sqlalchemy','boto3','marshmallow','gunicorn','alembic','psycopg'} if u.find_spec(n)])"
    python = Desk(tmp_path, command=(str(bare.with_name("python")),))
    assert python.packet("-c", script).out == "[]\n"
    help_said = Desk(tmp_path, command=(str(bare),)).packet("--help")
    assert (help_said.code, "fetch" in help_said.out) == (0, True)


def test_what_is_sent_is_what_is_fetched_and_verified(
    bare: Path, desk: Desk, slides, hospital: Hospital, tmp_path: Path
):
    desk = Desk(desk.home, desk.environment, (str(bare),))
    files = {
        "slide.svs": os.urandom(PART + 12345),
        "deep/er/report (signed).pdf": b"%PDF-1.7",
        "empty.txt": b"",
        "schnitt-ü-日本.tiff": os.urandom(1000),
    }
    recipient, email = hospital.recipient(), "patient-of-the-journey@patient.test"
    folder = slides(files, email)

    sent = desk.packet("send", folder, "--to", recipient["email"], "--receipt", tmp_path / "receipt.json", "--json")
    assert sent.code == 0, (sent.out, sent.err)
    packet = Packet(hospital, sent.last["packet_id"], email)
    assert packet.shown()["state"] == "closed"
    assert json.loads((tmp_path / "receipt.json").read_text())["manifest"]["packet"] == packet.id

    secret = hospital.mail.await_mail(email, r"(http\S+/r#\S+)").partition("#")[2]
    Release(packet, recipient, sent.last["release_id"], secret).sign()
    made = desk.packet("link", folder, "--passcode", told=PASSCODE)
    assert made.code == 0, made.err
    status = desk.packet("status", folder)
    assert "4 verified" in status.out
    assert "signed" in status.out
    assert "live" in status.out

    reviewer, got = Desk(tmp_path / "reviewer", command=(str(bare),)), tmp_path / "got"
    fetched = reviewer.packet("fetch", "-", got, "--json", told=f"{made.out.strip()}\n{PASSCODE}\n")
    assert fetched.code == 0, (fetched.out, fetched.err)
    assert {path: (got / path).read_bytes() for path in files} == files

    key = tmp_path / "key.pem"
    key.write_text(hospital.installation.cli("manifest-key")["public_key"])
    assert reviewer.packet("verify", got, "--key", key).code == 0
    assert reviewer.packet("verify", got).code == 7
