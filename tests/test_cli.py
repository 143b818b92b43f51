"""What operators run, on an installation of the test's own; with a running one see test_standalone."""

import json
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from tests.databases import SqliteKept
from tests.stages import ORIGIN, recipient_draft
from transfer_service.adapters.database import SqlDatabase
from transfer_service.adapters.keyring import LocalKeyring
from transfer_service.cli import main
from transfer_service.domain.people import RecipientKind
from transfer_service.errors import Unavailable
from transfer_service.identity.bearer import Bearers
from transfer_service.usecases.recipients import Recipients

SETTINGS = """\
s3_endpoint_url = "http://127.0.0.1:9"
s3_access_key_id = "id"
s3_secret_access_key = "word"
"""


def cli(*words: str) -> Result:
    return CliRunner().invoke(main, words, catch_exceptions=False)


@pytest.fixture
def installation(tmp_path, monkeypatch, unmigrated) -> Path:
    """A migrated installation; TRANSFER_SERVICE_DATA names it, and the next a database on a server."""
    if not isinstance(unmigrated, SqliteKept):
        monkeypatch.setenv("TRANSFER_SERVICE_DATABASE_URL", unmigrated.url)
    (tmp_path / "settings.toml").write_text(SETTINGS)
    (tmp_path / "settings.toml").chmod(0o600)
    LocalKeyring.create(tmp_path / "keyring.json")
    monkeypatch.setenv("TRANSFER_SERVICE_DATA", str(tmp_path))
    assert cli("migrate").exit_code == 0
    return tmp_path


