"""What holds of every page, on those of members of staff."""

from tests.browser.every_place import EveryPlace, visits_to
from tests.browser.places_of_staff import STAFF

visit = visits_to(STAFF)


class TestEveryPlaceOfStaff(EveryPlace):
    pass
