"""A hospital on a database of its own, with parts small enough and passcodes cheap enough for many tests."""

import pytest

from tests.stages import Stages
from transfer_service.sealing import layout, tokens
from transfer_service.usecases.journey import Journey

PART_BYTES = 40_000  # two whole chunks and a piece of a third


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "DEFAULT_PART_BYTES", PART_BYTES)


@pytest.fixture(autouse=True)
def _cheap_passcodes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a passcode's hash costs is proved where it is made."""
    monkeypatch.setattr(tokens, "_SCRYPT_N", 2)
    monkeypatch.setattr(tokens, "_SCRYPT_P", 1)


@pytest.fixture
def journey(stages: Stages) -> Journey:
    """The use cases of ``stages``."""
    return stages.journey
