"""``organization``, ``department``: hospitals, and what a department of one may do."""

from uuid import UUID

import click

from transfer_service.cli.operator import Operator, command


@click.group()
def organization() -> None:
    """Hospitals: the tenants."""


@organization.command("create")
@click.argument("name")
@command
def create_organization(operator: Operator, name: str) -> None:
    """Enrol a hospital."""
    service = operator.service()
    made = service.journey.enrol.create_organization(name, service.clock())
    operator.answer({"id": str(made.id)}, f"Organization {made.name}\nid {made.id}")


@click.group()
def department() -> None:
    """Departments of a hospital."""


@department.command("create")
@click.option("--organization", "organization_id", type=click.UUID, required=True)
@click.option("--contact", default="", help="Tells patients and recipients who to call.")
@click.argument("name")
@command
def create_department(operator: Operator, organization_id: UUID, name: str, contact: str) -> None:
    """Enrol a department."""
    service = operator.service()
    made = service.journey.enrol.create_department(organization_id, name, contact, service.clock())
    operator.answer({"id": str(made.id)}, f"Department {made.name}\nid {made.id}")


@department.command("set")
@click.option("--requests", type=click.Choice(["on", "off"]), help="Whether anybody may ask it for slides on its page.")
@click.option("--treatment", type=click.Choice(["on", "off"]), help="Release without authorization (164.506(c)).")
@click.argument("department_id", metavar="ID", type=click.UUID)
@command
def set_department(operator: Operator, department_id: UUID, requests: str | None, treatment: str | None) -> None:
    """Switch on or off what a department may do; all of it is off at first. Without an option, say how it stands."""
    service = operator.service()
    enrol, at = service.journey.enrol, service.clock()
    found = enrol.department(department_id)
    if requests is not None:
        found = enrol.take_requests(department_id, at, taken=requests == "on")
    if treatment is not None:
        found = enrol.allow_treatment(department_id, at, allowed=treatment == "on")
    address = f"{operator.settings().address}/ask/{found.id}" if found.takes_requests else None
    stands = {"requests": _on(found.takes_requests), "treatment": _on(found.treatment_allowed)}
    words = ", ".join(f"{name} {value}" for name, value in stands.items())
    operator.answer(
        {"id": str(found.id), **stands, "address": address}, f"{found.name}: {words}." + f" {address}" * bool(address)
    )


def _on(is_on: bool) -> str:  # noqa: FBT001 - a word for each
    return "on" if is_on else "off"
