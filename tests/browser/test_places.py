"""The list of places is whole."""

import pytest
from flask import Flask

from tests.browser import test_every_place_of_oversight as oversight
from tests.browser import test_every_place_of_patients as patients
from tests.browser import test_every_place_of_releases as releases
from tests.browser import test_every_place_of_reviewers as reviewers
from tests.browser import test_every_place_of_staff as staff
from tests.browser.places import NO_PAGES, PLACES
from transfer_service.pages import register_pages


def rules() -> list[str]:
    """The address of every page that can be looked at."""
    app = Flask("pages", static_folder=None)
    register_pages(app)
    return sorted({rule.rule for rule in app.url_map.iter_rules() if rule.methods and "GET" in rule.methods})


@pytest.mark.parametrize("rule", rules())
def test_every_page_is_among_the_places(rule: str) -> None:
    assert (rule in NO_PAGES) != (rule in {place.rule for place in PLACES})


def test_every_place_is_gone_to() -> None:
    gone_to = [*oversight.PLACES, *patients.PLACES, *releases.PLACES, *reviewers.PLACES, *staff.PLACES]
    assert sorted(place.name for place in gone_to) == sorted(place.name for place in PLACES)


def test_no_two_places_have_one_name() -> None:
    assert len({place.name for place in PLACES}) == len(PLACES)
