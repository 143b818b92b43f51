"""The mails about requests for slides. Nothing of what was asked stands in them: nobody proved whose address it is."""

from datetime import datetime
from uuid import uuid4

from transfer_service.domain.mail import Mail
from transfer_service.domain.slide_request import Asked
from transfer_service.usecases.visits import Contact


def acknowledgement(asked: Asked, contact: Contact, url: str, now: datetime) -> Mail:
    """That a request came, and where its asker sees how it stands."""
    body = f"{contact.department.name} at {contact.organization.name} has a request.\n\n{url}\n"
    return Mail(uuid4(), contact.organization.id, asked.email, "Your request", body, made_at=now, due_at=now)


def answer_letter(asked: Asked, contact: Contact, now: datetime) -> Mail:
    """That the department has answered; the answer itself stands on the page that the first mail leads to."""
    body = f"{contact.department.name} at {contact.organization.name} has answered.\n"
    return Mail(uuid4(), contact.organization.id, asked.email, "Your request", body, made_at=now, due_at=now)
