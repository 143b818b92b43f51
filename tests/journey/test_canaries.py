"""After a real journey nothing of the patient, the files or the secrets stands anywhere that it should not."""

import base64
import json
import secrets
import shutil
import tomllib
from datetime import date
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import pytest
import urllib3

from scripts.http_client import Refused
from scripts.journey import Journey, in_days, secret_of
from tests.databases import Kept, PostgresqlDatabases, SqliteKept
from tests.fixtures_kms import INSTALLATIONS
from tests.journey.canary_sweep import forms_of, found
from tests.journey.conftest import machine
from tests.postgresql_server import running_postgresql
from tests.salts import check_stored_salts
from tests.standalone_process import eventually
from transfer_service.adapters.database.seals import records_context
from transfer_service.app import keyring_of
from transfer_service.sealing.keys import derive_key, file_key
from transfer_service.settings import load_settings
from transfer_service.usecases.reach import packet_key_context

NAME = "Zzyzx Kanarienvogel"
RECORD_NUMBER = "MRN-7Q4K9X2M8W"
SAID = "Kanarienvogel im Hauptbefund"
FILE_NAME = "vogelnest blatt Übersicht.svs"
MARKER = secrets.token_bytes(32)
SCANNED = secrets.token_bytes(32)
SIGNED_BY = "Xaver Papierkanarie"
NOTE = "Zilpzalp rief an"
BIRTH_DATE = date(1911, 11, 19)
"""No clock of a test shows it: written so, it stands nowhere by chance."""


@pytest.fixture(scope="module")
def lived(server_of_its_own, new_standalone, tmp_path_factory, monkeypatch_module):
    """An installation with a whole journey behind it, refusals too, still running; its canaries; where to look."""
    folder = tmp_path_factory.mktemp("canaries")
    temporary = folder / "temporary"
    temporary.mkdir()
    monkeypatch_module.setenv("TMPDIR", str(temporary))
    monkeypatch_module.setattr("scripts.journey.BIRTH_DATE", BIRTH_DATE)
    files = folder / "files" / "vogelnest"
    files.mkdir(parents=True)
    (files / FILE_NAME).write_bytes(bytes(100_000) + MARKER + bytes(20 * 2**20))
    installation, elsewhere = new_standalone(folder / "data"), []
    if server_of_its_own is not None:
        installation.kept = PostgresqlDatabases(server_of_its_own).empty(folder)
        elsewhere = [server_of_its_own.folder]
    with installation.running() as standalone:
        journey = Journey(machine(standalone), folder / "files", NAME, RECORD_NUMBER)
        journey.play()
        paper(journey, standalone.base_url)
        answer(journey)
        refusals(journey)
        yield canaries_of(journey, standalone.kept), [folder / "data", temporary, *elsewhere], standalone
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def server_of_its_own(request):
    """A PostgreSQL on which nobody else leaves anything, so that all of it can be looked at; None on SQLite."""
    if request.config.getoption("--database") == "sqlite":
        yield None
        return
    with running_postgresql(request.getfixturevalue("postgresql").programs) as server:
        yield server


@pytest.fixture(scope="module")
def monkeypatch_module():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def paper(journey: Journey, base_url: str) -> None:
    """Another release, signed on paper and withdrawn by phone, with canaries in the scan and in what staff write."""
    service, coordinator, officer = journey.service, journey.coordinator, journey.privacy_officer
    asked = service.post(
        f"/packets/{journey.packet['id']}/releases",
        coordinator,
        grants=[{"recipient_id": journey.recipient["id"]}],
        purpose="Second opinion",
        expires_at=in_days(30),
        basis="authorization",
        signing="paper",
    )
    path = f"/releases/{asked['id']}"
    scan = b"%PDF-1.7" + SCANNED
    headers = {"Authorization": f"Bearer {coordinator}", "Content-Type": "application/pdf"}
    sent = urllib3.request("PUT", f"{base_url}/api/v1{path}/paper", body=scan, headers=headers)
    read = {"signature_name": SIGNED_BY, "signer": "patient", "signed_on": asked["requested_at"][:10]}
    service.post(f"{path}/paper/confirm", officer, document_sha256=sent.json()["document_sha256"], **read)
    service.post(f"{path}/withdraw", coordinator, told_by="phone", note=NOTE)


