"""The mails that the service sends, in their reader's language: no PHI, and nothing opens a packet but the link."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

from transfer_service.domain.language import Language
from transfer_service.domain.mail import Mail, MailKind, Way
from transfer_service.domain.packet import Packet
from transfer_service.domain.people import Department, Organization
from transfer_service.domain.release import Release, ReleaseState
from transfer_service.ports import Transaction
from transfer_service.usecases.letter_secrets import LetterSecret
from transfer_service.wording import Words, words_in


@dataclass(frozen=True, slots=True, repr=False)
class Correspondents:
    """Who writes to whom, in which language, and how it goes out."""

    to: str
    language: Language
    organization: Organization
    department: Department
    way: Way = Way.EMAIL

    @property
    def words(self) -> Words:
        """The words of the reader's language."""
        return words_in(self.language)

    @property
    def names(self) -> dict[str, str]:
        """What most sentences name."""
        return {"department": self.department.name, "organization": self.organization.name}


#: Written to whom, with the names of the page, usable until when, at what time.
Letter = Callable[[Correspondents, LetterSecret, datetime, datetime], Mail]


def about(tx: Transaction, packet: Packet, to: str, language: Language, way: Way = Way.EMAIL) -> Correspondents:
    """The department of a packet writes to ``to``."""
    organization_id = packet.organization_id
    department = tx.get(Department, organization_id, packet.department_id)
    return Correspondents(to, language, tx.organization(organization_id), department, way)


def written(who: Correspondents, subject: str, paragraphs: list[str], now: datetime) -> Mail:
    """A letter of those paragraphs, and whom to call at its end."""
    body = "\n\n".join([*paragraphs, *_call(who)]) + "\n"
    language = who.language.value
    return Mail(uuid4(), who.organization.id, who.to, subject, body, made_at=now, due_at=now, language=language)


def letter_of(release: Release, now: datetime) -> Letter:
    """Which letter a release takes at this time."""
    if now >= release.expires_at:
        return another_letter
    return {ReleaseState.REQUESTED: asking_letter, ReleaseState.ATTESTED: treatment_letter}.get(
        release.state, another_letter
    )


def asking_letter(who: Correspondents, fresh: LetterSecret, until: datetime, now: datetime) -> Mail:
    """The patient's letter: who asks, where to read and sign, until when, and who to call."""
    said = who.words.text
    paragraphs = [
        said("Hello,"),
        said("%(department)s at %(organization)s asks for your permission to release medical files.", **who.names),
        said("To read what would be released, to whom and why, and to say yes or no, open this page:"),
        fresh.url,
        *_how(who, fresh, until),
        said("You do not have to sign, and you can withdraw at any time on the same page."),
    ]
    return written(who, said("%(organization)s asks for your permission", **who.names), paragraphs, now)


def treatment_letter(who: Correspondents, fresh: LetterSecret, until: datetime, now: datetime) -> Mail:
    """Tells the patient of a release for their treatment (45 CFR 164.506(c)), and that they can object."""
    said = who.words.text
    paragraphs = [
        said("Hello,"),
        said(
            "%(department)s at %(organization)s releases medical files of yours to another health care provider, for "
            "your treatment. Federal privacy rules (45 CFR 164.506(c)) allow this without your signature.",
            **who.names,
        ),
        said("To read what is released, to whom and why, to see who has received it, or to object, open this page:"),
        fresh.url,
        *_how(who, fresh, until),
        said("If you object, nothing more is released."),
    ]
    return written(who, said("%(organization)s releases files for your treatment", **who.names), paragraphs, now)


def another_letter(who: Correspondents, fresh: LetterSecret, until: datetime, now: datetime) -> Mail:
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
        fresh.url,
        *_how(who, fresh, until),
    ]
    return written(who, said("Your letter from %(organization)s", **who.names), paragraphs, now)


def address_changed_letter(who: Correspondents, now: datetime) -> Mail:
    """To the address that counts no more, so that a patient who did not move notices. It does not say the new one."""
    said = who.words.text
    paragraphs = [
        said("Hello,"),
        said(
            "%(department)s at %(organization)s had this address for letters about medical files. It was replaced by "
            "another one: new letters will go there. Letters that you have already still work.",
            **who.names,
        ),
        said("If you asked for this, you need not do anything. If you did not, call the department."),
    ]
    return written(who, said("%(organization)s has another address for you", **who.names), paragraphs, now)


def code_letter(who: Correspondents, code: str, lives_for: timedelta, now: datetime) -> Mail:
    """A code, and how long it lives; by SMS no more than that, for it is read on a locked screen too."""
    said = who.words.text
    minutes = int(lives_for.total_seconds() // 60)
    paragraphs = [
        said("Your code is %(code)s", code=code),
        who.words.plural("It works once, for %(count)s minute.", "It works once, for %(count)s minutes.", minutes),
        said("Nobody from %(organization)s will ever ask you for it.", **who.names),
    ]
    if who.way is Way.SMS:
        text = "\n".join(paragraphs)
        return Mail(
            uuid4(), who.organization.id, who.to, None, text, made_at=now, due_at=now, way=Way.SMS, kind=MailKind.CODE
        )
    paragraphs.append(said("If you did not ask for a code, you need not do anything."))
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


def opinion_letter(who: Correspondents, url: str, now: datetime) -> Mail:
    """Tells a patient that there is something to read, and not what: the letter that they have opens it."""
    said = who.words.text
    paragraphs = [
        said("Hello,"),
        said("%(department)s at %(organization)s has something new for you to read.", **who.names),
        said(
            "Open the address in the letter that you have from us, or this page, where you can paste the code from it:"
        ),
        url,
        said("If you do not have the letter any more, the department can send you a new one."),
    ]
    return written(who, said("Something new to read from %(organization)s", **who.names), paragraphs, now)


def _how(who: Correspondents, fresh: LetterSecret, until: datetime) -> list[str]:
    said = who.words.text
    return [
        said("If the page asks for the code from your letter, or if you open %(page)s by hand, type:", page=fresh.page),
        fresh.typed_code,
        said(
            "You will also be asked for your date of birth, and for a second, short code that is sent to you then. "
            "The page can be used until %(day)s.",
            day=who.words.day(until),
        ),
    ]


def _call(who: Correspondents) -> list[str]:
    if not who.department.contact:
        return []
    return [who.words.text("Questions? %(department)s: %(contact)s", contact=who.department.contact, **who.names)]
