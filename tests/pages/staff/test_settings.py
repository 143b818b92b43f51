"""Settings: who signs in, what programs call with, which departments there are; for admins of that organization."""

import html
import re
from uuid import uuid4

import pytest

from tests.members import authenticator_of, enrolled, invited, signed_in
from tests.stages import ORIGIN, PUBLIC_URL
from transfer_service.domain.language import Language
from transfer_service.domain.people import RecipientKind, Role, ServiceActor, StaffActor
from transfer_service.errors import NotAuthenticated
from transfer_service.wording.authorization import template_in

ROOMS = ("members", "members/new", "tokens", "tokens/new", "departments", "departments/new", "shown")
#: What only admins send; forms' texts are privacy officers' too.
POSTS = ("members", "members/{id}/roles", "members/{id}/disable", "members/{id}/invite-again",
         "tokens", "tokens/{id}/revoke")  # fmt: skip
FORM_ID = re.compile(r'name="form_id" value="([^"]+)"')


def shown_once(answer, name):
    """What stands in the field to copy."""
    return re.search(f'id="{name}" value="([^"]+)"', answer.text)[1]


def invitation(stages, **changes):
    """The form to invite somebody, filled in."""
    of = {"name": "N. New", "email": "new@hospital.test", "role": ["depositor", "coordinator"]}
    return {**of, "department": str(stages.hospital.pathology.id), **changes}


def program(stages, visitor, **changes):
    """The form to make a token, filled in."""
    form = {
        "kind": "program",
        "name": "Scanner room 2",
        "role": "depositor",
        "form_id": FORM_ID.findall(visitor.last.text)[0],
    }
    return {**form, "department": str(stages.hospital.pathology.id), **changes}


@pytest.fixture
def admin(stages, visitor):
    colleague = signed_in(visitor, stages, Role.ADMIN, name="A. Dmin", email="admin@hospital.test")
    visitor.get("/staff/settings/members")
    return colleague


@pytest.mark.usefixtures("admin")
def test_settings_lead_to_the_first_room_of_the_role(stages, visitor, another_visitor):
    assert visitor.get("/staff/settings").location == "/staff/settings/members"
    signed_in(another_visitor, stages, Role.COORDINATOR)
    refused = another_visitor.get("/staff/settings")
    assert refused.status_code == 403
    assert "Your role has nothing here" in refused.text
    assert 'aria-label="Main"' in refused.text


@pytest.mark.parametrize("role", [Role.DEPOSITOR, Role.COORDINATOR, Role.PRIVACY_OFFICER])
def test_no_other_role_sees_or_changes_any_of_it(stages, visitor, role):
    colleague = signed_in(visitor, stages, role)
    visitor.get("/staff")
    before = stages.rows()
    for room in ROOMS:
        assert visitor.client.get(f"/staff/settings/{room}", base_url=PUBLIC_URL).status_code == 403
    for path in POSTS:
        assert visitor.post(f"/staff/settings/{path.format(id=colleague.id)}", invitation(stages)).status_code in (
            403,
            422,
        )
    assert stages.rows() == before


@pytest.mark.usefixtures("admin")
def test_who_is_invited_sets_a_password_by_the_address_that_is_shown_once(stages, visitor, another_visitor):
    visitor.get("/staff/settings/members/new")
    answer = visitor.submit("/staff/settings/members", invitation(stages))
    address = shown_once(answer, "address")
    another_visitor.get("/staff/enrol")
    page = another_visitor.submit("/staff/enrol", {"secret": address})
    assert "N. New" in page.text
    assert authenticator_of(re.search(r"((?:[A-Z2-7]{4} ){7}[A-Z2-7]{4})", another_visitor.text())[1])
    listed = visitor.get("/staff/settings/members").text
    assert "Depositor, Coordinator" in listed
    assert "Invited" in listed
    assert address not in listed


@pytest.mark.usefixtures("admin")
def test_an_invitation_that_can_t_be_right_says_all_of_it_at_once_and_keeps_what_was_typed(stages, visitor):
    visitor.get("/staff/settings/members/new")
    before = stages.rows()
    other = stages.enrolled("Other").pathology.id
    wrong = invitation(stages, name="\u202e", email="no address", role="nobody", department=str(other))
    answer = visitor.submit("/staff/settings/members", wrong)
    assert answer.status_code == 422
    assert all(f'id="{name}-error"' in answer.text for name in ("name", "email", "role", "department"))
    assert 'value="no address"' in answer.text
    taken = visitor.submit("/staff/settings/members", invitation(stages, email="ADMIN@hospital.test"))
    assert taken.status_code == 422
    assert "invited already" in taken.text
    assert stages.rows("audit_entries", "audit_heads", "organizations", "departments", "staff", "credentials") != before
    assert len(stages.journey.members.all(stages.hospital.admin)) == 1


