"""Who may: one sentence a rule, and its refusal beside it."""

from dataclasses import replace
from uuid import uuid4

import pytest

from tests.factories import a_packet, a_patient_actor, a_recipient, a_recipient_actor, a_staff_actor, a_system_actor
from transfer_service.domain import policy
from transfer_service.domain.people import Role
from transfer_service.errors import NotAllowed, NotFound, RecipientChanged

D, C, P = Role.DEPOSITOR, Role.COORDINATOR, Role.PRIVACY_OFFICER

RULES = {
    policy.check_may_open_packets: {D, C},
    policy.check_may_read_packets: {D, C, P},
    policy.check_may_keep_recipients: {C},
    policy.check_may_read_recipients: {C, P},
    policy.check_may_ask_releases: {C},
    policy.check_may_oversee_releases: {C, P},
    policy.check_may_account: {C, P},
    policy.check_may_account_for_all: {P},
    policy.check_may_read_audit: {P},
    policy.check_may_retire: {C, P},
    policy.check_may_retire_now: {P},
}


@pytest.mark.parametrize("change", [{"name": "Dr. Other"}, {"organization": "Other"}, {"email": "other@review.test"}])
def test_another_name_organization_or_address_is_another_recipient_than_the_patient_read(change):
    read = a_recipient()
    with pytest.raises(RecipientChanged):
        policy.check_is_still(replace(read, version=2, **change), read)


def test_what_a_recipient_holds_and_practises_may_change():
    read = a_recipient()
    policy.check_is_still(replace(read, version=2, specialty="pathology", credentials=(), accreditations=()), read)


@pytest.mark.parametrize(("rule", "roles"), RULES.items())
def test_each_rule_lets_its_roles_and_nobody_else(rule, roles):
    for role in Role:
        actor = a_staff_actor(role=role)
        if role in roles:
            assert rule(actor) is actor
        else:
            with pytest.raises(NotAllowed):
                rule(actor)
    for stranger in (a_patient_actor(), a_recipient_actor(), a_system_actor()):
        with pytest.raises(NotAllowed):
            rule(stranger)


def test_an_admin_may_do_nothing_with_packets():
    assert all(Role.ADMIN not in roles for roles in RULES.values())


def test_a_department_sees_its_own_packets_and_those_it_contributes_to():
    packet = a_packet(contributing_department_ids=(uuid4(),))
    org = packet.organization_id
    own = a_staff_actor(organization_id=org, department_id=packet.department_id)
    contributor = a_staff_actor(organization_id=org, department_id=packet.contributing_department_ids[0])
    stranger = a_staff_actor(organization_id=org)
    foreign = a_staff_actor(department_id=packet.department_id, role=P)
    for actor in (own, contributor):
        policy.check_sees(actor, packet)
    policy.check_owns(own, packet)
    for check, actor in (
        (policy.check_owns, contributor),
        (policy.check_sees, stranger),
        (policy.check_owns, stranger),
        (policy.check_sees, foreign),
        (policy.check_owns, foreign),
    ):
        with pytest.raises(NotFound):
            check(actor, packet)


def test_a_privacy_officer_oversees_the_whole_organization():
    packet = a_packet()
    officer = a_staff_actor(organization_id=packet.organization_id, role=P)
    policy.check_sees(officer, packet)
    policy.check_owns(officer, packet)
    assert policy.sees_departments(officer) is None
    depositor = a_staff_actor(role=D)
    assert policy.sees_departments(depositor) == depositor.department_id


def test_a_patient_reaches_their_own_release_alone():
    patient = a_patient_actor()
    assert policy.check_is_patient_of(patient, patient.release_id) is patient
    with pytest.raises(NotFound):
        policy.check_is_patient_of(patient, uuid4())
    for stranger in (a_staff_actor(), a_recipient_actor()):
        with pytest.raises(NotAllowed):
            policy.check_is_patient_of(stranger, patient.release_id)


def test_no_staff_role_and_no_patient_downloads_bytes():
    recipient = a_recipient_actor()
    assert policy.check_is_recipient(recipient) is recipient
    for stranger in (*(a_staff_actor(role=role) for role in Role), a_patient_actor(), a_system_actor()):
        with pytest.raises(NotAllowed):
            policy.check_is_recipient(stranger)
