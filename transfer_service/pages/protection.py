"""What guards every page: only our own pages may make it act."""

from flask import Blueprint, Flask, request
from flask_wtf.csrf import CSRFError, CSRFProtect  # type: ignore[import-untyped]  # Flask-WTF ships no types

from transfer_service.edge.response_headers import allow_own_assets
from transfer_service.pages.error_pages import register_error_pages
from transfer_service.pages.language import speak

FIRST_STEPS = ("take_secret", "take_request")
_ONLY_LOOK = ("GET", "HEAD", "OPTIONS")
_FOREIGN = ("cross-site", "same-site")
_SETTINGS = {
    "WTF_CSRF_CHECK_DEFAULT": False,  # the JSON API takes bearer tokens, and no cookie
    "WTF_CSRF_TIME_LIMIT": None,  # a token lives as long as its session
    "WTF_CSRF_SSL_STRICT": False,  # it asks for a Referer, which Referrer-Policy no-referrer keeps away
}

_csrf = CSRFProtect()


def register_protection(app: Flask) -> None:
    """Let ``app`` make and check CSRF tokens, for guarded blueprints alone."""
    app.config.update(_SETTINGS)
    _csrf.init_app(app)


def guarded(blueprint: Blueprint, start: str | None = None) -> Blueprint:
    """``blueprint`` with its protection, its own assets, its languages, and its errors as pages.

    ``start``: where somebody begins again after an error, where that is not the blueprint's own address.
    """
    blueprint.before_request(allow_own_assets)
    blueprint.before_request(_protect)
    blueprint.context_processor(lambda: {"arrived_from_elsewhere": arrived_from_elsewhere()})
    speak(blueprint)
    register_error_pages(blueprint, start=start)
    return blueprint


def arrived_from_elsewhere() -> bool:
    """Whether another site's page led here: then the browser holds our SameSite=Strict cookie back."""
    return request.headers.get("Sec-Fetch-Site") in _FOREIGN


def _protect() -> None:
    """Refuse what another site's page sends (Fetch Metadata), and whatever acts without its token, by form or header.

    The first step alone needs no token where the browser itself says that our own page sent it: the page of
    somebody who comes from their webmail can't have one without replacing a cookie that it can't see.
    """
    if request.method in _ONLY_LOOK:
        return
    if arrived_from_elsewhere():
        raise CSRFError("Another site's page sent this.")
    is_first_step = (request.endpoint or "").rpartition(".")[2] in FIRST_STEPS
    if not (is_first_step and request.headers.get("Sec-Fetch-Site") == "same-origin"):
        _csrf.protect()
