"""The OpenAPI document as a page for people: made here, with no script and nothing from elsewhere."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, render_template

from transfer_service.api.blueprint import PREFIX
from transfer_service.api.error_codes import error_codes
from transfer_service.edge.response_headers import allow_own_assets

blueprint = Blueprint(
    "docs",
    __name__,
    url_prefix=f"{PREFIX}/docs",
    template_folder="templates",
    static_folder="static",
    static_url_path="/assets",
)

_METHODS = ("get", "put", "post", "delete")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the document, with its address."""

    method: str
    path: str
    document: Mapping[str, Any]


@blueprint.get("")
def show_docs() -> str:
    """The page."""
    allow_own_assets()
    document = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
    return render_template(
        "api/docs.html",
        document=document,
        operations=list(_operations(document)),
        codes=error_codes(),
        schema_name=_schema_name,
    )


def _operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                shared = item.get("parameters", [])
                operation = {**item[method], "parameters": [*shared, *item[method].get("parameters", [])]}
                yield Operation(method.upper(), path, operation)


def _last_name(reference: str) -> str:
    return reference.rsplit("/", 1)[-1]


def _schema_name(schema: Mapping[str, Any]) -> str | None:
    """The name of the schema that is referred to, where one is."""
    return _last_name(schema["$ref"]) if "$ref" in schema else None
