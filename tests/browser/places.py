"""The one list of every page and every state of it: for axe-core, budgets, headers and screenshots alike.

A new page, or a new state of one, is a line in the list of its audience.
"""

from tests.browser.place import Place
from tests.browser.places_of_askers import ASKERS
from tests.browser.places_of_errors import ERRORS
from tests.browser.places_of_oversight import OVERSIGHT
from tests.browser.places_of_packets import PACKETS
from tests.browser.places_of_patients import PATIENTS
from tests.browser.places_of_recipients import RECIPIENTS
from tests.browser.places_of_releases import RELEASES
from tests.browser.places_of_staff import STAFF

PLACES: tuple[Place, ...] = (*PATIENTS, *RECIPIENTS, *ASKERS, *STAFF, *PACKETS, *RELEASES, *OVERSIGHT, *ERRORS)

#: What answers a GET with HTML nowhere: bytes, files to keep, and ways to a page that is in the list.
NO_PAGES = {
    "/assets/<path:filename>",
    "/r/",
    "/r/copy",
    "/r/opinions/<uuid:opinion_id>/<uuid:file_id>",
    "/l/",
    "/l/manifest",
    "/l/received",
    "/ask/",
    "/q/",
    "/staff/enrol/",
    "/staff/packets/<uuid:packet_id>/receipt",
    "/staff/opinions/<uuid:opinion_id>/files/<uuid:file_id>",
    "/staff/releases/<uuid:release_id>/form.pdf",
    "/staff/releases/<uuid:release_id>/paper/scan",
}
