"""The forms of requests, opinions, accounting, audit and settings: our own pages alone send them, with any input."""

from uuid import uuid4

from tests.members import signed_in
from tests.pages.test_any_input import ODD
from tests.stages import PUBLIC_URL
from transfer_service.domain.people import Role

FIELDS = [
    "reason", "note", "accession_number", "record_number", "name", "birth_month", "birth_day", "birth_year", "email",
    "phone", "language", "question", "diagnosis", "laterality", "contact_confirmed", "form_id", "packet", "recipient",
    "outcome", "since_month", "since_day", "since_year", "until_month", "until_day", "until_year", "format", "cursor",
    "action", "role", "department", "kind", "service", "contact", "on", "read", "sha256",
]  # fmt: skip
POSTS = {
    Role.COORDINATOR: ["requests/{request}/decline", "requests/{request}/accept", "opinions/{other}/share",
                       "opinions/{other}/successor", "accounting/search"],
    Role.PRIVACY_OFFICER: ["accounting/search", "accounting/report", "audit/verify", "audit/export",
                           "settings/templates/es/approve", "settings/templates/es/end"],
    Role.ADMIN: ["settings/members", "settings/members/{other}/roles", "settings/members/{other}/disable",
                 "settings/members/{other}/invite-again", "settings/tokens", "settings/tokens/{other}/revoke",
                 "settings/departments", "settings/departments/{department}/describe",
                 "settings/departments/{department}/requests", "settings/departments/{department}/treatment",
                 "settings/shown"],
}  # fmt: skip


def each_form(stages, visitor):
    """Every form's address, with somebody signed in who may send it."""
    ids = {"request": stages.requested()[0].id, "other": uuid4(), "department": stages.hospital.pathology.id}
    signed_in(visitor, stages, *POSTS)
    for role, paths in POSTS.items():
        visitor.get("/staff")
        if role is not Role.COORDINATOR:
            visitor.submit("/staff/role", {"role": role.value})
        yield from (f"/staff/{path.format(**ids)}" for path in paths)


def test_a_form_without_its_token_or_from_another_site_changes_nothing(stages, visitor):
    for path in each_form(stages, visitor):
        before = stages.rows()
        assert visitor.client.post(path, data={"name": "x", "on": "yes"}, base_url=PUBLIC_URL).status_code == 400, path
        for site in ("cross-site", "same-site"):
            assert visitor.post(path, {"name": "x"}, headers={"Sec-Fetch-Site": site}).status_code == 400, path
        assert stages.rows() == before


def test_no_value_in_any_field_makes_a_page_fail(stages, visitor):
    for path in each_form(stages, visitor):
        for odd in ODD[::3]:
            for fields in (dict.fromkeys(FIELDS, odd[:500]), {name: [odd[:99], odd[:99]] for name in FIELDS}):
                answer = visitor.post(path, fields)
                assert answer.status_code < 500, (path, odd)
                assert "<script>alert" not in answer.text
                assert "49049" not in answer.text
