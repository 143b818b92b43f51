"""The mails that the service sends, in their reader's language: no PHI, and nothing opens a packet but the link."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

from transfer_service.domain.language import Language
from transfer_service.domain.mail import Mail, MailKind
from transfer_service.domain.packet import Packet
from transfer_service.domain.people import Department, Organization
from transfer_service.ports import Transaction
from transfer_service.wording import Words, words_in


@dataclass(frozen=True, slots=True, repr=False)
class Correspondents:
    """Who writes to whom, and in which language."""

    to: str
    language: Language
    organization: Organization
    department: Department

    @property
    def words(self) -> Words:
        """The words of the reader's language."""
        return words_in(self.language)

    @property
    def names(self) -> dict[str, str]:
        """What most sentences name."""
        return {"department": self.department.name, "organization": self.organization.name}


def about(tx: Transaction, packet: Packet, to: str, language: Language) -> Correspondents:
    """The department of a packet writes to ``to``."""
    organization_id = packet.organization_id
    department = tx.get(Department, organization_id, packet.department_id)
    return Correspondents(to, language, tx.organization(organization_id), department)


def written(who: Correspondents, subject: str, paragraphs: list[str], now: datetime) -> Mail:
    """A letter of those paragraphs, and whom to call at its end."""
    body = "\n\n".join([*paragraphs, *_call(who)]) + "\n"
    language = who.language.value
    return Mail(uuid4(), who.organization.id, who.to, subject, body, made_at=now, due_at=now, language=language)


def asking_letter(who: Correspondents, url: str, until: datetime, now: datetime) -> Mail:
    """The patient's letter: who asks, where to read and sign, until when, and who to call."""
    said = who.words.text
    paragraphs = [
        said("Hello,"),
        said("%(department)s at %(organization)s asks for your permission to release medical files.", **who.names),
        said("To read what would be released, to whom and why, and to say yes or no, open this page:"),
        url,
        _how(who, until),
        said("You do not have to sign, and you can withdraw at any time on the same page."),
    ]
    return written(who, said("%(organization)s asks for your permission", **who.names), paragraphs, now)


def another_letter(who: Correspondents, url: str, until: datetime, now: datetime) -> Mail:
    """A letter in the place of a lost one, where there is nothing to sign (any more)."""
    said = who.words.text
    paragraphs = [
        said("Hello,"),
        said(
            "This is a new letter about the release of medical files by %(department)s at %(organization)s. "
            "The letters that you had before do not work any more.",
            **who.names,
        ),
        said("To read the form, to see who has received the files, or to withdraw your permission, open this page:"),
        url,
        _how(who, until),
    ]
    return written(who, said("Your letter from %(organization)s", **who.names), paragraphs, now)


def code_letter(who: Correspondents, code: str, lives_for: timedelta, now: datetime) -> Mail:
    """A code, and how long it lives."""
    said = who.words.text
    minutes = int(lives_for.total_seconds() // 60)
    paragraphs = [
        said("Your code is %(code)s", code=code),
        who.words.plural("It works once, for %(count)s minute.", "It works once, for %(count)s minutes.", minutes),
        said("Nobody from %(organization)s will ever ask you for it.", **who.names),
        said("If you did not ask for a code, you need not do anything."),
    ]
    return replace(written(who, said("Your code"), paragraphs, now), kind=MailKind.CODE)


def withdrawn_letter(who: Correspondents, now: datetime) -> Mail:
    """To a recipient: what they had a link under was withdrawn. Whose it was, the department says."""
    said = who.words.text
    paragraphs = [
        said("Hello,"),
        said(
            "The permission under which %(department)s at %(organization)s gave you a link to medical files "
            "was withdrawn. No link under it works any more.",
            **who.names,
        ),
        said("If you downloaded files before, please handle your copies as the department tells you."),
        said("This e-mail does not say whose files they are. Ask the department."),
    ]
    return written(who, said("%(organization)s: a permission was withdrawn", **who.names), paragraphs, now)


def expiring_letter(who: Correspondents, ends_at: datetime, now: datetime) -> Mail:
    """To a recipient: their link was not used yet, and will soon end."""
    said = who.words.text
    paragraphs = [
        said("Hello,"),
        said(
            "%(department)s at %(organization)s gave you a link to medical files. It has not been used, and ends "
            "on %(when)s.",
            when=who.words.moment(ends_at),
            **who.names,
        ),
        said("If you cannot find the link, it does not open or you need more time, ask the department."),
        said("To get no more reminders, tell the department."),
    ]
    return written(who, said("Your link from %(organization)s ends soon", **who.names), paragraphs, now)


def fetched_letter(who: Correspondents, now: datetime) -> Mail:
    """To the patient, who asked for it: somebody has received files. Who and which, their page says."""
    said = who.words.text
    paragraphs = [
        said("Hello,"),
        said(
            "Somebody to whom you allowed it has received files from %(department)s at %(organization)s.", **who.names
        ),
        said("To see who and what, open the page that your letter names, and there: See who has received your files."),
        said("You get this e-mail because you asked for it on that page. There you can also end it."),
    ]
    return written(who, said("%(organization)s: files were received", **who.names), paragraphs, now)


def _how(who: Correspondents, until: datetime) -> str:
    return who.words.text(
        "If the page asks for a code, paste everything that follows the # sign. You will also be asked for your date "
        "of birth, and for a code that is sent to this address. The page can be used until %(day)s.",
        day=who.words.day(until),
    )


def _call(who: Correspondents) -> list[str]:
    if not who.department.contact:
        return []
    return [who.words.text("Questions? %(department)s: %(contact)s", contact=who.department.contact, **who.names)]
