"""A hospital on a database of its own, with parts small enough and passcodes cheap enough for many tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stages import Stages
from transfer_service.adapters.database import migrate
from transfer_service.sealing import layout, tokens
from transfer_service.usecases.journey import Journey

PART_BYTES = 40_000  # two whole chunks and a piece of a third


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database of our schema, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "transfer.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "DEFAULT_PART_BYTES", PART_BYTES)


@pytest.fixture(autouse=True)
def _cheap_passcodes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a passcode's hash costs is proved where it is made."""
    monkeypatch.setattr(tokens, "_SCRYPT_N", 2)
    monkeypatch.setattr(tokens, "_SCRYPT_P", 1)


@pytest.fixture
def stages(tmp_path: Path, migrated: Path) -> Iterator[Stages]:
    stages = Stages.in_copy_of(migrated, tmp_path)
    yield stages
    stages.close_down()


@pytest.fixture
def journey(stages: Stages) -> Journey:
    """The use cases of ``stages``."""
    return stages.journey
