"""An application with downloads that end badly: what the tests of file answers talk to."""

import hashlib
import os
from collections.abc import Generator
from pathlib import Path

from flask import Flask, Response, request

from transfer_service.edge.file_answer import Download, Source, file_answer
from transfer_service.edge.registration import register_edge
from transfer_service.edge.transfer_slots import TransferSlots
from transfer_service.errors import LinkRevoked

FLAG = "TESTS_FILE_APP_FLAG"
MIB = 1024 * 1024
BLOCK = bytes(range(256)) * 1024
ENDLESS = 1 << 40


def asked_of(flag: Path) -> int:
    """How often it was asked whether the download is still permitted."""
    note = flag.with_suffix(".asked")
    return note.stat().st_size if note.exists() else 0


def check() -> None:
    flag = Path(os.environ[FLAG])
    with flag.with_suffix(".asked").open("a") as note:
        note.write(".")
    if flag.exists():
        raise LinkRevoked


def create_app() -> Flask:
    app = Flask("files", static_folder=None)
    slots = TransferSlots(uploads=1, downloads=1)

    def served(size: int, begin) -> Response:
        digest = hashlib.sha256(b"stands for the content").hexdigest()
        return file_answer(request, Download("slides/A1.svs", size, digest), Source(begin, check), slots)

    @app.get("/breaks")
    def breaks() -> Response:
        """Ends by itself after 4 MiB."""

        def begin(_start: int, _stop: int) -> Generator[bytes, None, None]:
            for _ in range(16):
                yield BLOCK
            raise LinkRevoked

        return served(ENDLESS, begin)

    @app.get("/never-asks")
    def never_asks() -> Response:
        """Goes on for ever: only somebody else can end it."""

        def begin(_start: int, _stop: int) -> Generator[bytes, None, None]:
            while True:
                yield BLOCK

        return served(ENDLESS, begin)

    @app.get("/whole")
    def whole() -> Response:
        def begin(start: int, stop: int) -> Generator[bytes, None, None]:
            yield BLOCK[start:stop]

        return served(len(BLOCK), begin)

    register_edge(app, public_url="http://service.test")
    return app
