"""The form as a document of paper size: to print and sign by hand, or signed, with what proves it, to keep.

The form's text is laid out by its own marks: pieces between empty lines, the first line of each its heading unless it
is indented, ``  - `` before the items of lists. The text itself goes along as it is, for its digest.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from transfer_service.audit.entry import Entry, Head
from transfer_service.domain.language import nearest
from transfer_service.domain.moments import rfc3339
from transfer_service.domain.people import Department, Organization
from transfer_service.domain.printed import (
    Attachment,
    Blanks,
    Block,
    Bullets,
    Document,
    Facts,
    Heading,
    Paragraph,
)
from transfer_service.domain.release import Basis, Release, Signature
from transfer_service.wording import Words, words_in

FORM_NAME = "form-text.txt"
_ITEM = "  - "

Pairs = Iterator[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where the signature stands in the organization's audit log, and where that log ended when the copy was made."""

    entry: Entry
    head: Head


@dataclass(frozen=True, slots=True, repr=False)
class FormFacts:
    """What a printed form is made of."""

    release: Release
    organization: Organization
    department: Department

    @property
    def words(self) -> Words:
        """The words of the form's own language."""
        return words_in(nearest(self.release.form.language))


def unsigned_form(facts: FormFacts) -> Document:
    """The form as it was asked for, with lines to sign it by hand: the same bytes each time."""
    said = facts.words.text
    labels = (
        said("Signature"),
        said("Name in capital letters"),
        said("Date"),
        said("If you sign for the patient: by what authority"),
    )
    is_for_treatment = facts.release.basis is Basis.TREATMENT
    ending: tuple[Block, ...] = (
        (Paragraph(said("Released for treatment, without a signature")),)
        if is_for_treatment
        else (Heading(said("Signature")), Blanks(labels))
    )
    return _document(facts, ending, facts.release.requested_at)


def signed_form(facts: FormFacts, signature: Signature, receipt: Receipt, now: datetime) -> Document:
    """The signed form to keep (45 CFR 164.508(c)(4)), with its signature, its digests and its receipt."""
    said = facts.words.text
    explained = said(
        "The service keeps a log in which every entry holds the digest of all before it. These numbers find the "
        "signature in it, and show whether this form or that log was changed later."
    )
    ending = (
        Heading(said("Signature")),
        Facts(tuple(_signature(facts, signature))),
        Heading(said("How this copy can be checked")),
        Paragraph(explained),
        Facts(tuple(_proof(facts.words, receipt))),
    )
    return _document(facts, ending, now)


def _document(facts: FormFacts, ending: Iterable[Block], created_at: datetime) -> Document:
    said, form = facts.words.text, facts.release.form
    title, _, rest = form.text.partition("\n\n")
    return Document(
        title=title.strip(),
        language=facts.words.language,
        created_at=created_at,
        blocks=(*_pieces(rest), *ending, Heading(said("This form")), Facts(tuple(_form(facts)))),
        footer=f"{facts.department.name}, {facts.organization.name}",
        if_unshown=said(
            "Where a box stands in place of a character, this document has no letter shapes for it. The character "
            "itself is in the text: select and copy it to see it."
        ),
        attached=(Attachment(FORM_NAME, form.text, said("The text of the form, as it is read and signed")),),
    )


def _pieces(text: str) -> Iterator[Block]:
    for piece in text.split("\n\n"):
        lines = [line for line in piece.split("\n") if line.strip()]
        if lines and not lines[0].startswith(" "):
            yield Heading(lines.pop(0))
        for is_list, group in groupby(lines, _is_item):
            yield _list_or_lines(tuple(group), is_list=is_list)


def _is_item(line: str) -> bool:
    return line.startswith(_ITEM)


def _list_or_lines(lines: tuple[str, ...], *, is_list: bool) -> Block:
    if is_list:
        return Bullets(tuple(line.removeprefix(_ITEM) for line in lines))
    return Paragraph("\n".join(line.strip() for line in lines))


def _signature(facts: FormFacts, signature: Signature) -> Pairs:
    said, words, release = facts.words.text, facts.words, facts.release
    yield said("Signed by"), signature.name
    if signature.authority is None:
        yield said("Signed as"), said("the patient")
    else:
        yield said("Signed for the patient, as"), signature.authority
    if signature.signed_on is not None:
        yield said("Signed on paper, on"), words.day(signature.signed_on)
        yield said("Confirmed by a second person at the department on"), _moment(words, release.signed_at)
        yield said("SHA-256 of the scanned paper"), signature.document_sha256 or ""
    else:
        yield said("Signed on"), _moment(words, release.signed_at)
        yield said("Address that was proved"), signature.email
    if release.withdrawn_at is not None:
        yield said("Withdrawn on"), _moment(words, release.withdrawn_at)


def _form(facts: FormFacts) -> Pairs:
    said, release = facts.words.text, facts.release
    yield said("Number of this release"), str(release.id)
    yield said("Template and language"), f"{release.form.template}, {release.form.language}"
    yield said("SHA-256 of the form's text, attached as %(name)s", name=FORM_NAME), release.form.sha256
    yield said("SHA-256 of the list of the files"), release.manifest_sha256


def _proof(words: Words, receipt: Receipt) -> Pairs:
    said, entry, head = words.text, receipt.entry, receipt.head
    yield said("Entry of the signature"), said("number %(number)s of the log of this hospital", number=entry.seq)
    yield said("Its time"), rfc3339(entry.at)
    yield said("Its digest"), entry.hash.hex()
    yield said("The log when this copy was made"), said("%(number)s entries", number=head.size)
    yield said("Its last digest"), head.hash.hex()


def _moment(words: Words, instant: datetime | None) -> str:
    return "" if instant is None else words.moment(instant)
