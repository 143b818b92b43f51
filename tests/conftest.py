"""Fixtures that every test may use."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.missing import skip_or_fail
from tests.salts import SaltRecorder, recording_salts

# A database and a key wrapped twice are slow now and then, which is no failure: no example has a deadline. CI tries the
# same examples in every run, so that a red build is red for its commit; everywhere else they are drawn afresh.
settings.register_profile("house", deadline=None, print_blob=True, derandomize=bool(os.environ.get("CI")))
settings.load_profile("house")

pytest_plugins = [
    "tests.browser_process",
    "tests.fixtures_databases",
    "tests.fixtures_kms",
    "tests.fixtures_seaweedfs",
    "tests.fixtures_stages",
    "tests.no_skips",
    "tests.standalone_process",
]

#: Files whose tests take longest. They begin first, or one process is left with one of them when the others are done.
LONGEST = (
    "usecases/test_no_key_without_a_release.py",
    "browser/test_uploader.py",
    "journey/test_quickstart.py",
    "browser/test_large_upload.py",
    "browser/test_closing.py",
    "journey/test_large_file.py",
    "test_standalone.py",
    "pages/test_in_chromium.py",
    "journey/test_replicas.py",
    "client/test_faults.py",
)
SHARED_VECTORS = Path(__file__).parents[2] / "shared" / "vectors"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes longest first, and leave all else in its order."""
    ranks = {Path(__file__).parent / name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path, len(ranks)))


@pytest.fixture(scope="session")
def shared_vectors() -> Path:
    """The Wycheproof files, which are not part of the project. CI must have them."""
    if not SHARED_VECTORS.is_dir():
        skip_or_fail(f"the Wycheproof vectors are not at {SHARED_VECTORS}: nothing was checked against them")
    return SHARED_VECTORS


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """A seed for what a test draws; told where the test fails, and SEED in the environment sets it again.

    A test may name one instead, by an indirect parameter; "any" among its seeds is drawn as without.
    """
    named = getattr(request, "param", "any")
    seed = named if named != "any" else int(os.environ.get("SEED") or random.randrange(2**32))
    request.node.add_report_section("call", "seed", str(seed))
    return seed


@pytest.fixture(scope="session", autouse=True)
def salts() -> Iterator[SaltRecorder]:
    """Every salt of every part sealed by any test; two alike under one file key fail the session."""
    with recording_salts() as recorder:
        yield recorder
    assert not recorder.repeated, f"{recorder.repeated} salts were used twice under one file key"
