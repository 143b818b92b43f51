"""Everything on one machine, for real: started, killed in every way, started again, stopped."""

import json
import os
import shutil
import signal
import socket
import stat
import threading
import urllib.error
import urllib.request
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest

from tests.databases import STANDALONES_FILE, PostgresqlKept, SqliteKept
from tests.standalone_process import Standalone, eventually, everything_in
from transfer_service.adapters.seaweedfs import free_ports


def get(url: str, token: str | None = None) -> int:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0


def enrol(installation: Standalone, role: str = "coordinator") -> str:
    """A token of a new organization."""
    organization = installation.cli("organization", "create", "St. Agatha")["id"]
    department = installation.cli("department", "create", "--organization", organization, "Pathology")["id"]
    return installation.cli("token", "create", "--department", department, "--role", role)["token"]


@pytest.fixture(scope="module")
def stopped(tmp_path_factory) -> Path:
    """The data folder of an installation that ran once. Copy it."""
    data = tmp_path_factory.mktemp("stopped") / "data"
    with Standalone(data).running():
        pass
    return data


@pytest.fixture
def data(stopped, tmp_path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(stopped, tmp_path / "data", ignore=shutil.ignore_patterns("*.sock")))


def refused(data_dir: Path, *options: str) -> str:
    """What it says while it refuses to start."""
    installation = Standalone(data_dir, options or ("--port", "0"))
    process = installation.spawn()
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    return installation.stderr()


def test_it_is_ready_when_it_says_so_and_says_so_once(standalone):
    assert get(standalone.base_url + "/readyz") == 200
    assert standalone.more_lines() == []


def test_an_operator_enrols_beside_it_and_the_token_works(standalone):
    token = enrol(standalone)
    assert get(standalone.base_url + "/api/v1/packets", token) == 200
    assert get(standalone.base_url + "/api/v1/packets", "ts_" + "A" * 43) == 401


def test_the_audit_log_holds_beside_it(standalone):
    enrol(standalone)
    assert standalone.cli("audit", "verify")["entries"] > 0


FILES_OF: dict[type, list[str]] = {SqliteKept: [STANDALONES_FILE], PostgresqlKept: []}


def test_nothing_of_it_is_for_others(standalone):
    for path in [standalone.data_dir, *everything_in(standalone.data_dir)]:
        with suppress(FileNotFoundError):  # SQLite's and SeaweedFS's come and go
            mode = path.lstat().st_mode
            is_private = stat.S_IMODE(mode) & 0o077 == 0 or standalone.data_dir / "seaweedfs" in path.parents
            assert is_private or stat.S_ISSOCK(mode), path
    assert stat.S_IMODE(standalone.data_dir.stat().st_mode) == 0o700
    for name in ("settings.toml", "keyring.json", *FILES_OF[type(standalone.kept)]):
        assert stat.S_IMODE((standalone.data_dir / name).stat().st_mode) == 0o600


def test_every_process_listens_on_loopback_alone(standalone):
    def listening(connections):
        return [each.laddr for each in connections if each.status == psutil.CONN_LISTEN]

    store = listening(psutil.Process(standalone.pid("seaweedfs")).net_connections("inet"))
    port = int(standalone.base_url.rpartition(":")[2])
    web = [laddr for laddr in listening(psutil.net_connections("inet")) if laddr.port == port]
    assert len(store) > 3
    assert {laddr.ip for laddr in store + web} == {"127.0.0.1"}
    assert len(web) == 1


def test_no_child_dumps_core_and_no_process_makes_files_for_others(standalone):
    supervisor, *children = standalone.family()
    assert {process.rlimit(psutil.RLIMIT_CORE) for process in children} == {(0, 0)}
    for process in (supervisor, *children):
        assert "Umask:\t0077" in Path(f"/proc/{process.pid}/status").read_text()


def test_no_secret_is_on_a_command_line_or_in_a_log(standalone):
    keys = json.loads((standalone.data_dir / "keyring.json").read_text())["keys"].values()
    secret = next(
        line.split('"')[1]
        for line in (standalone.data_dir / "settings.toml").read_text().splitlines()
        if line.startswith("s3_secret_access_key")
    )
    words = [word for process in standalone.family() for word in process.cmdline()]
    text = " ".join(words) + "".join(path.read_text(errors="replace") for path in standalone.data_dir.glob("logs/*"))
    assert not [hidden for hidden in (secret, *keys) if hidden in text + standalone.stderr()]


