"""Staff at the door: in by address, password and code; out by hand, by time, and by what an admin does."""

import re
from datetime import timedelta

from tests.members import PASSWORD, authenticator_of, enrolled, invited, proof, shown_codes, signed_in
from tests.stages import PUBLIC_URL
from transfer_service.domain.people import Role


def test_a_member_signs_in_and_finds_what_their_role_has(stages, visitor):
    signed_in(visitor, stages, Role.COORDINATOR)
    page = visitor.get("/staff")
    assert page.status_code == 200
    assert "M. Weaver" in page.text
    assert "/staff/packets" in page.text
    assert "/staff/audit" not in page.text


def test_what_is_wrong_is_one_answer_and_what_was_typed_stays_but_the_password(stages, visitor):
    colleague = enrolled(stages)
    visitor.get("/staff/sign-in")
    answers = [visitor.post("/staff/sign-in", proof(colleague, **wrong))
               for wrong in ({"password": "wrong"}, {"code": "000000"})]  # fmt: skip
    assert {answer.status_code for answer in answers} == {403}
    assert colleague.email in answers[0].text
    assert 'wrong"' not in answers[0].text
    assert re.sub(r'value="[^"]*"', "", answers[0].text) == re.sub(r'value="[^"]*"', "", answers[1].text)


def test_who_is_not_in_is_led_to_the_door_and_back(stages, visitor):
    colleague = enrolled(stages)
    answer = visitor.get("/staff/account?lang=es")
    assert (answer.status_code, answer.location) == (303, "/staff/sign-in")
    visitor.get("/staff/sign-in")
    assert visitor.post("/staff/sign-in", proof(colleague)).location == "/staff/account"


def test_an_address_that_no_header_can_hold_leads_nowhere(stages, visitor):
    colleague = enrolled(stages)
    assert visitor.get("/staff/x%0D").location == "/staff/sign-in"
    visitor.get("/staff/sign-in")
    assert visitor.post("/staff/sign-in", proof(colleague)).location == "/staff"
    assert visitor.get("/staff/x%0D/").status_code == 404


def test_the_way_back_is_only_ever_a_page_of_ours(stages, visitor):
    colleague = enrolled(stages)
    visitor.get("/staff/sign-in?next=https://evil.test/")
    assert visitor.post("/staff/sign-in?next=//evil.test", proof(colleague)).location == "/staff"


def test_signing_in_gives_a_new_csrf_token_and_an_old_one_counts_no_more(stages, visitor):
    colleague = enrolled(stages)
    visitor.get("/staff/sign-in")
    old = visitor.token()
    visitor.post("/staff/sign-in", proof(colleague))
    answer = visitor.client.post("/staff/sign-out", data={"csrf_token": old}, base_url=PUBLIC_URL)
    assert answer.status_code == 400
    assert visitor.get("/staff").status_code == 200


def test_after_signing_out_the_cookie_that_was_kept_opens_nothing(stages, visitor):
    signed_in(visitor, stages)
    visitor.get("/staff")
    kept = visitor.client.get_cookie("__Host-session", domain="transfer.hospital.test").value
    assert visitor.submit("/staff/sign-out").status_code == 200
    visitor.client.set_cookie("__Host-session", kept, domain="transfer.hospital.test", secure=True)
    assert visitor.get("/staff").location == "/staff/sign-in"


def test_signing_out_everywhere_ends_the_other_browser_too(stages, visitor, another_visitor):
    colleague = signed_in(visitor, stages)
    another_visitor.get("/staff/sign-in")
    another_visitor.post("/staff/sign-in", proof(colleague))
    assert another_visitor.get("/staff").status_code == 200
    visitor.get("/staff/account")
    visitor.post("/staff/sign-out-everywhere")
    assert another_visitor.get("/staff").status_code == 303


def test_a_form_sent_after_the_session_ended_says_so(stages, visitor):
    signed_in(visitor, stages)
    visitor.get("/staff/account")
    stages.clock.advance(timedelta(minutes=31))
    answer = visitor.post("/staff/account/codes", {"codes_password": PASSWORD, "codes_code": "000000"})
    assert answer.status_code == 401
    assert "You are signed out" in answer.text


def test_a_member_with_two_roles_changes_between_them(stages, visitor):
    signed_in(visitor, stages, Role.COORDINATOR, Role.PRIVACY_OFFICER)
    visitor.get("/staff")
    assert "/staff/audit" in visitor.submit("/staff/role", {"role": "privacy_officer"}).text
    for foreign in ("admin", "nonsense", ""):
        assert visitor.post("/staff/role", {"role": foreign}).status_code == 403


def test_an_invitation_is_accepted_with_an_app_and_shows_recovery_codes_once(stages, visitor):
    _, secret = invited(stages, Role.ADMIN)
    visitor.get("/staff/enrol")
    page = visitor.submit("/staff/enrol", {"secret": f"https://transfer.hospital.test/staff/enrol#{secret}"})
    assert "<svg" in page.text
    app = authenticator_of(re.search(r"((?:[A-Z2-7]{4} ){7}[A-Z2-7]{4})", visitor.text())[1])
    form = {"password": PASSWORD, "code": app.at(stages.now)}
    wrong = visitor.post("/staff/enrol/account", form | {"password": "short", "code": "1"})
    assert wrong.status_code == 422
    assert visitor.post("/staff/enrol/account", form | {"code": "000000"}).status_code == 403
    codes = visitor.submit("/staff/enrol/account", form)
    assert len(shown_codes(codes.text)) == 10
    assert visitor.get("/staff").status_code == 200
    assert visitor.get("/staff/enrol/account").location == "/staff/enrol"


def test_an_invitation_that_opens_nothing_says_what_to_do(stages, visitor):
    visitor.get("/staff/enrol")
    assert visitor.post("/staff/enrol", {"secret": "A" * 43}).status_code == 404
    assert visitor.post("/staff/enrol", {"secret": "A"}).status_code == 422
    assert visitor.post("/staff/enrol/account", {"password": PASSWORD, "code": "0"}).status_code == 404
    _, secret = invited(stages)
    visitor.submit("/staff/enrol", {"secret": secret})
    stages.clock.advance(timedelta(days=8))
    assert "ask for a new invitation" in visitor.submit("/staff/enrol/account", {"password": PASSWORD}).text


def test_an_account_changes_by_password_and_code(stages, visitor):
    colleague = signed_in(visitor, stages)
    visitor.get("/staff/account")
    form = {"password": PASSWORD, "new_password": "another long password"}
    assert visitor.submit("/staff/account/password", form | {"code": "000000"}).status_code == 403
    assert visitor.submit("/staff/account/password", form | {"new_password": "x", "code": "1"}).status_code == 422
    visitor.get("/staff/account")
    codes = visitor.submit("/staff/account/codes", {"codes_password": PASSWORD, "codes_code": colleague.code()})
    assert len(shown_codes(codes.text)) == 10
    visitor.get("/staff/account")
    assert visitor.submit("/staff/account/codes", {"codes_password": "x", "codes_code": "1"}).status_code == 403
    visitor.get("/staff/account")
    assert "signed out" in visitor.submit("/staff/account/password", form | {"code": colleague.code()}).text
    assert visitor.get("/staff").status_code == 303
