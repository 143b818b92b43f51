"""Two people: a technician with a folder of slides, and a reviewer."""

import json
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from tests.client.bare_install import bare_install
from tests.client.command_line import Desk
from tests.journey.hospital import Hospital, a_case
from tests.standalone_process import Standalone


@pytest.fixture(scope="session")
def hospital(standalone: Standalone) -> Hospital:
    """A hospital of the client's tests."""
    return Hospital(standalone, f"Client Hospital {uuid4().hex[:6]}")


@pytest.fixture
def desk(tmp_path: Path, standalone: Standalone, hospital: Hospital) -> Desk:
    """A technician's desk, with a coordinator's token."""
    assert hospital.coordinator.token
    return Desk(
        tmp_path / "home",
        {"TRANSFER_SERVICE_TOKEN": hospital.coordinator.token, "PACKET_SERVER": standalone.base_url},
    )


@pytest.fixture
def slides(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder of files with a case description."""

    def make(files: dict[str, bytes], email: str | None = None, name: str = "slides") -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        for path, data in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        (folder / "case.json").write_text(json.dumps(a_case(email or f"patient-{uuid4().hex}@patient.test")))
        return folder

    return make


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `packet` command of an installation without the server."""
    return bare_install(tmp_path_factory.mktemp("bare"))
