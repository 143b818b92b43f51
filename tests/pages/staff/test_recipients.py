"""The directory of recipients: listed, added, changed with every version kept."""

import re
from uuid import uuid4

import pytest

from tests.members import signed_in
from tests.stages import recipient_draft
from transfer_service.domain.people import Role

FORM_ID = re.compile(r'name="form_id" value="([^"]+)"')
FORM = {
    "kind": "person",
    "name": "Dr. S. Other",
    "email": "other@review.test",
    "organization": "Lakeside Pathology",
    "specialty": "breast pathology",
    "credentials": "MD, FCAP",
    "language": "es",
    "notify": "yes",
    "accreditation_1": "CLIA",
    "source_1": "https://registry.test/clia",
    "checked_on_1": "2026-05-01",
    "accreditation_2": "",
    "source_2": "",
    "checked_on_2": "",
}


def known(stages):
    return stages.journey.recipients.directory(stages.coordinator)


def filled(visitor, path, **changes):
    page = visitor.get(path).text
    return FORM | {"form_id": FORM_ID.search(page)[1]} | changes


def test_a_coordinator_adds_somebody_once_however_often_they_click(stages, visitor):
    signed_in(visitor, stages)
    assert "Dr. R. Viewer" in visitor.get("/staff/recipients").text
    form = filled(visitor, "/staff/recipients/new")
    assert visitor.post("/staff/recipients/new", form).status_code == 303
    assert visitor.submit("/staff/recipients/new", form).status_code == 200
    assert "Lakeside Pathology" in visitor.text()
    assert [each.name for each in known(stages)] == ["Dr. R. Viewer", "Dr. S. Other"]
    added = known(stages)[1]
    assert (added.credentials, added.language) == (("MD", "FCAP"), "es")
    (held,) = added.accreditations
    assert (held.name, held.checked_by) == ("CLIA", "M. Weaver")


def test_who_was_missing_for_a_release_is_added_on_the_way_to_it(stages, visitor):
    packet = stages.closed().packet
    signed_in(visitor, stages)
    choice = f"/staff/packets/{packet.id}/release/new"
    new = f"/staff/recipients/new?packet={packet.id}"
    assert f'href="{new}"' in visitor.get(choice).text
    form = filled(visitor, new)
    assert f'action="{new}"' in visitor.last.text
    assert visitor.post(new, form).location == choice
    assert "Dr. S. Other" in visitor.get(choice).text
    elsewhere = visitor.post("/staff/recipients/new?packet=//evil.test", filled(visitor, "/staff/recipients/new"))
    assert elsewhere.location.startswith("/staff/recipients#")


def test_a_change_is_a_new_version_and_the_former_ones_stay_to_be_read(stages, visitor):
    signed_in(visitor, stages)
    path = f"/staff/recipients/{stages.recipient.id}"
    page = visitor.get(path).text
    assert 'value="Dr. R. Viewer"' in page
    assert "their links open nothing any more" in page
    form = filled(visitor, path, email="elsewhere@review.test")
    for _ in range(2):
        assert visitor.post(path, form).status_code == 303
    versions = stages.journey.recipients.versions(stages.coordinator, stages.recipient.id)
    assert [(each.version, each.email) for each in versions] == [
        (2, "elsewhere@review.test"),
        (1, "viewer@review.test"),
    ]
    shown = visitor.get(path).text
    assert "viewer@review.test" in shown
    assert "looked up on May 1, 2026 by M. Weaver" in shown


def test_a_form_left_as_it_is_changes_nothing(stages, visitor):
    signed_in(visitor, stages)
    path = f"/staff/recipients/{stages.recipient.id}"
    page = visitor.get(path).text
    form = dict(re.findall(r'<input type="(?:text|email|date)" id="[^"]+" name="([^"]+)" value="([^"]*)"', page))
    before = stages.rows()
    assert visitor.post(path, form | {"kind": "person", "language": "", "notify": "yes"}).status_code == 303
    assert stages.rows() == before


def test_everything_that_is_wrong_is_said_at_once_and_what_was_typed_is_kept(stages, visitor):
    signed_in(visitor, stages)
    wrong = {
        "kind": "robot", "name": "x" * 201, "email": "no address", "organization": "", "specialty": "\x07",
        "credentials": "y" * 51, "language": "eo", "accreditation_1": "", "source_1": "s" * 501,
        "checked_on_1": "2027-01-01",
    }  # fmt: skip
    answer = visitor.submit("/staff/recipients/new", filled(visitor, "/staff/recipients/new", **wrong))
    assert answer.status_code == 422
    for name in wrong:
        assert f'href="#{name}"' in answer.text, name
        assert f'id="{name}"' in answer.text, name
    for typed in ("x" * 201, "no address", "y" * 51, "s" * 501, "2027-01-01"):
        assert typed in answer.text
    assert len(known(stages)) == 1


@pytest.mark.parametrize("name", ["kind", "name", "email", "organization", "specialty"])
def test_each_field_that_is_needed_is_asked_for(stages, visitor, name):
    signed_in(visitor, stages)
    answer = visitor.post("/staff/recipients/new", filled(visitor, "/staff/recipients/new", **{name: ""}))
    assert answer.status_code == 422
    assert re.findall(r'<li><a href="#(\w+)">', answer.text) == [name]


def test_a_privacy_officer_reads_the_directory_and_changes_nothing(stages, visitor):
    signed_in(visitor, stages, Role.PRIVACY_OFFICER)
    path = f"/staff/recipients/{stages.recipient.id}"
    assert "/staff/recipients/new" not in visitor.get("/staff/recipients").text
    assert "viewer@review.test" in visitor.get(path).text
    assert visitor.get("/staff/recipients/new").status_code == 403
    visitor.get("/staff")
    for each in (path, "/staff/recipients/new"):
        assert visitor.post(each, FORM).status_code == 403
    assert len(known(stages)) == 1


@pytest.mark.parametrize("role", [Role.DEPOSITOR, Role.ADMIN])
def test_depositors_and_admins_have_no_directory(stages, visitor, role):
    signed_in(visitor, stages, role)
    paths = ("/staff/recipients", "/staff/recipients/new", f"/staff/recipients/{stages.recipient.id}")
    assert {visitor.get(path).status_code for path in paths} == {403}
    visitor.get("/staff")
    assert {visitor.post(path, FORM).status_code for path in paths[1:]} == {403}
    assert len(known(stages)) == 1


def test_another_organization_s_recipient_is_the_same_404_as_nobody(stages, visitor):
    elsewhere = stages.enrolled("St. Barbara")
    foreign = stages.journey.recipients.add(elsewhere.coordinator, recipient_draft(), stages.now)
    signed_in(visitor, stages)
    for id_ in (foreign.id, uuid4()):
        assert visitor.get(f"/staff/recipients/{id_}").status_code == 404
        visitor.get("/staff")
        assert visitor.post(f"/staff/recipients/{id_}", FORM).status_code == 404
    assert visitor.get("/staff/recipients/nobody").status_code == 404


def test_an_empty_directory_says_what_to_do(stages, visitor):
    signed_in(visitor, stages, department=stages.enrolled("St. Barbara").pathology)
    assert "Nobody is in the directory yet" in visitor.get("/staff/recipients").text
