"""The authorization form's text: every core element and required statement of 45 CFR 164.508(c), in plain language.

And the notice of a release for treatment, for which nothing is signed.

A template is a file, ``NAME.VERSION.LANGUAGE.txt``; an authorization's sections each cite (``§``) the paragraphs that
they are there for. What was read and signed is stored as it was, sealed; it is never made again, so no later template
changes it. A template that was ever used is not edited: a change of one word is a new version, which every department
approves anew in each language but English.
"""

import hashlib
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from transfer_service.domain.form import FormTemplate, Terms
from transfer_service.domain.language import Language
from transfer_service.domain.packet import Case, PacketFile, Specimen
from transfer_service.domain.people import Accreditation, Recipient
from transfer_service.domain.release import Form
from transfer_service.wording.kinds import counted
from transfer_service.wording.words import Words, words_in

AUTHORIZATION, TREATMENT = "authorization/2", "treatment/1"
_FOLDER = Path(__file__).parent
_CITATION = re.compile(r"^§ .*\n", re.MULTILINE)


@cache
def template_in(language: Language, name: str = AUTHORIZATION) -> FormTemplate:
    """The template of today in a language; the authorization's unless another is named."""
    text = (_FOLDER / f"{name.replace('/', '.')}.{language}.txt").read_text(encoding="utf-8")
    return FormTemplate(name, language, text, _digest(text))


def authorization_form(terms: Terms, language: Language) -> Form:
    """The form as one patient reads it."""
    return _filled(template_in(language), terms)


def treatment_notice(terms: Terms, attestation: str, language: Language) -> Form:
    """What the patient is told of a release for treatment, which they were not asked for (45 CFR 164.506(c))."""
    return _filled(template_in(language, TREATMENT), terms, attestation=attestation)


def _filled(template: FormTemplate, terms: Terms, **more: str) -> Form:
    words = words_in(template.language)
    department = f"{terms.department.name}, {terms.organization.name}"
    text = _CITATION.sub("", template.text).format(
        patient=terms.case.patient.name,
        birth_date=words.day(terms.case.patient.birth_date),
        information="\n".join(_information(terms, words)),
        recipients="\n\n".join(_recipient(words, recipient, len(terms.grants) > 1) for recipient, _ in terms.grants),
        discloser="\n".join([department, *_contact(terms, words)]),
        purpose=terms.purpose,
        ending=_ending(terms, words),
        department=department,
        **more,
    )
    return Form(template.name, template.language.value, text, _digest(text))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _information(terms: Terms, words: Words) -> list[str]:
    """A specific and meaningful description (164.508(c)(1)(i)): in words, then file by file; what is not in it too."""
    lines: list[str] = []
    for recipient, files in terms.grants:
        if len(terms.grants) > 1:
            lines.append(words.text("For %(recipient)s:", recipient=recipient.name))
        lines.append(_in_words(files, terms.case.specimens, words))
        lines += [f"  - {file.path}" for file in files]
    return [*lines, *_not_included(terms.case, words)]


def _in_words(files: Sequence[PacketFile], specimens: Sequence[Specimen], words: Words) -> str:
    what = ", ".join(counted(files, words))
    of = "; ".join(_specimen(specimen, words) for specimen in specimens)
    if not of:
        return words.text("%(what)s:", what=what)
    return words.text("%(what)s. The tissue: %(specimens)s. The files:", what=what, specimens=of)


def _specimen(specimen: Specimen, words: Words) -> str:
    named = f"{specimen.procedure} ({specimen.label})" if specimen.procedure else specimen.label
    if specimen.collected_on is None:
        return named
    return words.text("%(specimen)s, of %(day)s", specimen=named, day=words.day(specimen.collected_on))


def _not_included(case: Case, words: Words) -> list[str]:
    lines = [f"  - {item.what}: {item.why}" for item in case.not_included]
    return ["", words.text("Not included:"), *lines] if lines else []


def _recipient(words: Words, recipient: Recipient, is_one_of_many: bool) -> str:  # noqa: FBT001 - private
    credentials = f", {', '.join(recipient.credentials)}" if recipient.credentials else ""
    name = f"{recipient.name}{credentials}, {recipient.organization} ({recipient.email})"
    lines = [name, _specialty(recipient, words), *(_accreditation(each, words) for each in recipient.accreditations)]
    return "\n".join(["  - " * is_one_of_many + lines[0], *lines[1:]])


def _specialty(recipient: Recipient, words: Words) -> str:
    if recipient.is_breast_pathologist:
        return words.text("Specialist in breast pathology (%(specialty)s).", specialty=recipient.specialty)
    return words.text(
        "This recipient is not a specialist in breast pathology. Specialty: %(specialty)s.",
        specialty=recipient.specialty,
    )


def _accreditation(item: Accreditation, words: Words) -> str:
    """Who looked it up and when, or that nobody is known to have."""
    if item.checked_on is None or item.checked_by is None:
        return words.text("%(name)s: not checked.", name=item.name)
    known = {"name": item.name, "day": words.day(item.checked_on), "who": item.checked_by}
    if not item.source:
        return words.text("%(name)s: checked on %(day)s by %(who)s.", **known)
    return words.text("%(name)s: checked on %(day)s by %(who)s, with %(source)s.", source=item.source, **known)


def _contact(terms: Terms, words: Words) -> list[str]:
    contact = terms.department.contact
    return [words.text("You can reach them here: %(contact)s", contact=contact)] if contact else []


def _ending(terms: Terms, words: Words) -> str:
    when = words.moment(terms.expires_at)
    if terms.expiry_event is None:
        return words.text("It ends on %(when)s.", when=when)
    return words.text(
        "It ends when this has happened: %(event)s. It ends on %(when)s at the latest.",
        event=terms.expiry_event,
        when=when,
    )
