"""The authorization form's templates: a department uses a language once a named member of its staff has approved it.

English needs no approval: it is what the service speaks where nothing else was approved.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from transfer_service.audit.entry import Event
from transfer_service.domain.form import FormTemplate, TemplateApproval
from transfer_service.domain.language import Language, nearest
from transfer_service.domain.packet import Packet
from transfer_service.domain.people import Actor, Department, Staff
from transfer_service.domain.policy import check_may_approve_templates, check_may_read_templates
from transfer_service.errors import NotFound, TemplateChanged, TemplateNotApproved
from transfer_service.ports import Database, Transaction
from transfer_service.wording.authorization import template_in


@dataclass(frozen=True, slots=True)
class TemplateStanding:
    """A template of today, and its approval for the department where there is one."""

    template: FormTemplate
    approval: TemplateApproval | None

    @property
    def is_on(self) -> bool:
        """Whether patients of the department may be asked in it."""
        return self.template.language is Language.ENGLISH or self.approval is not None


@dataclass(frozen=True)
class FormTemplates:
    """Staff read them; privacy officers and admins approve them for their own department."""

    database: Database

    def standings(self, actor: Actor) -> list[TemplateStanding]:
        """Every language's template, and how it stands with the actor's department."""
        staff = check_may_read_templates(actor)
        with self.database.reading() as tx:
            return [_standing(tx, staff.organization_id, staff.department_id, language) for language in Language]

    def approve(self, actor: Actor, language: Language, sha256: str, now: datetime) -> TemplateStanding:
        """Approve the very text that was read. TemplateChanged where it is another by now; twice is once."""
        staff = check_may_approve_templates(actor)
        with self.database.changing() as tx:
            standing = _standing(tx, staff.organization_id, staff.department_id, language)
            template = standing.template
            if template.sha256 != sha256:
                raise TemplateChanged
            if standing.approval is not None:
                return standing
            approval = TemplateApproval(
                id=uuid4(),
                organization_id=staff.organization_id,
                department_id=staff.department_id,
                template=template.name,
                language=language,
                template_sha256=sha256,
                approved_by=staff.staff_id,
                approved_at=now,
                approver=tx.get(Staff, staff.organization_id, staff.staff_id).name,
            )
            tx.save(_event("template.approved", actor, approval, now), approval)
        return TemplateStanding(template, approval)

    def end_approval(self, actor: Actor, language: Language, now: datetime) -> None:
        """Take the approval back: nobody is asked in that language any more. What is signed stays. NotFound."""
        staff = check_may_approve_templates(actor)
        with self.database.changing() as tx:
            approval = _standing(tx, staff.organization_id, staff.department_id, language).approval
            if approval is None:
                raise NotFound
            tx.save(_event("template.approval_ended", actor, approval, now), replace(approval, ended_at=now))


def language_of_form(tx: Transaction, packet: Packet, asked: Language | None) -> Language:
    """The language in which the patient is asked: what staff say, else the patient's own where it is on, else English.

    TemplateNotApproved where staff ask for one that is off in the packet's department.
    """
    language = asked or nearest(packet.case.patient.language)
    if _standing(tx, packet.organization_id, packet.department_id, language).is_on:
        return language
    if asked is not None:
        raise TemplateNotApproved
    return Language.ENGLISH


def languages_on(tx: Transaction, department: Department) -> list[Language]:
    """Those in which patients of the department may be asked."""
    about = (department.organization_id, department.id)
    return [language for language in Language if _standing(tx, *about, language).is_on]


def _standing(tx: Transaction, organization_id: UUID, department_id: UUID, language: Language) -> TemplateStanding:
    template = template_in(language)
    found = tx.find(TemplateApproval, organization_id, department_id=department_id, language=language)
    return TemplateStanding(template, next((each for each in found if each.counts_for(template)), None))


def _event(action: str, actor: Actor, approval: TemplateApproval, now: datetime) -> Event:
    facts = {"template": approval.template, "language": approval.language.value, "sha256": approval.template_sha256}
    return Event(action, actor, now, {"department": approval.department_id}, facts)
