"""What an organization shows to patients: its name, whom they can call, the languages, and the letter that they get."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from transfer_service.domain.language import Language
from transfer_service.domain.mail import Mail
from transfer_service.domain.people import Actor, Department, Organization
from transfer_service.domain.policy import check_may_administer
from transfer_service.ports import Database
from transfer_service.usecases.form_templates import languages_on
from transfer_service.usecases.letter_secrets import LetterSecret
from transfer_service.usecases.letters import Correspondents, asking_letter

_EXAMPLE_ADDRESS = "patient@example.org"
_EXAMPLE = LetterSecret("", "…", "7K3M-Q9TX-2B4D", b"", b"")
_EXAMPLE_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ShownDepartment:
    """A department, and the languages in which its patients are asked."""

    department: Department
    languages: list[Language]


@dataclass(frozen=True)
class Shown:
    """For admins. Everything here is an example: no letter goes out, and its secret opens nothing."""

    database: Database
    public_url: str

    def departments(self, actor: Actor) -> list[ShownDepartment]:
        """Those of the organization, oldest first. NotAllowed."""
        check_may_administer(actor)
        with self.database.reading() as tx:
            found = tx.find(Department, actor.organization_id)
            return [ShownDepartment(each, languages_on(tx, each)) for each in found]

    def letter(self, actor: Actor, department_id: UUID, language: Language, now: datetime) -> Mail:
        """The letter that asks for a signature, as a patient of the department would get it. NotAllowed, NotFound."""
        check_may_administer(actor)
        with self.database.reading() as tx:
            department = tx.get(Department, actor.organization_id, department_id)
            organization: Organization = tx.organization(actor.organization_id)
        who = Correspondents(_EXAMPLE_ADDRESS, language, organization, department)
        return asking_letter(who, replace(_EXAMPLE, page=f"{self.public_url}/r"), now + _EXAMPLE_FOR, now)
