"""What Prometheus reads, for whoever has the token of the settings; without one there is no such address."""

from hashlib import sha256
from hmac import compare_digest

from flask import Blueprint, Response, request

from transfer_service.edge.calls import now, service
from transfer_service.errors import NotAuthenticated, NotFound

blueprint = Blueprint("metrics", __name__)

_SCHEME = "bearer "


@blueprint.get("/metrics")
def metrics() -> Response:
    """Every metric in Prometheus's text format."""
    _check_may_read(request.headers.get("Authorization", ""))
    return Response(service().exposition.text(now()), content_type="text/plain; version=0.0.4; charset=utf-8")


def _check_may_read(authorization: str) -> None:
    """No address counts as proof: behind a proxy everybody comes from loopback."""
    expected = service().metrics_token_sha256
    if expected is None:
        raise NotFound
    given = authorization[len(_SCHEME) :].strip() if authorization.lower().startswith(_SCHEME) else ""
    if not compare_digest(sha256(given.encode()).digest(), expected):
        raise NotAuthenticated
