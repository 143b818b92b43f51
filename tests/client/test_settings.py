"""Flags over the environment over the config file; where tokens are kept; how a command line ends."""

import stat
from pathlib import Path

import pytest

from tests.client.command_line import Desk
from tests.client.fake_service import Canned, fake_service
from transfer_service.client.command import packet
from transfer_service.client.config import Config
from transfer_service.client.failures import ClientFailure, ExitCode, UsageWrong

DOCS = Path(__file__).parents[2] / "docs" / "packet.md"


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("PACKET_CONFIG", str(tmp_path / "packet.toml"))
    return tmp_path / "packet.toml"


def test_flags_go_before_the_environment_and_that_before_the_file(config, monkeypatch):
    assert Config.load({}) == Config()
    config.write_text('server = "https://file.test"\nparallel = 3\nrecipients = ["a@b.test"]\npatience_s = 60\n')
    monkeypatch.setenv("PACKET_PARALLEL", "4")
    monkeypatch.setenv("PACKET_SERVER", "https://environment.test")
    monkeypatch.setenv("PACKET_INSECURE_HTTP", "no")
    loaded = Config.load({"server": "https://flag.test", "parallel": None})
    assert (loaded.server, loaded.parallel, loaded.patience_s) == ("https://flag.test", 4, 60)
    assert (loaded.recipients, loaded.insecure_http) == (("a@b.test",), False)


@pytest.mark.parametrize(
    "text",
    ["parallel = 0", "parallel = 17", "parallel = true", 'parallel = "two"', "patience_s = -1", "server = 1",
     'server = " "', "recipients = 1", 'insecure_http = "perhaps"', "unknown = 1", "not toml"],
)  # fmt: skip
def test_a_setting_that_can_not_be_right_is_said_with_its_name_and_place(config, text):
    config.write_text(text)
    with pytest.raises(UsageWrong) as wrong:
        Config.load({})
    assert str(config) in str(wrong.value)
    assert text.split(" =")[0] in str(wrong.value) or text == "not toml"


def test_a_manifest_key_that_is_not_there_is_said_to_be_missing(tmp_path):
    with pytest.raises(UsageWrong, match="No such file"):
        Config(manifest_key=tmp_path / "none.pem").manifest_key_pem()


@pytest.mark.parametrize("data", [b"", b"https://hospital.example/l#secret", "Schlüssel".encode("latin-1")])
def test_a_file_that_is_no_key_is_not_told_as_a_manifest_that_is_not_signed(tmp_path, data):
    (tmp_path / "key.pem").write_bytes(data)
    with pytest.raises(UsageWrong, match="is no public key") as wrong:
        Config(manifest_key=tmp_path / "key.pem").manifest_key_pem()
    assert "secret" not in str(wrong.value)


def test_a_login_keeps_the_token_where_its_owner_alone_may_read_it_and_says_where(tmp_path):
    desk = Desk(tmp_path / "home")
    (tmp_path / "home").mkdir()
    with fake_service() as fake:
        fake.otherwise = Canned(body=b'{"items": [], "next_cursor": null}')
        done = desk.packet("login", fake.base_url, told="ts_secret\n")
        assert done.code == 0, done.err
        assert "has no keyring" in done.out
        assert "ts_secret" not in done.out + done.err
        (kept,) = (tmp_path / "home" / "state" / "tokens").iterdir()
        assert (kept.read_text(), stat.S_IMODE(kept.stat().st_mode)) == ("ts_secret", 0o600)
        assert desk.packet("status").out == "There are no packets yet.\n"
        assert fake.seen[-1].headers["Authorization"] == "Bearer ts_secret"
        assert desk.with_(TRANSFER_SERVICE_TOKEN="ts_other").packet("status").code == 0
        assert fake.seen[-1].headers["Authorization"] == "Bearer ts_other"

        kept.chmod(0o644)
        assert "Others may read" in desk.packet("status").err
        assert desk.packet("logout").code == 0
        assert not kept.exists()
        assert desk.packet("status").code == ExitCode.TOKEN


