"""The overview: where somebody begins who has signed in.

GET  /staff
"""

from flask import Response

from transfer_service.pages.answers import page
from transfer_service.pages.staff.desk import staff_pages

home = staff_pages("home")


@home.get("")
def overview() -> Response:
    """What waits."""
    return page("staff/overview")
