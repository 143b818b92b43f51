"""The doors to the pages of releases, links, recipients and timelines: nobody without a session, no form without its
token, nothing from another site; and no input makes one of them fail."""

import pytest

from tests.members import signed_in
from tests.pages.test_any_input import ODD
from tests.stages import PUBLIC_URL

ROOMS = ("staff_releases.", "staff_links.", "staff_paper.", "staff_recipients.", "staff_timeline.")
FIELDS = [
    "form_id", "recipient", "purpose", "expires_on", "event", "basis", "attestation", "signing", "language", "letter",
    "told_by", "note", "count", "verification", "passcode", "document_sha256", "name", "signer", "authority",
    "signed_on", "email", "organization", "specialty", "kind", "credentials", "notify", "accreditation_1", "source_1",
    "checked_on_1",
]  # fmt: skip


def paths(app, stage, method):
    """Every address of these rooms, of what is there."""
    ids = {
        "packet_id": stage.packet.id,
        "release_id": stage.release.id,
        "link_id": stage.link.id if stage.link else stage.packet.id,
        "recipient_id": stage.release.grants[0].recipient_id,
        "_nowhere": "nowhere",
    }
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith(ROOMS) and method in rule.methods]
    adapter = app.url_map.bind("transfer.hospital.test")
    return sorted(
        {adapter.build(rule.endpoint, {name: ids[name] for name in rule.arguments}, method) for rule in rules}
    )


def test_nobody_without_a_session_sees_anything_or_does_anything(stages, visitor, app):
    stage = stages.linked()
    visitor.get("/staff/sign-in")
    before = stages.rows()
    assert len(paths(app, stage, "POST")) >= 9
    for path in paths(app, stage, "GET"):
        answer = visitor.client.get(path, base_url=PUBLIC_URL)
        assert (answer.status_code, answer.location) in {(303, "/staff/sign-in"), (404, None)}, path
        assert "Ada" not in answer.text
    for path in paths(app, stage, "POST"):
        visitor.get("/staff/sign-in")
        assert visitor.post(path).status_code == 401, path
    assert stages.rows() == before


def test_a_patient_s_and_a_recipient_s_session_open_none_of_them(stages, visitor, another_visitor, app):
    stage = stages.linked()
    visitor.patient_in(stages, stage)
    another_visitor.recipient_in(stages, stage)
    for path in paths(app, stage, "GET"):
        for each in (visitor, another_visitor):
            assert each.client.get(path, base_url=PUBLIC_URL).status_code in {303, 404}, path


@pytest.mark.parametrize("how", ["no token", "another site"])
def test_no_form_is_taken_without_its_token_or_from_another_site(stages, visitor, app, how):
    signed_in(visitor, stages)
    stage = stages.linked()
    visitor.get("/staff")
    before = stages.rows()
    for path in paths(app, stage, "POST"):
        if how == "no token":
            answer = visitor.client.post(path, data={"told_by": "phone"}, base_url=PUBLIC_URL)
        else:
            answer = visitor.post(path, {"told_by": "phone"}, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 400, path
    assert stages.rows() == before


def test_looking_changes_nothing(stages, visitor, app):
    signed_in(visitor, stages)
    stage = stages.linked(of=stages.copied())
    before = stages.rows()
    for path in paths(app, stage, "GET"):
        assert visitor.client.get(path, base_url=PUBLIC_URL).status_code in {200, 303, 404}, path
    assert stages.rows() == before


def test_no_value_in_any_field_makes_a_page_fail(stages, visitor, app):
    signed_in(visitor, stages)
    stage = stages.scanned()
    stages.linked(of=stages.signed())
    visitor.get("/staff")
    for path in paths(app, stage, "POST"):
        if path.endswith(("/resend", "/revoke")):
            continue  # they read one id, and send a letter or end a link each time
        for odd in ODD:
            for fields in (dict.fromkeys(FIELDS, odd), {name: [odd, odd] for name in FIELDS}):
                answer = visitor.post(path, fields)
                assert answer.status_code < 500, (path, odd)
                assert "<script>alert" not in answer.text
                assert "49049" not in answer.text
