"""The application for a real gunicorn, with one open packet; what a test needs to know of it is written to a file."""

import json
import os
from pathlib import Path

from flask import Flask

from tests.api.conftest import Api
from tests.databases import Kept
from tests.stages import Stages


class Named(Kept):
    """A database that another process looks into."""

    def __init__(self, url: str) -> None:
        self.url = url


def create_app() -> Flask:
    directory = Path(os.environ["SERVED_APP_DIRECTORY"])
    stages = Stages(directory, Named(os.environ["SERVED_APP_DATABASE"]))
    api = Api(stages)
    stage = stages.opened()
    known = {
        "token": api.coordinator.token,
        "packet": str(stage.packet.id),
        "file": str(stages.planned(stage, size=100_000).id),
    }
    (directory / "known.json").write_text(json.dumps(known))
    return api.app
