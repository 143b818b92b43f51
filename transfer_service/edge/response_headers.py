"""The headers of every answer: nothing is stored, framed, sniffed or referred from; nothing foreign runs."""

from collections.abc import Callable

from flask import Flask, Response, g

_NOTHING = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
_OWN_ASSETS = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}
_ONE_YEAR = "max-age=31536000; includeSubDomains"


def allow_own_assets() -> None:
    """Let this answer load scripts, styles, fonts and images from this service itself, never inline."""
    g.content_security_policy = _OWN_ASSETS


def register_response_headers(app: Flask, *, https: bool) -> None:
    """Set the headers on every answer of ``app``; Strict-Transport-Security only where ``https``."""
    app.after_request(_setter(https=https))


def _setter(*, https: bool) -> Callable[[Response], Response]:
    def set_headers(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", g.get("content_security_policy", _NOTHING))
        if https:
            response.headers.setdefault("Strict-Transport-Security", _ONE_YEAR)
        return response

    return set_headers
