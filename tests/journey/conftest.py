"""What the journeys share."""

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from scripts.standalone import Standalone as Machine
from tests.edge.anywhere import Answer
from tests.journey.quiet import Quiet
from tests.journey.sluggish import sluggish_clients
from tests.missing import skip_or_fail
from tests.standalone_process import Standalone

SHARED_DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real slides, mammograms and reports, good and bad, which are not part of the project. CI must have them."""
    if not SHARED_DATA.is_dir():
        skip_or_fail(f"the real files are not at {SHARED_DATA}: nothing was tried with them")
    return SHARED_DATA


def machine(standalone: Standalone) -> Machine:
    """The running installation as the scripts see it: HTTP, the operator's command, the outbox."""
    return _Beside(standalone)


class _Beside(Machine):
    def __init__(self, standalone: Standalone) -> None:
        super().__init__(standalone.data_dir, standalone.base_url)
        self._installation = standalone

    def operator(self, *words: str) -> Any:
        return self._installation.cli(*words)


@pytest.fixture(scope="session")
def quiet(standalone: Standalone) -> Quiet:
    """A hospital at which nothing may change."""
    return Quiet(standalone)


@pytest.fixture(scope="session")
def sluggish(quiet: Quiet) -> Iterator[dict[str, "Future[Answer]"]]:
    """Clients that send a byte a second, and what each of them is told in the end."""
    with sluggish_clients(quiet) as clients:
        yield clients