def answer(journey: Journey) -> None:
    """An opinion that names the patient, with a file that is called as theirs is; shared, and told by mail."""
    service, token = journey.service, journey.redeemed["access_token"]
    opinion = service.post("/redeemed/opinions", token)["id"]
    own = f"/redeemed/opinions/{opinion}"
    service.put_bytes(f"{own}/content/{quote(FILE_NAME)}", token, 32, lambda: MARKER)
    assert eventually(lambda: service.get(own, token)["files"][0]["state"] == "verified")
    missing = [{"kind": "slide", "what": SAID}]
    service.post(f"{own}/send", token, conclusion="needs_more_material", summary=f"{NAME}: {SAID}", missing=missing)
    service.post(f"/opinions/{opinion}/share", journey.coordinator)


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


def ticket_of(journey: Journey) -> str:
    """The secret of a ticket that was used, in the right way and in wrong ones."""
    url = journey.service.post("/redeemed/archive/ticket", journey.redeemed["access_token"])["url"]
    for path, method, headers in (
        (url, "GET", {}),
        (url, "HEAD", {"Accept": "text/html"}),
        (url, "POST", {}),
        (url, "GET", {"Range": "bytes=0-1,3-4"}),
        (f"{url}/x", "GET", {"Accept": "text/html"}),
        (f"{url}x", "GET", {"Accept": "text/html"}),
    ):
        urllib3.request(method, path, headers=headers, retries=False)
    return str(url.rpartition("/")[2])


def patient_session(journey: Journey, secret: str) -> str:
    """The token of a patient who answers one more letter."""
    answer = {
        "secret": secret,
        "challenge_id": journey.service.post("/patient/challenge", secret=secret)["challenge_id"],
        "birth_date": BIRTH_DATE.isoformat(),
        "code": journey.standalone.await_mail(journey.patient_email, r"Your code is (\S+)"),
    }
    return str(journey.service.post("/patient/session", **answer)["access_token"])


def canaries_of(journey: Journey, kept: Kept) -> dict[str, str | bytes]:
    another_secret = secret_of(journey.another_letter())
    secrets_in_text = {
        "link secret": secret_of(journey.link["url"]),
        "patient secret": secret_of(journey.patient_url),
        "another patient secret": another_secret,
        "patient's token": patient_session(journey, another_secret),
        "recipient's token": journey.redeemed["access_token"],
        "ticket": ticket_of(journey),
        "depositor's token": journey.depositor,
        "coordinator's token": journey.coordinator,
        "privacy officer's token": journey.privacy_officer,
    }
    data = journey.standalone.data
    return {
        "patient's name": NAME,
        "record number": RECORD_NUMBER,
        "accession number": f"DEMO-{journey.run}",
        "birth date": BIRTH_DATE.isoformat(),
        "patient's address": journey.patient_email,
        "reviewer's address": journey.reviewer_email,
        "file name": FILE_NAME,
        "folder name": "vogelnest",
        "marker in the file": MARKER,
        "marker in the scan": SCANNED,
        "name on the paper": SIGNED_BY,
        "note of a withdrawal": NOTE,
        "what the opinion says": SAID,
        **secrets_in_text,
        **{f"{name}, decoded": decoded(text) for name, text in secrets_in_text.items()},
        **wrapping_keys(data),
        **wrapped_keys(data, kept),
        **s3_secret(data),
    }


def decoded(text: str) -> bytes:
    """The 32 random bytes of a token or a secret."""
    octets = base64.urlsafe_b64decode(text.removeprefix("ts_") + "=")
    assert len(octets) == 32
    return octets


