"""``token``: bearer tokens of staff and of review services."""

from uuid import UUID

import click

from transfer_service.cli.operator import Operator, command
from transfer_service.cli.table import table
from transfer_service.domain.moments import rfc3339
from transfer_service.domain.people import Credential, CredentialKind, Department, Recipient, Role, Staff
from transfer_service.edge.calls import Service


@click.group()
def token() -> None:
    """Bearer tokens of staff and of review services."""


@token.command("create")
@click.option("--department", "department_id", type=click.UUID, help="Of a member of staff: their department.")
@click.option("--role", type=click.Choice([role.value for role in Role]), help="Of a member of staff: their role.")
@click.option("--staff", help="Whose it is. Left out: the role's own name.")
@click.option("--recipient", "recipient_id", type=click.UUID, help="The review service whose it is, in place of these.")
@command
def create_token(
    operator: Operator, department_id: UUID | None, role: str | None, staff: str | None, recipient_id: UUID | None
) -> None:
    """Make a token; it is shown this once."""
    if recipient_id is not None and (department_id, role, staff) == (None, None, None):
        service = operator.service()
        made, word = service.journey.enrol.create_service_token(recipient_id, service.clock())
    elif recipient_id is None and department_id is not None and role is not None:
        service = operator.service()
        made, word = service.journey.enrol.create_token(department_id, Role(role), staff or role, service.clock())
    else:
        raise click.UsageError("Say whose it is: --department with --role, or --recipient alone.")
    operator.answer({"id": str(made.id), "token": word}, f"Token {made.id}\n{word}\nIt is not shown again.")


@token.command("list")
@command
def list_tokens(operator: Operator) -> None:
    """List every token, without what opens anything."""
    service = operator.service()
    items = [_token_facts(service, each) for each in service.journey.enrol.tokens()]
    operator.answer({"items": items}, table(items) or "There are no tokens.")


def _token_facts(service: Service, credential: Credential) -> dict[str, str | None]:
    return {
        "id": str(credential.id),
        **_holder_facts(service, credential),
        "organization_id": str(credential.organization_id),
        "created_at": rfc3339(credential.created_at),
        "revoked_at": rfc3339(credential.revoked_at) if credential.revoked_at else None,
    }


def _holder_facts(service: Service, credential: Credential) -> dict[str, str | None]:
    """Whose it is: a member of staff in their department, or a review service, which has none."""
    tenant = credential.organization_id
    with service.database.reading() as tx:
        if credential.kind is CredentialKind.SERVICE:
            holder = tx.get(Recipient, tenant, credential.subject_id)
            nowhere = {"department": None, "department_id": None}
            return {"role": credential.kind.value, "staff": None, "recipient": holder.name, **nowhere}
        where = tx.get(Department, tenant, credential.subject_id)
        who = tx.get(Staff, tenant, credential.holder_id)
    role = credential.role.value if credential.role else None
    place = {"department": where.name, "department_id": str(where.id)}
    return {"role": role, "staff": who.name, "recipient": None, **place}


@token.command("revoke")
@click.argument("token_id", metavar="ID", type=click.UUID)
@command
def revoke_token(operator: Operator, token_id: UUID) -> None:
    """End a token; the next request with it is refused."""
    service = operator.service()
    revoked = service.journey.enrol.revoke_token(token_id, service.clock())
    operator.answer({"id": str(revoked.id)}, f"Token {revoked.id} is revoked.")
