"""The overview: what waits on whom at a glance, and the way to each."""

import re
from datetime import timedelta

import pytest

from tests.factories import DAY
from tests.members import signed_in
from transfer_service.domain.people import Role


def tiles(visitor):
    """Each figure, by the address that it leads to."""
    found = re.findall(r'<a class="tile" href="([^"]+)">\s*<strong[^>]*>([\d,]+)</strong>', visitor.last.text)
    return {address.replace("&amp;", "&"): int(number.replace(",", "")) for address, number in found}


def test_each_figure_says_how_many_wait_since_when_and_leads_to_their_list(stages, visitor):
    stages.signed()
    stages.clock.advance(3 * DAY)
    stages.signed()
    stages.opened()
    signed_in(visitor, stages, Role.COORDINATOR)
    page = visitor.get("/staff")
    assert page.status_code == 200
    links = "/staff/packets?waits_for=link&order=longest"
    assert tiles(visitor) == {links: 2, "/staff/packets?waits_for=files&order=longest": 1}
    assert "2 A link to be issued longest: 3 days" in visitor.text()
    visitor.get(links)
    assert len(re.findall("<tr data-row", visitor.last.text)) == 2


def test_what_waits_is_under_those_on_whom_it_waits(stages, visitor):
    for stage in (stages.released, stages.linked, stages.received):
        stage()
    signed_in(visitor, stages, Role.DEPOSITOR)
    visitor.get("/staff")
    headings = re.findall(r'<h2 id="on-(\w+)"', visitor.last.text)
    assert headings == ["patient", "recipient", "service"]


def test_requests_from_patients_and_returned_opinions_are_among_the_figures(stages, visitor):
    stages.requested()
    stages.answered(stages.redeemed())
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get("/staff")
    assert tiles(visitor) == {"/staff/requests": 1, "/staff/packets?waits_for=sharing&order=longest": 1}
    assert "1 Request without an answer" in visitor.text()
    assert "An opinion to be shared with the patient" in visitor.text()


def test_the_packets_that_wait_longest_are_named_and_lead_to_their_pages(stages, visitor):
    oldest = stages.closed()
    for _ in range(8):
        stages.clock.advance(timedelta(minutes=1))
        newest = stages.opened()
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get("/staff")
    found = re.findall(r'<th scope="row"><a href="/staff/packets/([0-9a-f-]{36})"', visitor.last.text)
    assert len(found) == 8
    assert found[0] == str(oldest.packet.id)
    assert str(newest.packet.id) not in found


@pytest.mark.parametrize(("role", "may_open"), [(Role.DEPOSITOR, True), (Role.PRIVACY_OFFICER, False)])
def test_where_nothing_waits_it_says_what_to_do_next(stages, visitor, role, may_open):
    signed_in(visitor, stages, role)
    visitor.get("/staff")
    assert "Nothing waits for anybody" in visitor.text()
    assert ("/staff/packets/new" in visitor.last.text) == may_open


def test_an_admin_is_shown_the_settings_and_no_packet(stages, visitor):
    stages.requested()
    stages.closed()
    signed_in(visitor, stages, Role.ADMIN)
    assert visitor.get("/staff").status_code == 200
    assert tiles(visitor) == {}
    assert "/staff/settings" in visitor.last.text
    assert "Ada Example" not in visitor.last.text
    for path in ("/staff/packets", "/staff/packets/new"):
        assert visitor.get(path).status_code == 403


def test_a_privacy_officer_is_told_of_every_department_and_which_it_is(stages, visitor):
    radiology = stages.department(stages.hospital.organization, "Radiology")
    stages.closed()
    signed_in(visitor, stages, Role.PRIVACY_OFFICER, department=radiology)
    visitor.get("/staff")
    assert tiles(visitor) == {"/staff/packets?waits_for=release&order=longest": 1}
    assert "Pathology" in visitor.text()


def test_another_department_and_another_hospital_are_told_nothing(stages, visitor, another_visitor):
    stages.requested()
    stages.closed()
    radiology = stages.department(stages.hospital.organization, "Radiology")
    other = stages.enrolled("St. Barbara")
    signed_in(visitor, stages, Role.COORDINATOR, department=radiology)
    signed_in(
        another_visitor, stages, Role.PRIVACY_OFFICER, department=other.pathology, email="guard@other.test", name="G."
    )
    for each in (visitor, another_visitor):
        each.get("/staff")
        assert tiles(each) == {}
        assert "Ada Example" not in each.last.text


def test_who_is_not_signed_in_is_led_to_the_door(stages, visitor):
    stages.closed()
    for path in ("/staff", "/staff/packets", "/staff/packets/new", "/staff/packets/search"):
        answer = visitor.get(path)
        assert (answer.status_code, answer.location) == (303, "/staff/sign-in")
