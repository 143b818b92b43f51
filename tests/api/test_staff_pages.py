"""The table of staff's pages: which role sees which; and nobody else sees any."""

import re
from uuid import uuid4

import pytest

from tests.members import signed_in
from tests.pages.visitor import Visitor
from tests.stages import PUBLIC_URL
from transfer_service.domain.people import Role

#: What is there for whoever is not signed in.
AT_THE_DOOR = {
    ("GET", "/staff/sign-in"),
    ("POST", "/staff/sign-in"),
    ("GET", "/staff/signed-out"),
    ("POST", "/staff/sign-out"),
    ("POST", "/staff/sign-out-everywhere"),
    ("GET", "/staff/enrol"),
    ("GET", "/staff/enrol/"),
    ("GET", "/staff/enrol/<path:_nowhere>"),
    ("POST", "/staff/enrol"),
    ("GET", "/staff/enrol/account"),
    ("POST", "/staff/enrol/account"),
}
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


def staff_routes(app):
    return sorted(
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/staff")
    )


def address(rule):
    """With ids of nothing, which are a foreigner's and an unknown one's alike."""
    return re.sub(r"<path:\w+>", "nowhere", re.sub(r"<uuid:\w+>", lambda _: str(uuid4()), rule))


@pytest.mark.parametrize("holder", ["nobody", "a patient", "a recipient", "a token of staff"])
def test_every_page_of_staff_is_for_members_who_are_signed_in(api, holder):
    stage = api.stages.redeemed()
    callers = {
        "nobody": api.anyone, "a patient": api.patient(stage), "a recipient": api.recipient(stage),
        "a token of staff": api.coordinator,
    }  # fmt: skip
    client, token = api.app.test_client(), callers[holder].token
    if token is not None:
        with client.session_transaction(base_url=PUBLIC_URL) as session:
            session["staff"] = {"token": token}
    for method, rule in staff_routes(api.app):
        if (method, rule) in AT_THE_DOOR:
            continue
        csrf = _TOKEN.search(client.get("/staff/sign-in", base_url=PUBLIC_URL).text)[1]
        data = {"csrf_token": csrf} if method == "POST" else None
        answer = client.open(address(rule), method=method, base_url=PUBLIC_URL, data=data)
        told = (answer.status_code, answer.location)
        assert told == (303, "/staff/sign-in") if method == "GET" else answer.status_code == 401, (method, rule, told)


@pytest.mark.parametrize("role", Role)
def test_ids_of_nothing_are_one_and_the_same_page_for_every_role(api, role):
    """403 where the role never may, else the same 404; a POST is refused before what it says is looked at or by it."""
    visitor = Visitor(api.app)
    signed_in(visitor, api.stages, role)
    for method, rule in staff_routes(api.app):
        if "<uuid:" not in rule:
            continue
        visitor.get("/staff/account")
        answer = visitor.get(address(rule)) if method == "GET" else visitor.post(address(rule))
        assert answer.status_code in {403, 404, 422}, (method, rule, answer.status_code)
        assert answer.status_code != 422 or method == "POST", rule


#: What each role finds: (d)epositor, (c)oordinator, (p)rivacy officer, (a)dmin; the others are told that they may not.
SEEN_BY = {
    "/staff": "dcpa",
    "/staff/account": "dcpa",
    "/staff/packets": "dcp",
    "/staff/packets/new": "dc",
    "/staff/packets/search": "dcpa",  # to the list, which asks
    "/staff/requests": "dcp",
    "/staff/recipients": "cp",
    "/staff/recipients/new": "c",
    "/staff/opinions": "cp",
    "/staff/accounting": "cp",
    "/staff/audit": "p",
    "/staff/settings": "pa",
    "/staff/settings/members": "a",
    "/staff/settings/members/new": "a",
    "/staff/settings/tokens": "a",
    "/staff/settings/tokens/new": "a",
    "/staff/settings/departments": "a",
    "/staff/settings/departments/new": "a",
    "/staff/settings/shown": "a",
    "/staff/settings/templates": "pa",
}


@pytest.mark.parametrize("role", Role)
def test_each_role_finds_what_the_table_says_and_the_way_there_leads_to_no_refusal(api, role):
    visitor = Visitor(api.app)
    signed_in(visitor, api.stages, role)
    shown = visitor.get("/staff").text
    for place, roles in SEEN_BY.items():
        answer = visitor.get(place)
        assert (answer.status_code in {200, 303}) == (role[0] in roles), (place, answer.status_code)
        assert answer.status_code in {200, 303, 403}, place
        assert role[0] in roles or f'href="{place}"' not in shown, place


def test_every_page_without_an_id_is_in_the_table(api):
    known = {rule for method, rule in staff_routes(api.app) if method == "GET" and "<" not in rule}
    known -= {rule for _, rule in AT_THE_DOOR}
    assert {rule for rule in known if not rule.endswith("/")} == set(SEEN_BY)
