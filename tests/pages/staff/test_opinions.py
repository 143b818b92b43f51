"""Opinions on the pages of staff: read by those who oversee, received by coordinators, shared once."""

import html
import re
from uuid import uuid4

import pytest

from tests.members import signed_in
from tests.stages import PUBLIC_URL
from transfer_service.domain.opinion import Conclusion, MaterialKind, Missing, Reply
from transfer_service.domain.people import Role
from transfer_service.domain.successor import CaseChanges

NEEDS = Reply(Conclusion.NEEDS_MORE_MATERIAL, "See below.", (Missing(MaterialKind.BLOCK, "Block A3"),))


def looked(visitor, path):
    return visitor.client.get(path, base_url=PUBLIC_URL)


@pytest.fixture
def stage(stages):
    return stages.redeemed()


def page_of(stage):
    return f"/staff/packets/{stage.packet.id}/opinions"


def test_what_came_back_is_listed_and_stands_with_its_packet(stages, visitor, stage):
    signed_in(visitor, stages, Role.COORDINATOR)
    assert "No opinion has come back" in visitor.get("/staff/opinions").text
    assert "Nothing has come back" in visitor.get(page_of(stage)).text
    draft = stages.drafted(stage)
    assert "No opinion has come back" in visitor.get("/staff/opinions").text
    stages.answered(stage)
    listed = visitor.get("/staff/opinions")
    assert "Ada Example" in listed.text
    assert page_of(stage) in listed.text
    assert "Agrees with the diagnosis" in listed.text
    page = html.unescape(visitor.get(page_of(stage)).text)
    assert "Ductal carcinoma in situ, as diagnosed." in page
    assert "opinion.pdf" in page
    assert str(draft.opinion.id) in page


def test_a_coordinator_downloads_a_file_and_an_officer_and_a_depositor_do_not(stages, visitor, another_visitor, stage):
    view = stages.answered(stage)
    path = f"/staff/opinions/{view.opinion.id}/files/{view.files[0].id}"
    signed_in(visitor, stages, Role.COORDINATOR, Role.DEPOSITOR)
    visitor.get("/staff")
    for refused in (path, page_of(stage), "/staff/opinions", f"/staff/opinions/{view.opinion.id}/share"):
        assert looked(visitor, refused).status_code == 403
    visitor.submit("/staff/role", {"role": "coordinator"})
    assert path in visitor.get(page_of(stage)).text
    assert looked(visitor, path).data == b"a second opinion"
    assert stages.actions()[-1] == "opinion.read"
    signed_in(another_visitor, stages, Role.PRIVACY_OFFICER, name="P. Rivacy", email="p@hospital.test")
    page = another_visitor.get(page_of(stage)).text
    assert "as diagnosed" in page
    assert path not in page
    assert looked(another_visitor, path).status_code == 403


def test_sharing_shows_first_what_the_patient_will_read_and_is_said_once(stages, visitor, another_visitor, stage):
    view = stages.answered(stage)
    signed_in(visitor, stages, Role.COORDINATOR)
    asked = visitor.get(f"/staff/opinions/{view.opinion.id}/share")
    assert "can not be taken back" in asked.text
    assert "The reviewer agrees with the diagnosis." in asked.text
    for _ in "12":
        assert visitor.post(f"/staff/opinions/{view.opinion.id}/share").location == page_of(stage)
    assert stages.actions().count("opinion.shared") == 1
    another_visitor.patient_in(stages, stage)
    assert "as diagnosed" in another_visitor.get("/r/opinions").text
    assert "may read it since" in visitor.get(page_of(stage)).text
    assert "Let the patient read it</button>" not in visitor.get(f"/staff/opinions/{view.opinion.id}/share").text


def test_an_officer_shares_nothing_and_starts_nothing(stages, visitor, stage):
    view = stages.answered(stage, NEEDS)
    signed_in(visitor, stages, Role.PRIVACY_OFFICER)
    visitor.get(page_of(stage))
    before = stages.rows()
    for act in ("share", "successor"):
        assert visitor.post(f"/staff/opinions/{view.opinion.id}/{act}").status_code == 403
    assert stages.rows() == before


def test_what_is_missing_goes_into_one_packet_however_often_it_is_asked(stages, visitor, stage):
    view = stages.answered(stage, NEEDS)
    signed_in(visitor, stages, Role.COORDINATOR)
    page = visitor.get(page_of(stage))
    assert "Tissue block: Block A3" in page.text
    form = {"form_id": re.findall(r'name="form_id" value="([^"]+)"', page.text)[0]}
    first, second = (visitor.post(f"/staff/opinions/{view.opinion.id}/successor", form).location for _ in "12")
    assert first == second
    (made,) = stages.journey.opinions.answered_by(stages.coordinator, view.opinion.id)
    assert first == f"/staff/packets/{made.id}"
    assert made.case == CaseChanges().applied(stage.packet.case)
    again = visitor.get(page_of(stage)).text
    assert f"/staff/packets/{made.id}" in again
    assert "Open a packet for what is missing" not in again


def test_nothing_is_begun_for_an_opinion_that_asks_for_nothing(stages, visitor, stage):
    view = stages.answered(stage)
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get(page_of(stage))
    assert visitor.post(f"/staff/opinions/{view.opinion.id}/successor").status_code == 422


def test_a_foreign_opinion_and_a_draft_are_not_there(stages, visitor, another_visitor, stage):
    draft = stages.drafted(stage)
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get(page_of(stage))
    for id_ in (draft.opinion.id, uuid4()):
        assert visitor.post(f"/staff/opinions/{id_}/share").status_code == 404
        assert looked(visitor, f"/staff/opinions/{id_}/share").status_code == 404
    view = stages.answered(stage)
    neighbour = stages.department(stages.hospital.organization, "Radiology")
    signed_in(another_visitor, stages, Role.COORDINATOR, email="r@hospital.test", department=neighbour)
    assert "No opinion" in another_visitor.get("/staff/opinions").text
    for path in (page_of(stage), f"/staff/opinions/{view.opinion.id}/share", "/staff/opinions/x",
                 f"/staff/opinions/{view.opinion.id}/files/{view.files[0].id}"):  # fmt: skip
        assert looked(another_visitor, path).status_code == 404


def test_a_cursor_that_is_none_is_refused_as_a_page(stages, visitor):
    signed_in(visitor, stages, Role.COORDINATOR)
    answer = visitor.get("/staff/opinions?cursor=nonsense")
    assert (answer.status_code, answer.mimetype) == (400, "text/html")
