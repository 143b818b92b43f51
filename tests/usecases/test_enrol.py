"""Operators set up organizations, departments, and tokens that can be taken back."""

from uuid import uuid4

import pytest

from tests.stages import ORIGIN
from transfer_service.domain.people import Role, StaffActor
from transfer_service.errors import Invalid, NotAuthenticated, NotFound


def token(stages, role=Role.DEPOSITOR, name="N. Ewcomer"):
    return stages.journey.enrol.create_token(stages.hospital.pathology.id, role, name, stages.now)


def test_a_token_makes_its_bearer_that_member_of_staff_in_that_role(stages):
    credential, secret = token(stages)
    actor = stages.bearers.actor(secret, ORIGIN, stages.now)
    assert isinstance(actor, StaffActor)
    assert (actor.role, actor.department_id, actor.token_id, actor.origin) == (
        Role.DEPOSITOR,
        stages.hospital.pathology.id,
        credential.id,
        ORIGIN,
    )
    assert secret not in repr(credential) + repr(stages.audit())
    assert secret.encode() not in stages.kept.octets()


def test_two_tokens_of_one_name_are_one_member_of_staff_and_of_two_names_two(stages):
    first, second, third = (token(stages, name=name)[0] for name in ("N. Ewcomer", " N.  Ewcomer ", "O. Ther"))
    assert first.holder_id == second.holder_id != third.holder_id


def test_a_revoked_token_is_refused_at_the_next_call_and_again_changes_nothing(stages):
    credential, secret = token(stages)
    other = token(stages)[1]
    revoked = stages.journey.enrol.revoke_token(credential.id, stages.now)
    with pytest.raises(NotAuthenticated):
        stages.bearers.actor(secret, ORIGIN, stages.now)
    assert stages.bearers.actor(other, ORIGIN, stages.now)
    before = stages.rows()
    assert stages.journey.enrol.revoke_token(credential.id, stages.now) == revoked
    assert stages.rows() == before


def test_tokens_are_listed_across_organizations_and_only_those_of_staff(stages):
    stages.redeemed()
    other = stages.enrolled("Other")
    listed = stages.journey.enrol.tokens()
    assert {credential.organization_id for credential in listed} == {stages.hospital.id, other.id}
    assert len(listed) == 8
    stages.journey.enrol.revoke_token(other.admin.token_id, stages.now)
    assert [credential.id for credential in stages.journey.enrol.tokens() if credential.revoked_at] == [
        other.admin.token_id
    ]


def test_what_is_unknown_is_not_found(stages):
    enrol = stages.journey.enrol
    for call in (
        lambda: enrol.create_department(uuid4(), "Pathology", "", stages.now),
        lambda: enrol.create_token(uuid4(), Role.ADMIN, "N. Ewcomer", stages.now),
        lambda: enrol.revoke_token(uuid4(), stages.now),
    ):
        with pytest.raises(NotFound):
            call()


@pytest.mark.parametrize(
    "name",
    [
        "",
        "  ",
        "x" * 201,
        "a\x00b",
        "a\u202eb",
        "a\nBcc: b@c.test",
        "a\r\nb",
        "a\u2028b",
        "a\x85b",
        "=?utf-8?q?a=0AB?=",
    ],
)
def test_a_name_can_be_read(stages, name):
    enrol = stages.journey.enrol
    before = stages.rows()
    for call in (
        lambda: enrol.create_organization(name, stages.now),
        lambda: enrol.create_department(stages.hospital.id, name, "", stages.now),
        lambda: token(stages, name=name),
    ):
        with pytest.raises(Invalid):
            call()
    assert stages.rows() == before


@pytest.mark.parametrize("contact", ["ring\n4711", "ring\r\nBcc: b@c.test", "\u202e", "x" * 201])
def test_a_contact_is_one_line_that_can_be_read_or_nothing(stages, contact):
    before = stages.rows()
    with pytest.raises(Invalid):
        stages.journey.enrol.create_department(stages.hospital.id, "Radiology", contact, stages.now)
    assert stages.rows() == before
    made = stages.journey.enrol.create_department(stages.hospital.id, "Radiology", " ring  4711\n", stages.now)
    assert made.contact == "ring 4711"


def test_each_organization_has_its_own_records_key_and_log(stages):
    other = stages.enrolled("Other")
    assert other.organization.wrapped_records_key != stages.hospital.organization.wrapped_records_key
    assert [entry.action for entry in stages.audit(other.organization)][:1] == ["organization.created"]
    assert stages.audit(other.organization)[0].seq == 1
