"""The session cookie of the pages, as far as it is also a way into the API: for members of staff, and our own scripts.

The cookie alone opens nothing: a browser brings it along on whoever's behalf. The header can be set by a script of this
host only, and its token stands in our own pages (OWASP CSRF Prevention Cheat Sheet, signed double submit and Fetch
Metadata together).
"""

from flask import request, session
from flask_wtf.csrf import validate_csrf  # type: ignore[import-untyped]  # Flask-WTF ships no types

from transfer_service.errors import NotAuthenticated

STAFF = "staff"
CSRF_HEADER = "X-CSRF-Token"


def token_in_session(audience: str) -> str | None:
    """The bearer token that this browser holds for an audience's pages."""
    token: str | None = session.get(audience, {}).get("token")
    return token


def token_from_own_page() -> str:
    """The signed-in member's token, where a script of our own page asks; NotAuthenticated."""
    token = token_in_session(STAFF)
    if token is None or request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise NotAuthenticated
    try:
        validate_csrf(request.headers.get(CSRF_HEADER, ""))
    except ValueError:  # WTForms' ValidationError is one
        raise NotAuthenticated from None
    return token