@pytest.mark.usefixtures("admin")
def test_an_invitation_sent_twice_is_one_member_and_its_last_address_opens(stages, visitor, another_visitor):
    visitor.get("/staff/settings/members/new")
    first, second = (shown_once(visitor.post("/staff/settings/members", invitation(stages)), "address") for _ in "12")
    assert len(stages.journey.members.all(stages.hospital.admin)) == 2
    another_visitor.get("/staff/enrol")
    assert another_visitor.post("/staff/enrol", {"secret": first}).status_code == 404
    assert another_visitor.post("/staff/enrol", {"secret": second}).status_code == 303


@pytest.mark.usefixtures("admin")
def test_roles_are_given_and_taken_and_end_the_sessions(stages, visitor, another_visitor):
    colleague = signed_in(another_visitor, stages, Role.DEPOSITOR)
    page = f"/staff/settings/members/{colleague.id}"
    visitor.get(page)
    none = visitor.submit(f"{page}/roles")
    assert (none.status_code, 'id="role-error"' in none.text) == (422, True)
    assert "Privacy officer" in visitor.submit(f"{page}/roles", {"role": "privacy_officer"}).text
    assert another_visitor.get("/staff").status_code == 303


@pytest.mark.usefixtures("admin")
def test_who_is_disabled_is_out_until_they_are_invited_again(stages, visitor, another_visitor):
    colleague = signed_in(another_visitor, stages, Role.DEPOSITOR)
    page = f"/staff/settings/members/{colleague.id}"
    visitor.get(page)
    assert "Disabled" in visitor.submit(f"{page}/disable").text
    assert another_visitor.get("/staff").status_code == 303
    address = shown_once(visitor.submit(f"{page}/invite-again"), "address")
    another_visitor.get("/staff/enrol")
    assert another_visitor.post("/staff/enrol", {"secret": address}).status_code == 303


def test_nobody_changes_themselves_and_foreign_members_are_not_there(stages, visitor, admin):
    other = stages.enrolled("Other")
    foreign, _ = invited(stages, email="f@other.test", department=other.pathology)
    assert "This is you" in visitor.get(f"/staff/settings/members/{admin.id}").text
    before = stages.rows()
    for id_, status in ((admin.id, 403), (foreign, 404), (uuid4(), 404)):
        for act in ("roles", "disable", "invite-again"):
            assert visitor.post(f"/staff/settings/members/{id_}/{act}", {"role": "admin"}).status_code == status
    assert visitor.client.get(f"/staff/settings/members/{foreign}", base_url=PUBLIC_URL).status_code == 404
    assert stages.rows() == before


# Tokens


def bearer(stages, answer):
    return stages.bearers.actor(shown_once(answer, "token"), ORIGIN, stages.now)


@pytest.mark.usefixtures("admin")
def test_a_token_of_a_program_is_shown_once_and_acts_in_its_role(stages, visitor):
    visitor.get("/staff/settings/tokens/new")
    answer = visitor.submit("/staff/settings/tokens", program(stages, visitor))
    actor = bearer(stages, answer)
    assert isinstance(actor, StaffActor)
    assert (actor.role, actor.department_id) == (Role.DEPOSITOR, stages.hospital.pathology.id)
    listed = visitor.get("/staff/settings/tokens").text
    assert "Scanner room 2" in listed
    assert shown_once(answer, "token") not in listed
    assert stages.audit()[-1].actor_kind == "staff:admin"


@pytest.mark.usefixtures("admin")
def test_a_review_service_of_the_directory_has_a_token_and_a_person_none(stages, visitor):
    service = stages.recipient_added(name="Remote Review", email="d@remote.test", kind=RecipientKind.SERVICE)
    visitor.get("/staff/settings/tokens/new")
    form = program(stages, visitor, kind="service")
    refused = visitor.submit("/staff/settings/tokens", form | {"service": str(stages.recipient.id)})
    assert (refused.status_code, 'id="service-error"' in refused.text) == (422, True)
    actor = bearer(stages, visitor.submit("/staff/settings/tokens", form | {"service": str(service.id)}))
    assert isinstance(actor, ServiceActor)


