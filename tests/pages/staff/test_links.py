"""Links from the pages of staff: issued once, their address shown once, revoked; and what becomes of each."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.members import signed_in
from tests.stages import PUBLIC_URL, recipient_draft
from transfer_service.domain.link import Verification
from transfer_service.domain.people import Role
from transfer_service.sealing.tokens import token_hash

FORM_ID = re.compile(r'name="form_id" value="([^"]+)"')
URL = re.compile(r'value="(https://[^"]+/l#([^"]{43}))"')


def form_of(stage):
    return f"/staff/releases/{stage.release.id}/links"


def page_of(stage):
    return f"/staff/packets/{stage.packet.id}/release"


def filled(stages, visitor, stage, **changes):
    page = visitor.get(form_of(stage)).text
    form = {
        "form_id": FORM_ID.search(page)[1],
        "recipient": str(stages.recipient.id),
        "expires_on": "2026-05-20",
        "count": "3",
        "verification": "email_code",
    }
    return form | changes


def links_of(stages, stage):
    return stages.journey.issue.of_packet(stages.hospital.privacy_officer, stage.packet.id, stages.now)


def test_a_link_s_address_is_shown_this_once_and_opens_for_its_recipient(stages, visitor, another_visitor):
    signed_in(visitor, stages)
    stage = stages.signed()
    assert form_of(stage) in visitor.get(page_of(stage)).text
    answer = visitor.post(form_of(stage), filled(stages, visitor, stage))
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    url, stage.link_secret = URL.search(answer.text).groups()
    assert url.startswith(PUBLIC_URL)
    (view,) = links_of(stages, stage)
    assert view.link.secret_hash == token_hash(stage.link_secret)
    assert (view.link.max_redemptions, view.link.verification) == (3, Verification.EMAIL_CODE)
    assert view.link.expires_at.isoformat() == "2026-05-20T23:59:59+00:00"
    for path in (page_of(stage), form_of(stage), f"/staff/packets/{stage.packet.id}/timeline"):
        assert stage.link_secret not in visitor.get(path).text
    assert another_visitor.recipient_in(stages, stage).status_code == 200
    assert "1 of 3" in visitor.get(page_of(stage)).text


def test_two_clicks_issue_one_link_and_both_answers_show_its_address(stages, visitor):
    signed_in(visitor, stages)
    stage = stages.signed()
    form = filled(stages, visitor, stage)
    first, second = (URL.search(visitor.post(form_of(stage), form).text)[1] for _ in range(2))
    assert first == second
    assert len(links_of(stages, stage)) == 1
    assert stages.actions().count("link.issued") == 1


def test_a_reload_after_a_while_shows_no_address_and_issues_nothing(stages, visitor):
    signed_in(visitor, stages)
    stage = stages.signed()
    form = filled(stages, visitor, stage)
    visitor.post(form_of(stage), form)
    stages.clock.advance(timedelta(minutes=10))
    answer = visitor.post(form_of(stage), form)
    assert answer.status_code == 200
    assert "issued already" in answer.text
    assert "/l#" not in answer.text
    assert len(links_of(stages, stage)) == 1


def test_the_same_form_filled_in_otherwise_is_another_link(stages, visitor):
    """After the back button: an address must never be shown for somebody whom it is not for."""
    signed_in(visitor, stages)
    stage = stages.signed()
    form = filled(stages, visitor, stage)
    first = URL.search(visitor.post(form_of(stage), form).text)[2]
    second = URL.search(visitor.post(form_of(stage), form | {"count": "4"}).text)[2]
    assert first != second
    assert len(links_of(stages, stage)) == 2


def test_another_member_who_knows_the_form_s_word_has_another_link(stages, visitor, another_visitor):
    signed_in(visitor, stages)
    signed_in(another_visitor, stages, name="N. Other", email="other@hospital.test")
    stage = stages.signed()
    form = filled(stages, visitor, stage)
    another_visitor.get(form_of(stage))
    first, second = (URL.search(each.post(form_of(stage), form).text)[2] for each in (visitor, another_visitor))
    assert first != second


def test_a_passcode_is_asked_for_where_it_was_chosen(stages, visitor, another_visitor):
    signed_in(visitor, stages)
    stage = stages.signed()
    form = filled(stages, visitor, stage, verification="passcode", passcode="blue heron", count="")
    answer = visitor.post(form_of(stage), form)
    assert "blue heron" not in answer.text
    stage.link_secret = URL.search(answer.text)[2]
    assert another_visitor.recipient_in(stages, stage, passcode="blue heron").status_code == 200
    assert "1 time, no limit" in visitor.get(page_of(stage)).text


def test_everything_that_is_wrong_is_said_at_once_and_what_was_typed_is_kept(stages, visitor):
    signed_in(visitor, stages)
    stage = stages.signed()
    wrong = {"recipient": str(uuid4()), "expires_on": "soon", "count": "1001", "verification": "passcode"}
    answer = visitor.post(form_of(stage), filled(stages, visitor, stage, **wrong, passcode="short"))
    assert answer.status_code == 422
    for name in ("recipient", "expires_on", "count", "passcode"):
        assert f'href="#{name}"' in answer.text
        assert f'id="{name}"' in answer.text
    assert 'value="1001"' in answer.text
    assert 'value="short"' in answer.text
    assert links_of(stages, stage) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("recipient", ""),
        ("recipient", "nobody"),
        ("expires_on", "2026-05-11"),
        ("expires_on", "2026-08-11"),
        ("expires_on", "2026-02-30"),
        ("count", "0"),
        ("count", "-1"),
        ("count", "many"),
        ("verification", "service_token"),
        ("verification", ""),
        ("passcode", "not asked for"),
    ],
)
def test_one_wrong_field_is_told_apart_from_the_right_ones(stages, visitor, name, value):
    signed_in(visitor, stages)
    stage = stages.signed()
    answer = visitor.post(form_of(stage), filled(stages, visitor, stage, **{name: value}))
    assert answer.status_code == 422
    assert re.findall(r'<li><a href="#(\w+)">', answer.text) == [name]


def test_a_recipient_who_changed_since_takes_a_new_release(stages, visitor):
    signed_in(visitor, stages)
    stage = stages.signed()
    changed = recipient_draft(email="elsewhere@review.test")
    stages.journey.recipients.change(stages.coordinator, stages.recipient.id, changed, stages.now)
    assert "Changed in the directory since" in visitor.get(page_of(stage)).text
    answer = visitor.post(form_of(stage), filled(stages, visitor, stage))
    assert answer.status_code == 409
    assert "takes a new release" in answer.text


@pytest.mark.parametrize("stage_of", ["released", "scanned"])
def test_under_a_release_that_nobody_signed_no_link_is_issued(stages, visitor, stage_of):
    signed_in(visitor, stages)
    stage = getattr(stages, stage_of)()
    assert visitor.get(form_of(stage)).location.startswith(page_of(stage))
    visitor.get(page_of(stage))
    form = {"recipient": str(stages.recipient.id), "expires_on": "2026-05-20", "verification": "email_code"}
    assert visitor.post(form_of(stage), form).location.startswith(page_of(stage))
    assert links_of(stages, stage) == []


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.PRIVACY_OFFICER])
def test_a_link_is_revoked_after_a_question_and_twice_is_once(stages, visitor, another_visitor, role):
    signed_in(visitor, stages, role)
    stage = stages.linked()
    path = f"/staff/links/{stage.link.id}/revoke"
    assert path in visitor.get(page_of(stage)).text
    assert "Dr. R. Viewer" in visitor.get(path).text
    for _ in range(2):
        assert visitor.post(path).status_code == 303
    assert stages.actions().count("link.revoked") == 1
    assert "Revoked" in visitor.get(page_of(stage)).text
    assert visitor.get(path).status_code == 303
    another_visitor.get("/l")
    assert another_visitor.submit("/l", {"secret": stage.link_secret}).status_code == 409


def test_a_link_says_what_it_is_worth_now(stages, visitor):
    stage = stages.redeemed(max_redemptions=1)
    stages.linked(of=stage)
    signed_in(visitor, stages)
    visitor.get(page_of(stage))
    for words in ("Used up", "1 of 1", "Works", "0 times, no limit"):
        assert words in visitor.text()
    stages.clock.advance(timedelta(days=20))
    signed_in(visitor, stages, name="N. Other", email="other@hospital.test")
    assert ">Works<" not in visitor.get(page_of(stage)).text
    assert ">Expired<" in visitor.last.text


def test_a_review_service_s_link_came_of_itself_and_is_nobody_s_of_the_staff(stages, visitor):
    stage = stages.redeemed_by_service()
    signed_in(visitor, stages)
    visitor.get(page_of(stage))
    assert "The service's own token" in visitor.text()
    assert "1 time, no limit" in visitor.text()
    visitor.get(f"/staff/packets/{stage.packet.id}/timeline")
    assert "Remote Review fetches by itself: its link was made when it first asked." in visitor.text()


def test_a_privacy_officer_issues_none(stages, visitor):
    signed_in(visitor, stages, Role.PRIVACY_OFFICER)
    stage = stages.signed()
    assert form_of(stage) not in visitor.get(page_of(stage)).text
    assert visitor.get(form_of(stage)).status_code == 303
    visitor.get(page_of(stage))
    form = {"recipient": str(stages.recipient.id), "expires_on": "2026-05-20", "verification": "email_code"}
    assert visitor.post(form_of(stage), form).status_code == 403
    assert links_of(stages, stage) == []


@pytest.mark.parametrize("role", [Role.DEPOSITOR, Role.ADMIN])
def test_depositors_and_admins_neither_issue_nor_revoke(stages, visitor, role):
    signed_in(visitor, stages, role)
    stage = stages.linked()
    revoke = f"/staff/links/{stage.link.id}/revoke"
    assert {visitor.get(path).status_code for path in (form_of(stage), revoke)} == {403}
    visitor.get("/staff")
    assert {visitor.post(path).status_code for path in (form_of(stage), revoke)} == {403}
    assert "link.revoked" not in stages.actions()


def test_a_foreign_link_is_the_same_404_as_one_that_never_was(stages, visitor):
    stage = stages.linked()
    signed_in(visitor, stages, department=stages.enrolled("St. Barbara").pathology)
    for link, release in ((stage.link.id, stage.release.id), (uuid4(), uuid4())):
        paths = (f"/staff/links/{link}/revoke", f"/staff/releases/{release}/links")
        assert {visitor.get(path).status_code for path in paths} == {404}
        visitor.get("/staff")
        assert {visitor.post(path).status_code for path in paths} == {404}
    assert "link.revoked" not in stages.actions()
