"""What holds of every page, on those of reviewers, of whoever asks for slides, and where something goes wrong."""

from tests.browser.every_place import EveryPlace, visits_to
from tests.browser.places_of_askers import ASKERS
from tests.browser.places_of_errors import ERRORS
from tests.browser.places_of_recipients import RECIPIENTS

PLACES = (*RECIPIENTS, *ASKERS, *ERRORS)
visit = visits_to(PLACES)


class TestEveryPlaceOfReviewers(EveryPlace):
    pass
