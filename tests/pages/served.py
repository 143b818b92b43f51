"""The pages on a real server, over an installation that a test prepares in a folder and shares with it.

The database is shared, and the keys, as a file. The bucket is a copy that ``share`` makes of the test's own.
"""

import os
import pickle
from pathlib import Path

import psutil
from flask import Flask

from tests.fakes.object_store import FakeObjectStore
from tests.stages import Stages
from transfer_service.adapters.clock import Clock
from transfer_service.adapters.database import SqlDatabase
from transfer_service.adapters.keyring import LocalKeyring
from transfer_service.adapters.mail import Letterhead, OutboxFolder
from transfer_service.adapters.typesetting import TypstPdf
from transfer_service.adapters.webhooks import HttpsCourier
from transfer_service.app import Parts, joined
from transfer_service.edge.calls import register_service
from transfer_service.edge.registration import register_edge
from transfer_service.pages import register_pages
from transfer_service.usecases.limits import Limits

FOLDER, DATABASE = "TESTS_PAGES_FOLDER", "TESTS_PAGES_DATABASE"
SECRET_KEY = b"a key of the tests' own"
_BUCKET = "bucket.pickle"


class SharedStore(FakeObjectStore):
    """Reads what the test's own store held when it was last shared."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def read(self, key: str, etag: str, start: int, length: int):
        self.contents = pickle.loads(self._path.read_bytes())  # the test wrote it
        return super().read(key, etag, start, length)


def share(stages: Stages) -> None:
    """Let the server see what was deposited until now."""
    (stages.directory / _BUCKET).write_bytes(pickle.dumps(stages.store.contents))


def make_app() -> Flask:
    folder = Path(os.environ[FOLDER])
    keyring = LocalKeyring(folder / "keyring.json")
    url = f"http://127.0.0.1:{_port()}"
    parts = Parts(
        database=SqlDatabase(os.environ[DATABASE], keyring),
        keyring=keyring,
        store=SharedStore(folder / _BUCKET),
        post=OutboxFolder(folder / "outbox", Letterhead("transfer@hospital.test", "hospital.test")),
        courier=HttpsCourier(),
        typesetter=TypstPdf(),
        clock=Clock(),
        limits=Limits(),
        public_url=url,
    )
    app = Flask("pages_served", static_folder=None)
    app.secret_key = SECRET_KEY
    register_service(app, joined(parts))
    register_pages(app)
    register_edge(app, public_url=url)
    return app


def _port() -> int:
    """The port that this worker listens on, which the system chose."""
    (listening,) = [each for each in psutil.Process().net_connections("tcp") if each.status == psutil.CONN_LISTEN]
    return listening.laddr.port
