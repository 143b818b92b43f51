"""L12 over HTTP (I7, I11): where the audit log can't be written, no route changes anything, and each says so."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.api.conftest import Api
from tests.api.route_roles import ROUTE_ROLES
from tests.api.scenes import Scene
from tests.stages import Stages

MUTATING = {route: row for route, row in ROUTE_ROLES.items() if route[0] in {"POST", "PUT", "DELETE"}}
# What is looked for, and a secret, stay out of addresses.
SEARCHING = {route for route in MUTATING if route[1].endswith(("/search", "/slide-requests/status"))}
FILE = ("GET", "/api/v1/redeemed/files/<id:file_id>")  # records that it was disclosed
# A part by itself is no change of state: the list of them is fixed, and logged, when the file is completed.
UNLOGGED = {route for route in MUTATING if route[1].endswith("/parts/<part_number:number>")}
TRIED = sorted({*MUTATING, FILE} - SEARCHING - UNLOGGED)


@contextmanager
def unwritable_log(stages: Stages) -> Iterator[None]:
    stages.kept.refuse("INSERT", "audit_entries")
    yield
    stages.kept.relent()


@pytest.mark.parametrize("route", TRIED, ids=" ".join)
def test_a_change_that_can_not_be_logged_is_refused_and_not_made(api: Api, route: tuple[str, str]) -> None:
    scene = Scene(api)
    role = next(role for role, expected in ROUTE_ROLES[route].items() if expected == "Y")
    request = scene.request(*route)
    before = scene.stages.rows("leftovers")  # written before the store hears of an object, so that it is swept
    with unwritable_log(scene.stages):
        refused = scene.ask(role, request)
    assert refused.status_code >= 500
    assert re.fullmatch(r"internal|unavailable", refused.get_json(force=True)["code"])
    assert scene.stages.rows("leftovers") == before
    assert scene.ask(role, request).status_code < 300, "the request is one that succeeds"
    assert len(scene.stages.rows()["audit_entries"]) > len(before["audit_entries"])


@pytest.mark.parametrize("route", sorted(SEARCHING | UNLOGGED), ids=" ".join)
def test_what_needs_no_entry_leaves_none(api: Api, route: tuple[str, str]) -> None:
    """So that nothing is left out above without having been looked at."""
    scene = Scene(api)
    role = next(role for role, expected in ROUTE_ROLES[route].items() if expected == "Y")
    request = scene.request(*route)
    before = scene.stages.rows()["audit_entries"]
    assert scene.ask(role, request).status_code < 300
    assert scene.stages.rows()["audit_entries"] == before