def answer(*words: str):
    result = cli(*words, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture
def department(installation) -> str:
    assert installation.is_dir()
    organization = answer("organization", "create", "St. Agatha")["id"]
    return answer("department", "create", "--organization", organization, "Pathology", "--contact", "ring 4711")["id"]


@pytest.mark.usefixtures("installation")
def test_an_organization_a_department_and_a_token_are_made_in_json():
    organization = answer("organization", "create", "St. Agatha")
    assert set(organization) == {"id"}
    department = answer("department", "create", "--organization", organization["id"], "Pathology")
    assert set(department) == {"id"}
    token = answer("token", "create", "--department", department["id"], "--role", "coordinator")
    assert set(token) == {"id", "token"}
    assert token["token"].startswith("ts_")


def test_the_same_is_said_in_words(department):
    result = cli("token", "create", "--department", department, "--role", "depositor", "--staff", "M. Weaver")
    assert "ts_" in result.stdout
    assert "not shown again" in result.stdout


def test_a_department_takes_requests_for_slides_once_it_is_switched_on_and_until_it_is_switched_off(department):
    address = f"http://127.0.0.1:8080/ask/{department}"
    on = answer("department", "set", department, "--requests", "on")
    assert on == {"id": department, "requests": "on", "treatment": "off", "address": address}
    assert f"/ask/{department}" in cli("department", "set", department).output
    assert answer("department", "set", "--requests", "off", department)["address"] is None
    assert "Pathology: requests off, treatment off." in cli("department", "set", department).output


def test_tokens_are_listed_without_what_opens_anything(department):
    made = answer("token", "create", "--department", department, "--role", "privacy_officer")
    (listed,) = answer("token", "list")["items"]
    assert (listed["id"], listed["role"], listed["staff"]) == (made["id"], "privacy_officer", "privacy_officer")
    assert listed["revoked_at"] is None
    assert "ts_" not in cli("token", "list").stdout
    head, row = cli("token", "list").stdout.splitlines()
    assert row.startswith(made["id"])
    assert row.index("privacy_officer") == head.index("role")
    assert "None" not in row


def test_a_revoked_token_is_listed_as_revoked(department):
    made = answer("token", "create", "--department", department, "--role", "admin")
    assert answer("token", "revoke", made["id"]) == {"id": made["id"]}
    assert answer("token", "list")["items"][0]["revoked_at"] is not None


def test_a_member_of_staff_is_invited_listed_invited_again_and_disabled(department):
    words = ("--department", department, "--role", "admin", "--role", "coordinator", "--email", "Ann@hospital.test")
    made = answer("staff", "invite", *words, "Ann Steward")
    assert made["url"].startswith("http://127.0.0.1:8080/staff/enrol#")
    (listed,) = answer("staff", "list")["items"]
    assert (listed["id"], listed["name"], listed["email"]) == (made["id"], "Ann Steward", "ann@hospital.test")
    assert (listed["roles"], listed["disabled_at"]) == ("coordinator admin", None)
    assert made["url"].partition("#")[2] not in cli("staff", "list").stdout
    assert answer("staff", "invite-again", made["id"])["url"] != made["url"]
    assert "not shown again" in cli("staff", "invite-again", made["id"]).stdout
    assert answer("staff", "disable", made["id"]) == {"id": made["id"]}
    assert answer("staff", "list")["items"][0]["disabled_at"] is not None


def test_whom_nobody_can_invite_is_said_in_one_line(department):
    words = ("staff", "invite", "--department", department, "--role", "admin", "--email")
    assert cli(*words, "no address", "Ann").stderr == "Error: That is not one e-mail address.\n"
    unknown = cli("staff", "disable", "00000000-0000-4000-8000-000000000000")
    assert (unknown.exit_code, unknown.stderr) == (1, "Error: There is no member of that id.\n")
    assert "Nobody was invited yet." in cli("staff", "list").stdout


@pytest.mark.usefixtures("installation")
def test_an_unknown_organization_is_named_as_what_is_wrong():
    result = cli("department", "create", "--organization", "00000000-0000-4000-8000-000000000000", "Pathology")
    assert result.exit_code == 1
    assert result.stderr == "Error: There is no organization of that id.\n"


def test_a_department_is_switched_on_and_off_for_treatment(department):
    for word in ("on", "on", "off"):
        assert answer("department", "set", department, "--treatment", word)["treatment"] == word
    assert "treatment on" in cli("department", "set", department, "--treatment", "on").stdout
    unknown = cli("department", "set", "00000000-0000-4000-8000-000000000000", "--treatment", "on")
    assert (unknown.exit_code, unknown.stderr) == (1, "Error: There is no department of that id.\n")


@pytest.mark.usefixtures("installation")
def test_no_tokens_is_an_answer_too():
    assert "no tokens" in cli("token", "list").stdout


@pytest.mark.usefixtures("installation")
def test_the_manifest_key_is_shown_and_stays_the_same():
    key = answer("manifest-key")
    assert key["public_key"].startswith("-----BEGIN PUBLIC KEY-----")
    assert len(key["key_id"]) == 16
    assert answer("manifest-key") == key
    assert key["key_id"] in cli("manifest-key").stdout


def test_data_wins_over_the_environment(installation, monkeypatch):
    monkeypatch.setenv("TRANSFER_SERVICE_DATA", "/nowhere")
    assert cli("organization", "create", "St. Agatha").exit_code == 1
    assert cli("organization", "create", "St. Agatha", "--data", str(installation)).exit_code == 0
    monkeypatch.setenv("TRANSFER_SERVICE_CONFIG", "/nowhere")
    assert cli("token", "list", "--data", str(installation)).exit_code == 0


@pytest.mark.usefixtures("department")
def test_the_audit_log_verifies():
    assert answer("audit", "verify")["entries"] == 2
    assert "All 2 entries hold" in cli("audit", "verify").stdout


@pytest.mark.usefixtures("department")
def test_a_changed_audit_entry_is_named(unmigrated):
    unmigrated.drop_triggers()
    unmigrated.execute("UPDATE audit_entries SET action = 'organization.closed' WHERE seq = 1")
    result = cli("audit", "verify")
    assert result.exit_code == 1
    assert "entry 1" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    "words",
    [
        ("department", "create", "--organization", str(uuid4()), "Pathology"),
        ("token", "create", "--department", str(uuid4()), "--role", "admin"),
        ("department", "set", str(uuid4()), "--requests", "on"),
        ("token", "revoke", str(uuid4())),
        ("organization", "create", " "),
        ("organization", "create", "a\nb\x00"),
    ],
)
@pytest.mark.usefixtures("installation")
def test_a_mistake_is_one_line_and_exit_1(words):
    result = cli(*words)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("token", "create", "--department", "not-an-id", "--role", "admin"),
        ("department", "set", str(uuid4()), "--requests", "perhaps"),
        ("token", "create", "--department", str(uuid4()), "--role", "owner"),
        ("token", "create"),
        ("organization", "create"),
        ("standalone", "--port", "70000", "--data", "x"),
        ("nothing",),
    ],
)
@pytest.mark.usefixtures("installation")
def test_a_wrong_command_line_is_exit_2(words):
    assert cli(*words).exit_code == 2


