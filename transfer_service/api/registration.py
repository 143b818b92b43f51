"""Joining the API to a Flask app."""

import flask_smorest  # type: ignore[import-untyped]  # it ships no types
from flask import Flask

from transfer_service import __version__
from transfer_service.api import (
    accounting,
    addresses,
    answer,
    contacts,
    content,
    docs,
    files,
    form_templates,
    health,
    links,
    metrics,
    opinions,
    packets,
    paper,
    patient,
    recipients,
    redeemed,
    released,
    releases,
    slide_requests,
    successors,
    webhook,
)
from transfer_service.api.blueprint import PREFIX, PROBLEM

_AREAS = (
    slide_requests,
    packets,
    successors,
    files,
    content,
    recipients,
    form_templates,
    contacts,
    releases,
    paper,
    patient,
    links,
    redeemed,
    answer,
    opinions,
    released,
    webhook,
    accounting,
)

_DESCRIPTION = (
    "Release of sealed pathology slides and imaging to a reviewing breast pathologist, by the patient's authorization."
)
_PROBLEM = {
    "type": "object",
    "description": "An error (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "A stable word."},
        "request_id": {"type": "string"},
        "errors": {"type": "object", "description": "Which field is not valid, and why."},
        "remaining_attempts": {"type": "integer", "description": "How many wrong answers until the secret locks."},
        "remaining_tries": {"type": "integer", "description": "How many of these this challenge takes."},
    },
}


class _Api(flask_smorest.Api):  # type: ignore[misc]  # flask-smorest ships no types
    """Errors are the edge's; each operation names its own."""

    DEFAULT_ERROR_RESPONSE_NAME = None
    ERROR_SCHEMA = PROBLEM


def register_api(app: Flask) -> None:
    """Give ``app`` the JSON API, its documents, and the two questions of health.

    Call it before ``register_edge``: flask-smorest registers an error handler that the edge then replaces.
    """
    app.config.update(
        API_TITLE="Transfer service",
        API_VERSION=__version__,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {"description": _DESCRIPTION},
            "security": [{"bearer": []}],
        },
    )
    app.url_map.converters.update(
        id=addresses.IdConverter,
        part_number=addresses.PartNumberConverter,
        file_path=addresses.FilePathConverter,
    )
    api = _Api(app)
    api.spec.components.schemas.pop("PaginationMetadata")  # flask-smorest's own way of paging, which no list has
    api.register_converter(addresses.IdConverter, addresses.id_schema)
    api.register_converter(addresses.PartNumberConverter, addresses.part_number_schema)
    api.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    api.spec.components.schema("Problem", _PROBLEM)
    for area in _AREAS:
        api.register_blueprint(area.blueprint)
    app.register_blueprint(docs.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(metrics.blueprint)
