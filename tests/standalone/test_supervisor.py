"""What the supervisor says where a first start fails, without any process."""

import pytest

from tests.standalone.test_child import full_disk
from transfer_service.adapters.seaweedfs import SeaweedFS
from transfer_service.errors import InstallationDamaged
from transfer_service.settings import DatabaseUrl, Secret, Settings
from transfer_service.standalone import Supervisor, supervisor
from transfer_service.standalone.folder import DataFolder


@pytest.fixture
def stopped(tmp_path) -> Supervisor:
    settings = Settings(
        database_url=DatabaseUrl(f"sqlite:///{tmp_path}/records.sqlite3"),
        keyring_path=tmp_path / "keyring.json",
        outbox_dir=tmp_path / "outbox",
        s3_endpoint_url="http://127.0.0.1:9",
        s3_access_key_id="id",
        s3_secret_access_key=Secret("secret"),
        bind="127.0.0.1:4711",
    )
    return Supervisor(DataFolder(tmp_path), settings, lambda _: pytest.fail("it is not ready"))


def test_a_first_start_on_a_full_disk_is_one_sentence(stopped, monkeypatch):
    monkeypatch.setattr(SeaweedFS, "write_identities", full_disk)
    with pytest.raises(InstallationDamaged, match=r"^seaweedfs can't be started: No space left on device\.$"):
        stopped.run()


def test_a_first_start_where_the_store_s_folder_is_a_file_is_one_sentence(stopped, tmp_path):
    (tmp_path / "seaweedfs").write_text("")
    with pytest.raises(InstallationDamaged, match="seaweedfs can't be started: File exists"):
        stopped.run()


def test_sockets_that_can_not_be_removed_hide_no_other_error(stopped, monkeypatch):
    monkeypatch.setattr(SeaweedFS, "write_identities", full_disk)
    monkeypatch.setattr(SeaweedFS, "remove_sockets", full_disk)
    with pytest.raises(InstallationDamaged, match="seaweedfs"):
        stopped.run()


def test_a_log_that_is_gone_says_nothing(tmp_path):
    assert supervisor._last_line(tmp_path / "migrate.log") == "it says nothing"
    (tmp_path / "migrate.log").write_text("first\nlast\n\n")
    assert supervisor._last_line(tmp_path / "migrate.log") == "last"
