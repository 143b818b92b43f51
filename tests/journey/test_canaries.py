"""After a real journey nothing of the patient, the files or the secrets stands anywhere that it should not."""

import base64
import json
import secrets
import shutil
import sqlite3
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import pytest

from scripts.http_client import Refused
from scripts.journey import Journey, secret_of
from tests.journey.conftest import machine
from tests.standalone_process import running_standalone
from transfer_service.adapters.keyring import LocalKeyring
from transfer_service.usecases.reach import packet_key_context

NAME = "Zzyzx Kanarienvogel"
RECORD_NUMBER = "MRN-7Q4K9X2M8W"
FILE_NAME = "vogelnest blatt Übersicht.svs"
MARKER = secrets.token_bytes(32)
PUBLIC = {"keyring.json", "settings.toml"}
"""The keys and the store's credentials live here, mode 0600; mail is in the outbox to be read."""


def base64_forms(octets: bytes) -> set[bytes]:
    """What of its base64 stays the same at each of three alignments, whatever stands before and after."""
    forms = set()
    for lead in range(3):
        encoded = base64.b64encode(bytes(lead) + octets).rstrip(b"=")
        inner = encoded[-(-lead * 8 // 6) : (lead + len(octets)) * 8 // 6]
        forms |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return forms


def forms_of(canary: str | bytes) -> set[bytes]:
    """Every encoding that is looked for: raw, base64, hex, URL-encoded, JSON-escaped, UTF-16."""
    octets = canary.encode() if isinstance(canary, str) else canary
    forms = {octets, octets.hex().encode(), octets.hex().upper().encode(), quote(octets, safe="").encode()}
    forms |= base64_forms(octets)
    if isinstance(canary, str):
        forms |= {canary.encode("utf-16-le"), canary.encode("utf-16-be"), json.dumps(canary)[1:-1].encode()}
    return forms


def found(canaries: dict[str, str | bytes], folders: list[Path]) -> list[str]:
    """Where which canary sits: in every file that is not made to hold them."""
    looked_for = [(name, form) for name, canary in canaries.items() for form in forms_of(canary)]
    hits = []
    for path in (path for folder in folders for path in folder.rglob("*") if path.is_file()):
        if path.name in PUBLIC or path.suffix == ".eml":
            continue
        content = path.read_bytes()
        hits += [f"{name} in {path}" for name, form in looked_for if form in content or form in str(path).encode()]
    return hits


@pytest.fixture(scope="module")
def lived(tmp_path_factory, monkeypatch_module):
    """An installation with a whole journey behind it, refusals too, still running; its canaries; where to look."""
    folder = tmp_path_factory.mktemp("canaries")
    temporary = folder / "temporary"
    temporary.mkdir()
    monkeypatch_module.setenv("TMPDIR", str(temporary))
    files = folder / "files" / "vogelnest"
    files.mkdir(parents=True)
    (files / FILE_NAME).write_bytes(bytes(100_000) + MARKER + bytes(20 * 2**20))
    with running_standalone(folder / "data") as standalone:
        journey = Journey(machine(standalone), folder / "files", NAME, RECORD_NUMBER)
        journey.play()
        refusals(journey)
        yield canaries_of(journey), [folder / "data", temporary], standalone
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def monkeypatch_module():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def refusals(journey: Journey) -> None:
    """Calls that fail while they carry canaries: what is refused must not be logged either."""
    service, packet = journey.service, f"/packets/{journey.packet['id']}"
    secret = secret_of(journey.link["url"])
    calls = [
        lambda: service.post("/redeem", secret=secret, challenge_id="not an id", code=NAME),
        lambda: service.post("/patient/challenge", secret=f"{secret_of(journey.patient_url)}x"),
        lambda: service.post("/packets/search", journey.depositor, record_number=RECORD_NUMBER, name=NAME),
        lambda: service.post("/packets", journey.depositor, case={"patient": {"name": NAME}}),
        lambda: service.put_bytes(f"{packet}/content/{quote(FILE_NAME)}", journey.depositor, 32, lambda: MARKER),
        lambda: service.get(f"/packets/{quote(NAME)}", journey.depositor),
        lambda: service.get("/redeemed", f"{journey.depositor}x"),
    ]
    for call in calls:
        with pytest.raises(Refused):
            call()
    service.post("/packets/search", journey.depositor, record_number=RECORD_NUMBER)


def canaries_of(journey: Journey) -> dict[str, str | bytes]:
    secrets_in_text = {
        "link secret": secret_of(journey.link["url"]),
        "patient secret": secret_of(journey.patient_url),
        "access token": journey.redeemed["access_token"],
        "depositor's token": journey.depositor,
        "coordinator's token": journey.coordinator,
        "privacy officer's token": journey.privacy_officer,
    }
    data = journey.standalone.data
    return {
        "patient's name": NAME,
        "record number": RECORD_NUMBER,
        "accession number": f"DEMO-{journey.run}",
        "patient's address": journey.patient_email,
        "file name": FILE_NAME,
        "folder name": "vogelnest",
        "marker in the file": MARKER,
        **secrets_in_text,
        **{f"{name}, decoded": decoded(text) for name, text in secrets_in_text.items()},
        **wrapping_keys(data),
        **packet_keys(data),
    }


def decoded(text: str) -> bytes:
    """The 32 random bytes of a token or a secret."""
    octets = base64.urlsafe_b64decode(text.removeprefix("ts_") + "=")
    assert len(octets) == 32
    return octets


def wrapping_keys(data: Path) -> dict[str, bytes]:
    keys = json.loads((data / "keyring.json").read_text())["keys"]
    return {f"wrapping key {key_id}": base64.urlsafe_b64decode(f"{key}==") for key_id, key in keys.items()}


def packet_keys(data: Path) -> dict[str, bytes]:
    keyring = LocalKeyring(data / "keyring.json")
    with sqlite3.connect(data / "transfer-service.sqlite3") as database:
        rows = database.execute("SELECT id, organization_id, wrapped_key FROM packets").fetchall()
    database.close()
    contexts = [(packet_key_context(UUID(str(org)), UUID(str(packet))), wrapped) for packet, org, wrapped in rows]
    keys = {f"packet key of {c['packet']}": keyring.unwrap(wrapped, c).reveal() for c, wrapped in contexts}
    assert keys
    return keys


def test_no_canary_stands_in_any_file_while_the_service_runs(lived):
    canaries, folders, _ = lived
    assert found(canaries, folders) == []


def test_the_sweep_looks_where_it_should(lived):
    _, (data, _), _ = lived
    names = {path.name for path in data.rglob("*") if path.is_file()}
    assert {
        "serve.log",
        "worker.log",
        "seaweedfs.log",
        "transfer-service.sqlite3",
        "transfer-service.sqlite3-wal",
    } <= names
    assert max(path.stat().st_size for path in (data / "seaweedfs").rglob("*.dat")) > 20 * 2**20


def test_the_mail_that_is_to_be_read_shows_that_secrets_would_be_found(lived):
    canaries, (data, _), _ = lived
    letters = b"".join(path.read_bytes() for path in (data / "outbox").glob("*.eml"))
    assert any(form in letters for form in forms_of(canaries["patient secret"]))


@pytest.mark.parametrize("before", [b"", b"x", b"xy"])
def test_the_sweep_finds_a_planted_canary_however_it_is_written(tmp_path, before):
    canary = {"marker": MARKER, "name": NAME}
    written = [before + text for octets in (MARKER, NAME.encode()) for text in (
        octets, octets.hex().encode(), octets.hex().upper().encode(), quote(octets, safe="").encode())]  # fmt: skip
    written += [base64.b64encode(before + octets + b"after") for octets in (MARKER, NAME.encode())]
    written += [base64.urlsafe_b64encode(before + octets + b"after") for octets in (MARKER, NAME.encode())]
    written += [before + NAME.encode("utf-16-le"), before + NAME.encode("utf-16-be")]
    for number, content in enumerate(written):
        place = tmp_path / str(number) / "some.log"
        place.parent.mkdir()
        place.write_bytes(content)
        assert found(canary, [place.parent]), content


def test_the_sweep_finds_a_canary_in_the_name_of_a_file(tmp_path):
    (tmp_path / f"upload-{RECORD_NUMBER}.tmp").touch()
    assert found({"record number": RECORD_NUMBER}, [tmp_path])


def test_no_canary_is_left_once_the_service_has_stopped(lived):
    canaries, folders, standalone = lived
    standalone.stop()
    assert found(canaries, folders) == []
