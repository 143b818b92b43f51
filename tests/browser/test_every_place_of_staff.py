"""What holds of every page, on those of members of staff."""

from tests.browser.every_place import EveryPlace, visits_to
from tests.browser.places_of_packets import PACKETS
from tests.browser.places_of_staff import STAFF

PLACES = (*STAFF, *PACKETS)
visit = visits_to(PLACES)


class TestEveryPlaceOfStaff(EveryPlace):
    pass
