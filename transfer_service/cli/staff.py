"""``staff``: who signs in at the pages. The first admin comes in this way; admins invite the others at the pages."""

from uuid import UUID

import click

from transfer_service.cli.operator import Operator, command
from transfer_service.cli.table import table
from transfer_service.domain.member import Member
from transfer_service.domain.moments import rfc3339
from transfer_service.domain.people import OPERATOR, Role, SystemActor
from transfer_service.edge.calls import Service
from transfer_service.errors import NotFound
from transfer_service.usecases.members import MemberDraft, MemberView


@click.group()
def staff() -> None:
    """Members of staff who sign in at the pages."""


@staff.command("invite")
@click.option("--department", "department_id", type=click.UUID, required=True)
@click.option("--role", "roles", type=click.Choice([role.value for role in Role]), multiple=True, required=True)
@click.option("--email", required=True, help="What they sign in by.")
@click.argument("name")
@command
def invite(operator: Operator, department_id: UUID, roles: tuple[str, ...], email: str, name: str) -> None:
    """Invite somebody; the address that lets them set a password is shown this once, and lives for a week."""
    service = operator.service()
    tenant = service.journey.enrol.department(department_id).organization_id
    draft = MemberDraft(department_id, name, email, tuple(Role(role) for role in roles))
    made, url = service.journey.members.invite(SystemActor(tenant, OPERATOR), draft, service.clock())
    _tell(operator, made, url)


@staff.command("invite-again")
@click.argument("staff_id", metavar="ID", type=click.UUID)
@command
def invite_again(operator: Operator, staff_id: UUID) -> None:
    """Invite somebody anew who lost their authenticator or was disabled; what they had before opens nothing."""
    service = operator.service()
    made, url = service.journey.members.invite_again(_operator_of(service, staff_id), staff_id, service.clock())
    _tell(operator, made, url)


@staff.command("disable")
@click.argument("staff_id", metavar="ID", type=click.UUID)
@command
def disable(operator: Operator, staff_id: UUID) -> None:
    """Sign somebody out everywhere, and let them in no more."""
    service = operator.service()
    service.journey.members.disable(_operator_of(service, staff_id), staff_id, service.clock())
    operator.answer({"id": str(staff_id)}, f"Member {staff_id} is disabled.")


@staff.command("list")
@command
def list_staff(operator: Operator) -> None:
    """List everybody who may sign in, or might."""
    items = [_facts(view) for view in _everybody(operator.service())]
    operator.answer({"items": items}, table(items) or "Nobody was invited yet.")


def _tell(operator: Operator, made: Member, url: str) -> None:
    until = rfc3339(made.invited_until) if made.invited_until else None
    words = f"Member {made.id}\n{url}\nIt opens once, until {until}, and is not shown again."
    operator.answer({"id": str(made.id), "url": url, "expires_at": until}, words)


def _everybody(service: Service) -> list[MemberView]:
    with service.database.reading() as tx:
        tenants = [organization.id for organization in tx.organizations()]
    return [view for tenant in tenants for view in service.journey.members.all(SystemActor(tenant, OPERATOR))]


def _operator_of(service: Service, staff_id: UUID) -> SystemActor:
    """An operator names people without their organization. NotFound."""
    for view in _everybody(service):
        if view.member.id == staff_id:
            return SystemActor(view.member.organization_id, OPERATOR)
    raise NotFound("There is no member of that id.")


def _facts(view: MemberView) -> dict[str, str | None]:
    member = view.member
    return {
        "id": str(member.id),
        "name": view.staff.name,
        "email": member.email,
        "roles": " ".join(member.roles),
        "department": view.department.name,
        "organization_id": str(member.organization_id),
        "disabled_at": rfc3339(member.disabled_at) if member.disabled_at else None,
    }
