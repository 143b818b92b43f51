"""The application that the gallery serves: all the pages, and an address at which each error can be had."""

from flask import Blueprint, Flask

from tests.pages.served import make_app as pages_app
from transfer_service.errors import TooMany, TransferError
from transfer_service.pages.protection import guarded

RAISED = "/raised"


def make_app() -> Flask:
    app = pages_app()
    app.register_blueprint(_errors())
    return app


def _errors() -> Blueprint:
    """GET /raised/CODE: the page of the error with that code, however hard it is to come by otherwise."""
    raised = guarded(Blueprint("raised", __name__, url_prefix=RAISED))

    @raised.get("/<code>")
    def page(code: str) -> str:
        raise TooMany(retry_after_s=60) if code == TooMany.code else _known().get(code, RuntimeError)

    return raised


def _known(of: type[TransferError] = TransferError) -> dict[str, type[TransferError]]:
    """Every error by its code."""
    found = {of.code: of}
    for each in of.__subclasses__():
        found |= _known(each)
    return found
