"""Whether the service is alive, and whether everything it needs answers."""

from flask import Blueprint

from transfer_service.edge.calls import service

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@blueprint.get("/readyz")
def readyz() -> dict[str, str]:
    """Database, store and keyring answer; else 503."""
    service().ready()
    return {"status": "ready"}
