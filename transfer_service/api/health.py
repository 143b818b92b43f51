"""Whether the service is alive, and whether everything it needs answers."""

from flask import Blueprint, Response, jsonify, request

from transfer_service.edge.calls import service
from transfer_service.edge.readiness import OK
from transfer_service.edge.stopping import is_stopping
from transfer_service.errors import Unavailable

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@blueprint.get("/readyz")
def readyz() -> Response:
    """Each part that the service needs, by one word, and 200 where all are ok; else 503, as while it stops."""
    parts = service().ready.parts()
    parts["server"] = "stopping" if is_stopping(request.environ) else OK
    ready = set(parts.values()) == {OK}
    answer = jsonify(ready=ready, parts=parts)
    if not ready:
        answer.status_code = 503
        answer.headers["Retry-After"] = str(Unavailable.retry_after_s)
    return answer