def wrapping_keys(data: Path) -> dict[str, bytes]:
    if not (data / "keyring.json").exists():
        return {}  # with --keys kms the wrapping key is nowhere to be found
    keys = json.loads((data / "keyring.json").read_text())["keys"]
    return {f"wrapping key {key_id}": base64.urlsafe_b64decode(f"{key}==") for key_id, key in keys.items()}


def wrapped_keys(data: Path, kept: Kept) -> dict[str, bytes]:
    """Every key that the database holds wrapped, and what is derived from some of them."""
    keyring = keyring_of(load_settings({**INSTALLATIONS, "TRANSFER_SERVICE_DATA": str(data)}))
    organizations = kept.query("SELECT id, wrapped_records_key FROM organizations")
    installation = kept.query("SELECT purpose, wrapped FROM service_keys")
    packets = kept.query("SELECT id, organization_id, wrapped_key FROM packets")
    files = kept.query("SELECT id, packet_id FROM packet_files")
    records = {
        f"records key of {each}": keyring.unwrap(key, records_context(UUID(str(each)))) for each, key in organizations
    }
    own = {f"{purpose} key": keyring.unwrap(key, {"purpose": purpose}) for purpose, key in installation}
    of_packets = {
        packet: keyring.unwrap(key, packet_key_context(UUID(str(organization)), UUID(str(packet))))
        for packet, organization, key in packets
    }
    of_files = {f"file key of {file}": file_key(of_packets[packet], UUID(str(file))) for file, packet in files}
    assert records
    assert of_files
    assert own.keys() == {"service key", "manifest key"}
    pages = {"key of the pages' cookies": derive_key(own["service key"], "page-sessions")}
    named = {f"packet key of {packet}": key for packet, key in of_packets.items()} | records | own | of_files | pages
    return {name: key.reveal() for name, key in named.items()}


def s3_secret(data: Path) -> dict[str, str | bytes]:
    secret = tomllib.loads((data / "settings.toml").read_text())["s3_secret_access_key"]
    return {"S3 secret": secret, "S3 secret, decoded": bytes.fromhex(secret)}


def test_no_canary_stands_in_any_file_while_the_service_runs(lived):
    canaries, folders, _ = lived
    assert found(canaries, folders) == []


@pytest.mark.postgresql
def test_no_canary_stands_in_any_table_read_as_the_server_reads_it(lived, tmp_path):
    canaries, _, standalone = lived
    (tmp_path / "tables").write_bytes(standalone.kept.octets())  # whatever was compressed is not any more
    assert [hit for hit in found(canaries, [tmp_path]) if not hit.startswith("reviewer's address")] == []
    assert found(canaries, [tmp_path]), "the search itself must work"


def test_the_sweep_looks_where_it_should(lived):
    _, (data, _, *elsewhere), standalone = lived
    names = {path.name for path in data.rglob("*") if path.is_file()}
    assert {"serve.log", "worker.log", "seaweedfs.log"} <= names
    if isinstance(standalone.kept, SqliteKept):
        assert {"transfer-service.sqlite3", "transfer-service.sqlite3-wal"} <= names
    else:
        assert (elsewhere[0] / "data" / "pg_wal").is_dir()
    assert max(path.stat().st_size for path in (data / "seaweedfs").rglob("*.dat")) > 20 * 2**20


def test_the_mail_that_is_to_be_read_shows_that_secrets_would_be_found(lived):
    canaries, (data, *_), _ = lived
    letters = b"".join(path.read_bytes() for path in (data / "outbox").glob("*.eml"))
    assert any(form in letters for form in forms_of(canaries["patient secret"]))


def test_a_canary_is_at_home_in_its_own_file_alone(tmp_path):
    (tmp_path / "settings.toml").write_text(f's3_secret_access_key = "ab12"  # {NAME}')
    (tmp_path / "keyring.json").write_text("ab12")
    hits = found({"S3 secret": "ab12", "name": NAME}, [tmp_path])
    assert {*hits} == {f"S3 secret in {tmp_path}/keyring.json", f"name in {tmp_path}/settings.toml"}


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
    check_stored_salts(standalone.store())
    standalone.stop()
    assert found(canaries, folders) == []
