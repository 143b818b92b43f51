"""What holds of every page, on those of releases, links, recipients and timelines."""

from tests.browser.every_place import EveryPlace, visits_to
from tests.browser.places_of_releases import RELEASES

PLACES = RELEASES
visit = visits_to(PLACES)


class TestEveryPlaceOfReleases(EveryPlace):
    pass
