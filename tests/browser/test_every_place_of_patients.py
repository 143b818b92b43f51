"""What holds of every page, on those of patients."""

from tests.browser.every_place import EveryPlace, visits_to
from tests.browser.places_of_patients import PATIENTS

PLACES = PATIENTS
visit = visits_to(PLACES)


class TestEveryPlaceOfPatients(EveryPlace):
    pass
