"""A hospital on a database of its own, in a copy of an empty one that is migrated once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stages import Stages
from transfer_service.adapters.database import migrate


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database of our schema, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "transfer.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def stages(tmp_path: Path, migrated: Path) -> Iterator[Stages]:
    """The hospital, and every step of its journeys."""
    stages = Stages.in_copy_of(migrated, tmp_path)
    yield stages
    stages.close_down()