def test_standalone_asks_for_a_folder(monkeypatch):
    monkeypatch.delenv("TRANSFER_SERVICE_DATA", raising=False)
    assert cli("standalone").exit_code == 2


def test_without_any_settings_it_says_what_to_set(monkeypatch):
    monkeypatch.delenv("TRANSFER_SERVICE_DATA", raising=False)
    result = cli("serve")
    assert result.exit_code == 1
    assert "--data" in result.stderr


def test_a_database_that_is_not_there_is_refused(unmigrated, installation):
    assert installation.is_dir()
    unmigrated.take_away()
    result = cli("token", "list")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


@pytest.mark.sqlite
def test_the_database_is_made_for_its_owner_alone(installation):
    assert stat.S_IMODE((installation / "transfer-service.sqlite3").stat().st_mode) == 0o600


@pytest.mark.usefixtures("installation")
def test_it_runs_as_a_module_and_a_mistake_is_no_traceback():
    command = [sys.executable, "-m", "transfer_service.cli", "token", "revoke", str(uuid4())]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: There is no token of that id.\n"


@pytest.mark.usefixtures("installation")
def test_an_operator_is_told_what_the_log_would_be_told(monkeypatch):
    away = Unavailable()
    away.reason = "AWS KMS answered NotFoundException to Decrypt."

    def joined(_parts: object) -> None:
        raise away

    monkeypatch.setattr("transfer_service.cli.operator.joined", joined)
    assert cli("token", "list").stderr == f"Error: {Unavailable.message} {away.reason}\n"


def test_with_kms_there_is_no_keyring_file_to_make(installation, monkeypatch):
    monkeypatch.setenv("TRANSFER_SERVICE_KEYRING", "kms")
    monkeypatch.setenv("TRANSFER_SERVICE_KMS_KEY_ID", "1234abcd-12ab-34cd-56ef-1234567890ab")
    (installation / "keyring.json").unlink()
    result = cli("keyring", "create")
    assert result.exit_code == 1
    assert "Make the key in AWS KMS" in result.stderr
    assert not (installation / "keyring.json").exists()


def test_a_keyring_is_made_once_and_for_its_owner_alone(installation):
    before = (installation / "keyring.json").read_bytes()
    assert cli("keyring", "create").exit_code == 1
    assert (installation / "keyring.json").read_bytes() == before
    (installation / "keyring.json").unlink()
    path = Path(answer("keyring", "create")["path"])
    assert path == installation / "keyring.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_token_is_of_a_member_of_staff_or_of_a_review_service_and_never_of_both(department):
    for command in (
        ("--department", department, "--role", "admin", "--recipient", str(uuid4())),
        ("--recipient", str(uuid4()), "--staff", "M. Weaver"),
        ("--department", department),
    ):
        result = cli("token", "create", *command)
        assert (result.exit_code, "Say whose it is" in result.output) == (2, True)
    assert cli("token", "create", "--recipient", str(uuid4())).exit_code == 1


def test_a_review_service_s_token_is_made_listed_and_revoked_and_a_person_has_none(
    department, installation, unmigrated
):
    token = answer("token", "create", "--department", department, "--role", "coordinator")["token"]
    database = SqlDatabase(unmigrated.url, LocalKeyring(installation / "keyring.json"))
    coordinator = Bearers(database).actor(token, ORIGIN, datetime.now(UTC))
    person, service = (
        Recipients(database).add(coordinator, recipient_draft(name="Remote Review", kind=kind), datetime.now(UTC))
        for kind in (RecipientKind.PERSON, RecipientKind.SERVICE)
    )
    database.dispose()
    made = answer("token", "create", "--recipient", str(service.id))
    (listed,) = [each for each in answer("token", "list")["items"] if each["id"] == made["id"]]
    assert (listed["role"], listed["recipient"], listed["staff"]) == ("service", "Remote Review", None)
    assert answer("token", "revoke", made["id"]) == {"id": made["id"]}
    refused = cli("token", "create", "--recipient", str(person.id))
    assert (refused.exit_code, "is a person" in refused.stderr) == (1, True)
