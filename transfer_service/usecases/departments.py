"""Departments: what an organization is called, which departments it has, and what each of them may do."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from transfer_service.audit.entry import Event
from transfer_service.domain.people import Actor, Department, Organization
from transfer_service.domain.policy import check_may_administer
from transfer_service.ports import Database
from transfer_service.usecases.names import named, one_line
from transfer_service.usecases.once import id_made_by


@dataclass(frozen=True)
class Departments:
    """For admins, who act on their whole organization, and for operators. Every change is recorded."""

    database: Database

    def organization(self, actor: Actor) -> Organization:
        """The actor's own. NotAllowed."""
        check_may_administer(actor)
        with self.database.reading() as tx:
            return tx.organization(actor.organization_id)

    def all(self, actor: Actor) -> list[Department]:
        """Those of the organization, oldest first. NotAllowed."""
        check_may_administer(actor)
        with self.database.reading() as tx:
            return tx.find(Department, actor.organization_id)

    def one(self, actor: Actor, department_id: UUID) -> Department:
        """NotAllowed, NotFound."""
        check_may_administer(actor)
        with self.database.reading() as tx:
            return tx.get(Department, actor.organization_id, department_id)

    def rename_organization(self, actor: Actor, name: str, now: datetime) -> Organization:
        """What patients and recipients read from now on; what was asked or signed keeps the name it has. Invalid."""
        check_may_administer(actor)
        clean = named(name)
        with self.database.changing() as tx:
            organization = tx.organization(actor.organization_id)
            if organization.name != clean:
                organization = replace(organization, name=clean)
                tx.save(Event("organization.renamed", actor, now, {}), organization)
        return organization

    def create(self, actor: Actor, name: str, contact: str, now: datetime, *, form: str | None = None) -> Department:
        """A department; by the same form it is the same one. NotAllowed, Invalid, NotFound without the organization."""
        check_may_administer(actor)
        department_id = id_made_by(actor, form)
        with self.database.changing() as tx:
            organization = tx.organization(actor.organization_id)
            for known in tx.find(Department, organization.id, id=department_id):
                return known
            department = Department(department_id, organization.id, named(name), one_line(contact), now)
            tx.save(_event("department.created", actor, department, now), department)
        return department

    def describe(self, actor: Actor, department_id: UUID, name: str, contact: str, now: datetime) -> Department:
        """What it is called, and whom to call; what was asked for keeps what it has. NotAllowed, NotFound, Invalid."""
        said, whom = named(name), one_line(contact)
        change = lambda known: replace(known, name=said, contact=whom)  # noqa: E731 - the change is a value here
        return self._changed(actor, department_id, "department.described", now, change)

    def take_requests(self, actor: Actor, department_id: UUID, now: datetime, *, taken: bool) -> Department:
        """Whether anybody may ask it for slides on the public page. NotAllowed, NotFound; again changes nothing."""
        action = "department.requests_opened" if taken else "department.requests_closed"
        change = _setting("takes_requests", is_on=taken)
        return self._changed(actor, department_id, action, now, change)

    def allow_treatment(self, actor: Actor, department_id: UUID, now: datetime, *, allowed: bool) -> Department:
        """Whether it may release for treatment without the patient's authorization (45 CFR 164.506(c)).

        Releases that live already stay as they are. NotAllowed, NotFound. Again changes nothing.
        """
        action = "department.treatment_allowed" if allowed else "department.treatment_disallowed"
        change = _setting("treatment_allowed", is_on=allowed)
        return self._changed(actor, department_id, action, now, change)

    def _changed(
        self, actor: Actor, department_id: UUID, action: str, now: datetime, change: Callable[[Department], Department]
    ) -> Department:
        check_may_administer(actor)
        with self.database.changing() as tx:
            known = tx.get(Department, actor.organization_id, department_id)
            department = change(known)
            if department != known:
                tx.save(_event(action, actor, department, now), department)
        return department


def _setting(name: str, *, is_on: bool) -> Callable[[Department], Department]:
    return lambda known: replace(known, **{name: is_on})  # type: ignore[arg-type]  # both settings are either way


def _event(action: str, actor: Actor, department: Department, now: datetime) -> Event:
    return Event(action, actor, now, {"department": department.id})