@pytest.mark.usefixtures("admin")
def test_a_form_for_a_token_says_all_that_is_wrong(stages, visitor):
    visitor.get("/staff/settings/tokens/new")
    nothing = program(stages, visitor, name=" ", role="king", department=str(stages.enrolled("O").pathology.id))
    answer = visitor.submit("/staff/settings/tokens", nothing)
    assert answer.status_code == 422
    assert all(f'id="{name}-error"' in answer.text for name in ("name", "role", "department"))
    assert 'id="kind-error"' in visitor.submit("/staff/settings/tokens", nothing | {"kind": "x"}).text


@pytest.mark.usefixtures("admin")
def test_no_token_is_made_in_the_name_of_somebody_who_signs_in(stages, visitor):
    enrolled(stages, Role.COORDINATOR)
    visitor.get("/staff/settings/tokens/new")
    for name in ("M. Weaver", "A. Dmin"):
        answer = visitor.submit("/staff/settings/tokens", program(stages, visitor, name=name, role="coordinator"))
        assert (answer.status_code, "signs in at the pages" in html.unescape(answer.text)) == (422, True)


@pytest.mark.usefixtures("admin")
def test_a_form_sent_twice_makes_one_token_and_the_last_answer_has_it(stages, visitor):
    visitor.get("/staff/settings/tokens/new")
    form = program(stages, visitor)
    first, second = (visitor.post("/staff/settings/tokens", form) for _ in "12")
    assert (
        len(
            [each for each in stages.journey.staff_tokens.all(stages.hospital.admin) if each.holder == "Scanner room 2"]
        )
        == 1
    )
    assert bearer(stages, second)
    with pytest.raises(NotAuthenticated):
        bearer(stages, first)
    changed = visitor.post("/staff/settings/tokens", form | {"role": "admin"})
    assert changed.status_code == 409
    assert "sent before" in changed.text


@pytest.mark.usefixtures("admin")
def test_a_revoked_token_opens_nothing_and_a_foreign_one_is_not_there(stages, visitor):
    visitor.get("/staff/settings/tokens/new")
    answer = visitor.submit("/staff/settings/tokens", program(stages, visitor))
    id_ = bearer(stages, answer).token_id
    page = f"/staff/settings/tokens/{id_}"
    visitor.get(page)
    assert "Revoked" in visitor.submit(f"{page}/revoke").text
    with pytest.raises(NotAuthenticated):
        bearer(stages, answer)
    assert visitor.post(f"{page}/revoke").status_code == 303
    session = next(each for each in stages.journey.enrol.tokens() if each.is_session)
    for foreign in (stages.enrolled("Other").admin.token_id, uuid4(), session.id):
        assert visitor.post(f"/staff/settings/tokens/{foreign}/revoke").status_code == 404
    assert visitor.get("/staff/settings/members").status_code == 200


# Departments, and what patients see


@pytest.mark.usefixtures("admin")
def test_a_department_is_set_up_once_however_often_the_form_is_sent(stages, visitor):
    visitor.get("/staff/settings/departments/new")
    form = {"name": "Radiology", "contact": "+1 555 0199", "form_id": FORM_ID.findall(visitor.last.text)[0]}
    first, second = (visitor.post("/staff/settings/departments", form).location for _ in "12")
    assert first == second
    assert stages.actions().count("department.created") == 2
    assert "+1 555 0199" in visitor.get("/staff/settings/departments").text


@pytest.mark.usefixtures("admin")
def test_a_department_has_another_name_and_contact_and_what_can_t_be_read_is_kept_and_said(stages, visitor):
    page = f"/staff/settings/departments/{stages.hospital.pathology.id}"
    visitor.get(page)
    for act in (f"{page}/describe", "/staff/settings/departments"):
        wrong = visitor.submit(act, {"name": "=?x?=", "contact": "x" * 201})
        assert wrong.status_code == 422
        assert all(f'id="{name}-error"' in wrong.text for name in ("name", "contact"))
        assert "x" * 201 in wrong.text
    assert "Histology" in visitor.submit(f"{page}/describe", {"name": "Histology", "contact": ""}).text
    visitor.submit(f"{page}/describe", {"name": "Histology", "contact": ""})
    assert stages.actions().count("department.described") == 1


