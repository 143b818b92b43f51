"""The pages over the joined use cases, and a browser's worth of state in Flask's client."""

import pytest
from flask import Flask

from tests.pages.visitor import Visitor
from tests.stages import PUBLIC_URL, Stages
from transfer_service.edge.calls import Service, register_service
from transfer_service.edge.metrics import Exposition
from transfer_service.edge.readiness import Readiness
from transfer_service.edge.registration import register_edge
from transfer_service.edge.transfer_slots import TransferSlots
from transfer_service.pages import register_pages


@pytest.fixture
def app(stages: Stages) -> Flask:
    service = Service(
        journey=stages.journey,
        bearers=stages.bearers,
        sign_in=stages.sign_in,
        database=stages.database,
        service_key=stages.service_key,
        slots=TransferSlots(uploads=2, downloads=2),
        clock=stages.clock,
        ready=Readiness({}),
        exposition=Exposition(stages.database, Readiness({})),
    )
    app = Flask("pages_under_test", static_folder=None)
    app.secret_key = b"a key of the tests' own"
    register_service(app, service)
    register_pages(app)
    register_edge(app, public_url=PUBLIC_URL)
    return app


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


@pytest.fixture
def another_visitor(app: Flask) -> Visitor:
    return Visitor(app)
