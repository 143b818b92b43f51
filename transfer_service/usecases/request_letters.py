"""The mails about requests for slides. Nothing of what was asked stands in them: nobody proved whose address it is."""

from datetime import datetime

from transfer_service.domain.mail import Mail
from transfer_service.domain.slide_request import Asked
from transfer_service.usecases.letters import Correspondents, written
from transfer_service.usecases.visits import Contact


def acknowledgement(asked: Asked, contact: Contact, url: str, now: datetime) -> Mail:
    """That a request came, and where its asker sees how it stands."""
    who = _correspondents(asked, contact)
    said = who.words.text
    paragraphs = [
        said("Hello,"),
        said("somebody asked %(department)s at %(organization)s for slides, and gave this address.", **who.names),
        said("If that was you: here you can see how your request stands, and take it back."),
        url,
        said(
            "If the page asks for a code, paste everything that follows the # sign. Keep this e-mail to yourself: "
            "whoever has the address above can open the page."
        ),
        said("If it was not you, you need not do anything."),
    ]
    return written(who, said("Your request to %(organization)s", **who.names), paragraphs, now)


def answer_letter(asked: Asked, contact: Contact, now: datetime) -> Mail:
    """That the department has answered; the answer itself stands on the page that the first mail leads to."""
    who = _correspondents(asked, contact)
    said = who.words.text
    paragraphs = [
        said("Hello,"),
        said(
            "%(department)s at %(organization)s has answered a request for slides that was made with this address.",
            **who.names,
        ),
        said("To read the answer, open the page from our first e-mail about it."),
    ]
    return written(who, said("An answer from %(organization)s", **who.names), paragraphs, now)


def _correspondents(asked: Asked, contact: Contact) -> Correspondents:
    return Correspondents(asked.email, asked.language, contact.organization, contact.department)