@pytest.mark.usefixtures("admin")
def test_requests_and_treatment_are_switched_on_and_off(stages, visitor):
    id_ = stages.hospital.pathology.id
    visitor.get(f"/staff/settings/departments/{id_}")
    for act in ("requests", "treatment"):
        for said, is_on in (("yes", True), ("yes", True), ("no", False)):
            assert visitor.post(f"/staff/settings/departments/{id_}/{act}", {"on": said}).status_code == 303
            department = stages.journey.enrol.department(id_)
            assert {"requests": department.takes_requests, "treatment": department.treatment_allowed}[act] is is_on
    assert stages.audit()[-1].actor_kind == "staff:admin"
    assert stages.actions().count("department.requests_opened") == 1


@pytest.mark.usefixtures("admin")
def test_a_department_of_another_hospital_is_not_there(stages, visitor):
    foreign = stages.enrolled("Other").pathology.id
    visitor.get("/staff/settings/departments")
    before = stages.rows()
    for id_ in (foreign, uuid4()):
        assert visitor.client.get(f"/staff/settings/departments/{id_}", base_url=PUBLIC_URL).status_code == 404
        for act in ("describe", "requests", "treatment"):
            answer = visitor.post(f"/staff/settings/departments/{id_}/{act}", {"name": "Mine", "on": "yes"})
            assert answer.status_code == 404
    assert stages.rows() == before


@pytest.mark.usefixtures("admin")
def test_the_organization_s_name_is_changed_and_shown_as_patients_see_it(stages, visitor):
    visitor.get("/staff/settings/shown")
    wrong = visitor.submit("/staff/settings/shown", {"name": " "})
    assert (wrong.status_code, 'id="name-error"' in wrong.text) == (422, True)
    page = visitor.submit("/staff/settings/shown", {"name": "St. Agnes"})
    assert "Pathology at St. Agnes asks for your permission" in page.text
    assert "+1 555 0111" in page.text
    spanish = visitor.get(f"/staff/settings/shown?department={stages.hospital.pathology.id}&in=es").text
    assert "St. Agnes" in spanish
    assert "asks for your permission" not in spanish
    assert visitor.get("/staff/settings/shown?department=x&in=la").status_code == 200
    assert stages.post.mail == []


# The forms' texts


@pytest.mark.parametrize("role", [Role.ADMIN, Role.PRIVACY_OFFICER])
def test_a_text_is_read_approved_and_taken_back(stages, visitor, role):
    signed_in(visitor, stages, role)
    visitor.get("/staff/settings/templates")
    page = visitor.get("/staff/settings/templates/es")
    digest = re.search(r'name="sha256" value="([0-9a-f]{64})"', page.text)[1]
    assert html.escape(template_in(Language.SPANISH).text[:40]) in page.text
    unread = visitor.submit("/staff/settings/templates/es/approve", {"sha256": digest})
    assert (unread.status_code, 'id="read-error"' in unread.text) == (422, True)
    another = visitor.submit("/staff/settings/templates/es/approve", {"sha256": "0" * 64, "read": "yes"})
    assert (another.status_code, "another one now" in another.text) == (409, True)
    for _ in "12":
        assert (
            visitor.post("/staff/settings/templates/es/approve", {"sha256": digest, "read": "yes"}).status_code == 303
        )
    assert "Approved for Pathology by M. Weaver" in visitor.get("/staff/settings/templates/es").text
    assert stages.actions().count("template.approved") == 1
    for _ in "12":
        assert visitor.post("/staff/settings/templates/es/end").status_code == 303
    assert "To be approved" in visitor.get("/staff/settings/templates").text
    for path in ("la", "EN", "x" * 300):
        assert visitor.client.get(f"/staff/settings/templates/{path}", base_url=PUBLIC_URL).status_code == 404
        assert visitor.post(f"/staff/settings/templates/{path}/approve", {"read": "yes"}).status_code == 404


def test_no_other_role_approves(stages, visitor):
    signed_in(visitor, stages, Role.COORDINATOR)
    visitor.get("/staff")
    for path in ("", "/es"):
        assert visitor.client.get(f"/staff/settings/templates{path}", base_url=PUBLIC_URL).status_code == 403
    for act in ("approve", "end"):
        assert visitor.post(f"/staff/settings/templates/es/{act}", {"read": "yes"}).status_code == 403
