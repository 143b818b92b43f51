"""What holds of every page, on those of requests, opinions, the accounting, the audit log and the settings."""

from tests.browser.every_place import EveryPlace, visits_to
from tests.browser.places_of_oversight import OVERSIGHT

PLACES = OVERSIGHT
visit = visits_to(PLACES)


class TestEveryPlaceOfOversight(EveryPlace):
    pass
