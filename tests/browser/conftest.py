"""Installations to meet in a browser.

``hospital``: at the installation that a user would start, with its worker, its store and its mail in a folder.
``gallery``: where everything has happened that a page can show; see places.py for what there is.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.gallery import Gallery, running_gallery
from tests.browser.sender import Sender
from tests.browser.staff import Member, enrolled, signed_in
from tests.databases import Databases
from tests.journey.hospital import Hospital
from tests.standalone_process import Standalone


@pytest.fixture(scope="session")
def hospital(standalone: Standalone) -> Hospital:
    """A hospital with one department; its ``mail`` has what was mailed, its ``coordinator`` calls the API."""
    return Hospital(standalone, "St. Agatha")


@pytest.fixture(scope="module")
def member(browser: Browser, hospital: Hospital, request: pytest.FixtureRequest) -> Member:
    """Somebody of the hospital who deposits, releases and oversees; another one for each module."""
    name = request.path.stem.replace("_", "-")
    return enrolled(browser, hospital, f"{name}@agatha.test", "coordinator", "privacy_officer")


@pytest.fixture
def sender(browser: Browser, member: Member, hospital: Hospital) -> Iterator[Sender]:
    """That member at the page of an open packet."""
    with signed_in(browser, member) as context:
        yield Sender(context.new_page(), hospital).open()


@pytest.fixture(scope="session")
def gallery(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    """Where everything has happened that a page can show."""
    with running_gallery(tmp_path_factory.mktemp("gallery"), databases) as gallery:
        yield gallery