def test_it_warns_that_a_key_file_is_the_lower_assurance(standalone):
    assert "lower assurance" in standalone.stderr()


def test_its_logs_are_json_lines(standalone):
    for name in ("serve", "worker"):
        assert [json.loads(line) for line in standalone.log(name).splitlines()]


def test_a_second_instance_on_the_same_folder_is_refused(standalone):
    assert f"Process {standalone.pid('supervisor')} runs on" in refused(standalone.data_dir)
    assert get(standalone.base_url + "/readyz") == 200


@pytest.mark.parametrize("name", ["worker", "serve", "seaweedfs"])
def test_a_process_that_is_killed_comes_back(standalone, name):
    before = standalone.pid(name)
    os.kill(before, signal.SIGKILL)
    assert eventually(lambda: standalone.pids().get(name, before) != before)
    assert eventually(lambda: get(standalone.base_url + "/readyz") == 200)


def test_killed_in_any_way_it_starts_again_with_its_data(data):
    installation = Standalone(data)
    with installation.running():
        token, family = enrol(installation), installation.family()
        installation.kill_everything()
        installation.start()
        assert not [process for process in family if process.is_running()]
        assert get(installation.base_url + "/api/v1/packets", token) == 200
        family = installation.family()
        installation.kill()  # the supervisor alone: its children die with it
        assert eventually(lambda: not any(process.is_running() for process in family))
        installation.start()
        assert get(installation.base_url + "/api/v1/packets", token) == 200
    assert installation.cli("audit", "verify")["entries"] == 3


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_exits_0_and_leaves_nothing_behind(data, how):
    installation = Standalone(data)
    with installation.running():
        family = installation.family()
        assert installation.stop(how) == 0
    assert not [each for each in family if each.is_running()]
    assert installation.more_lines() == [""]


def test_operators_work_while_it_is_stopped(data):
    installation = Standalone(data)
    token = enrol(installation, "depositor")
    with installation.running():
        assert get(installation.base_url + "/api/v1/packets", token) == 200


def test_a_keyring_that_others_can_read_is_refused(data):
    (data / "keyring.json").chmod(0o644)
    assert "0600" in refused(data)


def test_a_missing_keyring_beside_a_database_is_refused_and_not_made_anew(data):
    (data / "keyring.json").unlink()
    assert "keyring.json is missing" in refused(data)
    assert not (data / "keyring.json").exists()


def test_a_folder_with_other_things_is_refused(tmp_path):
    (tmp_path / "holiday.txt").write_text("")
    assert "empty folder" in refused(tmp_path)


def test_beyond_loopback_is_refused_without_tls_in_front(tmp_path):
    assert "behind_tls_proxy" in refused(tmp_path / "data", "--host", "0.0.0.0", "--port", "0")


def test_a_port_that_is_taken_is_refused_with_help(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "--port" in refused(tmp_path / "data", "--port", str(taken.getsockname()[1]))


class AnswersAll(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def test_another_service_on_its_port_is_never_announced_as_its_own(tmp_path):
    port = free_ports(1)[0]
    installation = Standalone(tmp_path / "data", ("--port", str(port)))
    process = installation.spawn()
    assert eventually((tmp_path / "data" / "logs" / "seaweedfs.log").exists)  # by now it has found the port free
    with ThreadingHTTPServer(("127.0.0.1", port), AnswersAll) as other:
        answering = threading.Thread(target=other.serve_forever)
        answering.start()
        out, _ = process.communicate(timeout=90)
        other.shutdown()
        answering.join()
    assert (process.returncode, out) == (1, "")
    assert "--port" in installation.stderr()


def test_a_damaged_database_is_refused(data):
    (data / "transfer-service.sqlite3").write_bytes(b"no database at all" * 500)
    assert "could not be prepared" in refused(data)


def test_it_listens_where_its_settings_say(data):
    port = free_ports(1)[0]
    settings = data / "settings.toml"
    settings.write_text(settings.read_text().replace("127.0.0.1:8080", f"127.0.0.1:{port}"))
    with Standalone(data, ()).running() as installation:
        assert installation.base_url == f"http://127.0.0.1:{port}"
