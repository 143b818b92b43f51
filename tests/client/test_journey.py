"""docs/packet.md is true: its commands, as they stand there, carry slides from a technician's folder to a reviewer's.

The command is that of an installation without the `[server]` extra; the patient signs in between.
"""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.client.command_line import Desk
from tests.journey.hospital import PART, PASSCODE, Hospital, Packet, Release, a_case, sha256

PAGE = Path(__file__).parents[2] / "docs" / "packet.md"
SERVER_PACKAGES = ("alembic", "boto3", "flask", "gunicorn", "marshmallow", "psycopg", "sqlalchemy", "werkzeug")
FILES = {
    "slide.svs": os.urandom(PART + 12345),
    "deep/er/report (signed).pdf": b"%PDF-1.7",
    "empty.txt": b"",
    "schnitt-ü-日本.tiff": os.urandom(1000),
}


def section(title: str, language: str) -> str:
    """The commands of one section of the page."""
    text = PAGE.read_text("utf-8").partition(f"## {title}\n")[2].partition("\n## ")[0]
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


def shell(desk: Desk, folder: Path, commands: str, **environment: str) -> str:
    done = subprocess.run(
        ["bash", "-Eeuo", "pipefail", "-c", f"""trap 'echo "failed: $BASH_COMMAND" >&2' ERR\n{commands}"""],
        cwd=folder, env=desk.env() | environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path, hospital: Hospital) -> Path:
    """A desk with what the page takes for granted."""
    for path, data in FILES.items():
        (tmp_path / "slides" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "slides" / path).write_bytes(data)
    (tmp_path / "token.txt").write_text(f"{hospital.coordinator.token}\n")
    (tmp_path / "passcode.txt").write_text(f"{PASSCODE}\n")
    (tmp_path / "hospital.pem").write_text(hospital.installation.cli("manifest-key")["public_key"])
    return tmp_path


def test_nothing_of_the_server_is_there_and_the_command_says_what_it_can(bare: Path, tmp_path: Path):
    script = f"import importlib.util as u; print([name for name in {SERVER_PACKAGES} if u.find_spec(name)])"
    python = Desk(tmp_path, command=(str(bare.with_name("python")),))
    assert python.packet("-c", script).out == "[]\n"
    said = Desk(tmp_path, command=(str(bare),)).packet("--help")
    assert (said.code, "fetch" in said.out) == (0, True)


def test_what_is_sent_is_what_is_fetched_and_verified(bare: Path, folder: Path, hospital: Hospital):
    desk = Desk(folder / "home", {"PATH": f"{bare.parent}:{os.environ['PATH']}"})
    (folder / "home").mkdir()
    recipient = hospital.recipient()
    hospital.mail._read |= {*(hospital.mail.data / "outbox").glob("*.eml")}
    before, ask, link = section("For a technician", "sh").partition("packet status slides")
    shell(desk, folder, before, SERVICE=hospital.installation.base_url, RECIPIENT=recipient["email"])

    receipt = json.loads((folder / "receipt.json").read_text())["manifest"]
    assert {file["path"]: file["sha256"] for file in receipt["files"]} == {
        path: sha256(data) for path, data in FILES.items()
    }
    packet = Packet(hospital, receipt["packet"], "ada@patient.test")
    (release,) = packet.coordinator.items(f"{packet.url}/releases")
    secret = hospital.mail.await_mail(packet.patient_email, r"(http\S+/r#\S+)").partition("#")[2]
    Release(packet, recipient, release["id"], secret).sign()

    told = shell(desk, folder, ask + link)
    assert "4 verified" in told
    assert "signed" in told
    shell(Desk(folder / "reviewer", desk.environment), folder, section("For a reviewer", "sh"))
    assert {path: (folder / "review" / path).read_bytes() for path in FILES} == FILES


def test_it_is_sent_from_python_in_the_same_way(folder: Path, hospital: Hospital, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PACKET_STATE_DIR", str(folder / "state"))
    given: dict[str, Any] = {
        "service_address": hospital.installation.base_url,
        "token": hospital.coordinator.token,
        "folder": folder / "slides",
        "case": a_case(),
    }
    exec(section("From Python", "python"), given)
    assert {file["path"] for file in given["receipt"].manifest["files"]} == set(FILES)
