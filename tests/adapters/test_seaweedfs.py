"""What the embedded store promises its operator: nothing open to the network, nothing lost when it dies."""

import json
import os
import secrets
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from tests.fixtures_seaweedfs import await_answer, bucket_of, started
from transfer_service.adapters import seaweedfs as module
from transfer_service.adapters.seaweedfs import SeaweedFS, free_ports
from transfer_service.errors import InstallationDamaged
from transfer_service.ports import RunningUpload, StoredObject

DATA = os.urandom(9 * 1024 * 1024)


def description(data_dir):
    return SeaweedFS(data_dir, free_ports(1)[0], secrets.token_hex(10), secrets.token_hex(20))


def refused(url, method):
    request = urllib.request.Request(url, data=b"x" if method in {"PUT", "POST"} else None, method=method)
    try:
        urllib.request.urlopen(request, timeout=5).close()
    except urllib.error.HTTPError as answer:
        answer.close()
        if 300 <= answer.code < 400:  # the master sends writers on to the volume server
            return refused(answer.headers["Location"], method)
        return 400 <= answer.code < 500
    except urllib.error.URLError as error:  # the admin's server starts last
        return isinstance(error.reason, ConnectionRefusedError)
    return False


def test_what_was_stored_survives_a_kill(tmp_path):
    store = description(tmp_path / "store")
    with started(store):
        bucket = bucket_of(store, "bucket-one")
        bucket.ensure_bucket()
        etag = bucket.put_once("key", DATA)
        upload = bucket.begin_upload("large")
        part = bucket.put_part("large", upload, 1, DATA)
    again = SeaweedFS(store.data_dir, store.s3_port, store.access_key_id, store.secret_access_key)
    with started(again):
        assert bucket.head("key") == StoredObject(etag, len(DATA))
        with bucket.read("key", etag, 0, len(DATA)) as body:
            assert body.read(len(DATA)) == DATA
        assert list(bucket.uploads()) == [RunningUpload("large", upload)]
        second = bucket.put_part("large", upload, 2, b"after the restart")
        bucket.complete_upload("large", upload, [(1, part), (2, second)])
        assert bucket.head("large").size_bytes == len(DATA) + 17


def test_a_restart_moves_away_from_a_port_that_was_taken(tmp_path):
    store = description(tmp_path)
    taken = store.inner_ports["filer.port"]
    again = SeaweedFS(store.data_dir, store.s3_port, store.access_key_id, store.secret_access_key)
    assert again.inner_ports == store.inner_ports
    with module.socket.create_server((module.LOOPBACK, taken)):
        moved = SeaweedFS(store.data_dir, store.s3_port, store.access_key_id, store.secret_access_key)
        assert taken not in moved.inner_ports.values()
    with started(moved) as process:
        await_answer(moved, process)


@pytest.mark.parametrize("memory", ["", "{", "null", "[]", '{"filer.port": 1}', "\x00" * 200])
def test_ports_that_are_not_remembered_whole_are_chosen_anew(tmp_path, memory):
    (tmp_path / "inner-ports.json").write_text(memory)
    store = description(tmp_path)
    assert set(store.inner_ports) == set(module._INNER)
    assert json.loads((tmp_path / "inner-ports.json").read_text()) == store.inner_ports


@pytest.mark.parametrize("wrong", [0, -1, 65_536, "80", None, True])
def test_a_remembered_port_that_is_none_is_chosen_anew(tmp_path, wrong):
    remembered = description(tmp_path).inner_ports | {"filer.port": wrong}
    (tmp_path / "inner-ports.json").write_text(json.dumps(remembered))
    assert description(tmp_path).inner_ports["filer.port"] not in {wrong, 0, 1}


def test_a_store_that_never_ran_leaves_no_sockets_to_remove_and_gets_no_ports_for_it(tmp_path):
    description(tmp_path / "not-there").remove_sockets()
    assert not list(tmp_path.iterdir())


def test_two_stores_run_beside_each_other(seaweedfs, tmp_path):
    other = description(tmp_path)
    assert not set(other.inner_ports.values()) & set(seaweedfs.inner_ports.values())
    with started(other):
        bucket_of(seaweedfs, "mine").ensure_bucket()
        assert bucket_of(other, "mine-too").ensure_bucket() is None


def test_it_listens_on_the_loopback_address_alone(tmp_path):
    store = description(tmp_path)
    with started(store) as process:
        connections = psutil.Process(process.pid).net_connections("inet")
        listening = {each.laddr for each in connections if each.status == psutil.CONN_LISTEN}
        assert {address.ip for address in listening} == {"127.0.0.1"}
        assert {address.port for address in listening} <= {store.s3_port, *store.inner_ports.values()}
        assert {each.raddr.ip for each in connections if each.raddr} <= {"127.0.0.1"}


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
@pytest.mark.parametrize("door", ["filer.port", "volume.port", "master.port", "admin.port"])
def test_its_side_doors_are_locked(seaweedfs, object_store, door, method):
    etag = object_store.put_once("key", b"data")
    root = f"http://127.0.0.1:{seaweedfs.inner_ports[door]}"
    for path in (f"/buckets/{object_store._bucket}/key", "/buckets/", "/1,0123456789"):
        assert refused(root + path, method)
    assert object_store.head("key") == StoredObject(etag, 4)


@pytest.mark.parametrize("path", ["/dir/assign", "/dir/lookup?fileId=1,01637037d6", "/vol/grow?count=1"])
def test_its_master_signs_for_nobody_who_asks(seaweedfs, object_store, path):
    object_store.put_once("key", b"data")
    assert refused(f"http://127.0.0.1:{seaweedfs.inner_ports['master.port']}{path}", "GET")


def test_unsigned_requests_get_nothing(seaweedfs, object_store):
    object_store.put_once("key", b"data")
    for method in ("GET", "PUT", "DELETE"):
        assert refused(f"{seaweedfs.endpoint_url}/{object_store._bucket}/key", method)
    assert refused(seaweedfs.endpoint_url, "GET")


def test_it_leaves_nothing_behind_outside_its_directory(tmp_path):
    store = description(tmp_path)
    with started(store):
        pass
    mine = {str(port) for port in store.inner_ports.values()}
    assert not [path for path in Path("/tmp").glob("seaweedfs-*") if any(port in path.name for port in mine)]


def test_only_the_owner_may_read_its_credentials(tmp_path):
    store = description(tmp_path / "new" / "store")
    old_mask = os.umask(0)
    try:
        store.write_identities()
        store.write_identities()
    finally:
        os.umask(old_mask)
    assert store.identities.stat().st_mode & 0o777 == 0o600
    assert store.data_dir.stat().st_mode & 0o777 == 0o700
    assert store.secret_access_key in json.dumps(json.loads(store.identities.read_text()))


def test_no_secret_is_on_the_command_line_or_shown(tmp_path):
    store = description(tmp_path)
    shown = f"{store!r} {store.command()}"
    for secret in (store.secret_access_key, store.inner_key):
        assert secret not in shown


def test_it_reports_to_nobody(tmp_path):
    assert "-master.telemetry=false" in description(tmp_path).command()


def test_a_missing_executable_is_a_damaged_installation(tmp_path, monkeypatch):
    monkeypatch.setattr(module.shutil, "which", lambda *_, **__: None)
    with pytest.raises(InstallationDamaged):
        description(tmp_path).command()
