"""Installations to meet in a browser.

``hospital``: at the installation that a user would start, with its worker, its store and its mail in a folder.
"""

import pytest

from tests.journey.hospital import Hospital
from tests.standalone_process import Standalone


@pytest.fixture(scope="session")
def hospital(standalone: Standalone) -> Hospital:
    """A hospital with one department; its ``mail`` has what was mailed, its ``coordinator`` calls the API."""
    return Hospital(standalone, "St. Agatha")