KEYRING = """
import json, os
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

class Shelf(KeyringBackend):
    priority = 1
    def _all(self):
        return json.load(open(os.environ["SHELF"])) if os.path.exists(os.environ["SHELF"]) else {}
    def _put(self, found):
        with open(os.environ["SHELF"], "w") as file:
            json.dump(found, file)
    def get_password(self, service, username):
        return self._all().get(service + username)
    def set_password(self, service, username, password):
        self._put(self._all() | {service + username: password})
    def delete_password(self, service, username):
        if self._all().pop(service + username, None) is None:
            raise PasswordDeleteError
        self._put({})
"""


def test_where_the_system_has_a_keyring_the_token_is_there_alone(tmp_path):
    (tmp_path / "shelf.py").write_text(KEYRING)
    shelf = {"SHELF": str(tmp_path / "kept"), "PYTHONPATH": str(tmp_path), "PYTHON_KEYRING_BACKEND": "shelf.Shelf"}
    desk = Desk(tmp_path / "home", shelf)
    (tmp_path / "home").mkdir()
    with fake_service() as fake:
        fake.otherwise = Canned(body=b'{"items": [], "next_cursor": null}')
        done = desk.packet("login", fake.base_url, told="ts_secret\n")
        assert "in the system's keyring" in done.out
        assert not list((tmp_path / "home").rglob("tokens/*"))
        assert desk.packet("status").code == 0
        assert desk.packet("logout").code == 0
        assert desk.packet("logout").code == 0
        assert desk.packet("status").code == ExitCode.TOKEN


def test_a_login_with_a_wrong_token_keeps_nothing(tmp_path):
    desk = Desk(tmp_path / "home")
    with fake_service() as fake:
        fake.otherwise = Canned(401)
        assert desk.packet("login", fake.base_url, told="ts_wrong\n").code == ExitCode.TOKEN
        assert desk.packet("login", fake.base_url, told="\n").code == ExitCode.USAGE
    assert not list((tmp_path / "home").rglob("tokens/*"))


def test_a_login_changes_one_line_of_the_config_file(tmp_path):
    desk, config = Desk(tmp_path / "home"), tmp_path / "home" / "packet.toml"
    config.parent.mkdir()
    config.write_text('# mine\nserver = "https://old.test"\nparallel = 3\n')
    with fake_service() as fake:
        fake.otherwise = Canned(403, b'{"code": "not_allowed"}')
        assert desk.packet("login", fake.base_url, told="ts_admin\n").code == 0
    assert config.read_text() == f'# mine\nserver = "{fake.base_url}"\nparallel = 3\n'


def test_every_way_to_end_badly_has_a_code_and_the_documents_have_them_all():
    def below(kind: type[ClientFailure]) -> list[type[ClientFailure]]:
        return [kind, *(each for child in kind.__subclasses__() for each in below(child))]

    assert {kind.exit_code for kind in below(ClientFailure)} | {ExitCode.DONE} == set(ExitCode)
    rows = [line.split("|")[1].strip() for line in DOCS.read_text().splitlines() if line.startswith("| ")]
    assert [f"{code.value}" for code in ExitCode] == [row for row in rows if row.isdigit()]
    assert all(f"`{name}`" in DOCS.read_text() for name in Config.__dataclass_fields__)
    assert all(f"packet {name}" in DOCS.read_text() for name in packet.commands)


def test_errors_are_json_too_where_json_is_asked_for(tmp_path):
    desk = Desk(tmp_path / "home")
    for words in (
        ("send", "--json"),
        ("no-such-command", "--json"),
        ("status", "--json"),
        ("verify", str(tmp_path), "--json"),
    ):
        ended = desk.packet(*words)
        assert ended.code == ExitCode.USAGE
        assert (ended.last["event"], ended.last["exit_code"], ended.err) == ("failed", 2, "")


def test_a_shell_completes_commands_options_and_choices(tmp_path):
    def completed(words: str, index: int) -> list[str]:
        desk = Desk(tmp_path, {"_PACKET_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(index)})
        return [line.partition(",")[2] for line in desk.packet().out.splitlines()]

    assert {"send", "fetch", "verify", "status", "link", "login", "logout"} <= set(completed("packet ", 1))
    assert "--until" in completed("packet send --u", 2)
    assert completed("packet send --skip l", 3) == ["link"]
    assert "_PACKET_COMPLETE" in Desk(tmp_path, {"_PACKET_COMPLETE": "zsh_source"}).packet().out
