"""A hospital on a database of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import Kept
from tests.stages import Stages


@pytest.fixture
def stages(tmp_path: Path, own_database: Kept) -> Iterator[Stages]:
    """The hospital, and every step of its journeys."""
    stages = Stages(tmp_path, own_database)
    yield stages
    stages.close_down()
