"""The joining place, with a real database and a real keyring in a folder of the test's."""

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace

import boto3
import pytest
from moto import mock_aws

from tests.fakes.object_store import FakeObjectStore
from tests.fault_proxy import Fault, FaultProxy
from tests.fixtures_kms import CREDENTIALS, REGION
from tests.standalone_process import ROOT, clean_environment
from transfer_service.adapters.clock import Clock
from transfer_service.adapters.database import SqlDatabase
from transfer_service.adapters.keyring import LocalKeyring
from transfer_service.adapters.mail import Letterhead, OutboxFolder
from transfer_service.adapters.typesetting import TypstPdf
from transfer_service.adapters.webhooks import HttpsCourier
from transfer_service.app import (
    Parts,
    create_app,
    create_worker,
    flask_app,
    joined,
    manifest_key,
    object_store,
    parts_of,
)
from transfer_service.errors import InstallationDamaged, SettingsInvalid
from transfer_service.settings import DatabaseUrl, KeyringKind, Secret, Settings
from transfer_service.usecases.limits import Limits


@pytest.fixture
def settings(tmp_path, own_database) -> Settings:
    settings = Settings(
        database_url=DatabaseUrl(own_database.url),
        keyring_path=tmp_path / "keyring.json",
        outbox_dir=tmp_path / "outbox",
        s3_endpoint_url="http://127.0.0.1:9",
        s3_access_key_id="id",
        bind="127.0.0.1:4711",
    )
    LocalKeyring.create(settings.keyring_path)
    return settings


@pytest.fixture
def parts(settings, tmp_path) -> Parts:
    keyring = LocalKeyring(settings.keyring_path)
    return Parts(
        database=SqlDatabase(settings.database_url.reveal(), keyring),
        keyring=keyring,
        store=FakeObjectStore(),
        post=OutboxFolder(tmp_path / "outbox", Letterhead("transfer@hospital.test", "hospital.test")),
        courier=HttpsCourier(),
        typesetter=TypstPdf(),
        clock=Clock(),
        limits=Limits(),
        public_url="http://127.0.0.1:4711",
    )


def test_ready_made_parts_are_joined_to_a_service_that_is_ready(parts):
    joined(parts).ready.check()


@pytest.mark.sqlite
def test_a_hanging_store_and_a_locked_database_are_told_by_one_word_each_within_seconds(parts, settings):
    database = SqlDatabase(settings.database_url.reveal(), parts.keyring, busy_timeout_s=0.1)
    with (
        FaultProxy() as proxy,
        closing(sqlite3.connect(settings.database_url.reveal().removeprefix("sqlite:///"))) as other,
    ):
        proxy.next(then=Fault(silent=True))
        store = object_store(replace(settings, s3_endpoint_url=proxy.endpoint_url, s3_secret_access_key=Secret("x")))
        readiness = joined(replace(parts, database=database, store=store)).ready
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        assert readiness.parts() == {"clock": "ok", "database": "unavailable", "keyring": "ok", "store": "unavailable"}
        assert time.monotonic() - began < 4
        database.dispose()


def test_the_installation_s_keys_are_made_once(parts):
    first, second = joined(parts), joined(parts)
    assert first.service_key == second.service_key
    again = manifest_key(parts.database, parts.keyring)
    assert first.journey.close.signing_key.key_id == second.journey.close.signing_key.key_id == again.key_id
    assert again.seed != first.service_key


def test_the_app_answers_only_under_its_own_host(parts):
    client = flask_app(joined(parts), public_url="http://127.0.0.1:4711", more_hosts=("localhost:4711",)).test_client()
    assert client.get("/nothing", headers={"Host": "127.0.0.1:4711"}).status_code == 404
    assert client.get("/nothing", headers={"Host": "localhost:4711"}).status_code == 404
    assert client.get("/nothing", headers={"Host": "evil.test"}).status_code == 400


def test_sessions_of_pages_are_sealed_with_a_key_that_every_replica_has_and_nothing_else_uses(parts):
    one, other = (flask_app(joined(parts), public_url="http://127.0.0.1:1") for _ in range(2))
    assert one.secret_key == other.secret_key
    assert one.secret_key != joined(parts).service_key.reveal()


@pytest.mark.parametrize("path", ["/r", "/l", "/api/v1/openapi.json", "/healthz"])
def test_the_api_and_the_pages_are_both_there(parts, path):
    client = flask_app(joined(parts), public_url="http://127.0.0.1:4711").test_client()
    assert client.get(path, headers={"Host": "127.0.0.1:4711"}).status_code == 200


def test_settings_make_the_app_and_the_worker(settings):
    assert create_app(settings).name == "transfer_service"
    create_worker(settings).stop()


def test_a_keyring_that_others_can_read_is_refused(settings):
    settings.keyring_path.chmod(0o644)
    with pytest.raises(SettingsInvalid, match="0600"):
        create_app(settings)


@pytest.fixture
def at_kms(settings, monkeypatch):
    """The same installation, told that a key of KMS wraps its keys."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        key_id = boto3.client("kms", region_name=REGION).create_key()["KeyMetadata"]["KeyId"]
        yield replace(settings, keyring=KeyringKind.KMS, kms_key_id=key_id, kms_region=REGION)


def test_an_installation_may_keep_its_keys_in_kms(at_kms):
    at_kms.keyring_path.unlink()
    one, other = (joined(parts_of(at_kms)) for _ in range(2))
    assert one.service_key == other.service_key


@pytest.mark.parametrize(("first", "then"), [("settings", "at_kms"), ("at_kms", "settings")])
def test_an_installation_that_changed_its_keyring_does_not_start_and_says_why(first, then, request):
    joined(parts_of(request.getfixturevalue(first)))
    with pytest.raises(InstallationDamaged, match=r"wrapped by AWS KMS.*The keyring that this installation began with"):
        joined(parts_of(request.getfixturevalue(then)))


def test_an_installation_with_another_keyring_file_does_not_start_and_says_why(settings):
    joined(parts_of(settings))
    settings.keyring_path.unlink()
    LocalKeyring.create(settings.keyring_path)
    with pytest.raises(InstallationDamaged, match="does not hold"):
        joined(parts_of(settings))


def test_wsgi_serves_what_the_environment_says(settings):
    environment = {
        "TRANSFER_SERVICE_DATABASE_URL": settings.database_url.reveal(),
        "TRANSFER_SERVICE_KEYRING_PATH": str(settings.keyring_path),
        "TRANSFER_SERVICE_BIND": settings.bind,
    }
    program = (
        "from wsgi import app; print(app.test_client().get('/healthz', headers={'Host': '127.0.0.1:4711'}).status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=clean_environment() | environment,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout == "200 OK\n", done.stderr
