"""A report as a document to print: who it is about, what it covers, a table, and what the words of the law mean."""

from collections.abc import Sequence
from datetime import datetime

from transfer_service.domain.accounting import Period, ReportLine
from transfer_service.domain.people import Organization, Patient
from transfer_service.domain.printed import Block, Document, Facts, Heading, Paragraph, Table
from transfer_service.usecases.report_words import authority, how_much, often, what
from transfer_service.wording import Words

About = tuple[Organization, Patient | None, Period, datetime]


def as_document(lines: Sequence[ReportLine], about: About, words: Words) -> Document:
    """The document, in the words' language."""
    organization, _, _, made_at = about
    return Document(
        title=words.text("Accounting of disclosures"),
        language=words.language,
        created_at=made_at,
        blocks=(_intro(words), _facts(about, words), *_table(lines, words), *_notes(words)),
        footer=words.text("%(organization)s, accounting of disclosures", organization=organization.name),
        if_unshown=words.text("A box stands for a character that this document cannot show."),
        wide=True,
    )


def _intro(words: Words) -> Paragraph:
    return Paragraph(
        words.text(
            "This report lists who received medical files from the organization named below, when, what, and why. The"
            " law calls it an accounting of disclosures (45 CFR 164.528): a disclosure is when information about a"
            " patient is given to somebody outside."
        )
    )


def _facts(about: About, words: Words) -> Facts:
    organization, patient, period, made_at = about
    pairs = [(words.text("From"), organization.name)]
    if patient is not None:
        pairs += [
            (words.text("Patient"), patient.name),
            (words.text("Date of birth"), words.day(patient.birth_date)),
            (words.text("Record number"), patient.record_number),
        ]
    covered = {"since": words.moment(period.since), "until": words.moment(period.until)}
    pairs += [
        (words.text("Covers"), words.text("%(since)s until %(until)s", **covered)),
        (words.text("Made on"), words.moment(made_at)),
    ]
    return Facts(tuple(pairs))


def _table(lines: Sequence[ReportLine], words: Words) -> tuple[Block, ...]:
    if not lines:
        return (Paragraph(words.text("Nobody received anything in this time.")),)
    header = (
        words.text("Date"),
        words.text("Recipient and address"),
        words.text("What was disclosed"),
        words.text("Purpose and permission"),
        words.text("How often"),
        words.text("How much"),
    )
    return Heading(words.text("Disclosures")), Table(header, tuple(_row(line, words) for line in lines))


def _row(line: ReportLine, words: Words) -> tuple[str, ...]:
    recipient = line.first.recipient
    return (
        words.moment(line.first.disclosure.started_at),
        "\n".join([recipient.name, recipient.organization, recipient.email]),
        what(line, words),
        "\n".join([line.first.purpose, authority(line.first, words), _owed(line, words)]),
        often(line, words),
        how_much(line, words),
    )


def _owed(line: ReportLine, words: Words) -> str:
    if line.first.exempt_under is None:
        return words.text("An accounting of it is owed (164.528(a)(1)).")
    paragraph = line.first.exempt_under
    return words.text("The law would not ask for it to be listed: %(paragraph)s.", paragraph=paragraph)


def _notes(words: Words) -> tuple[Block, ...]:
    return (
        Heading(words.text("How to read this report")),
        Paragraph(
            words.text(
                "What one recipient received under one permission stands in one line, as 164.528(b)(3) allows: the date"
                " of the first time, how many times, and when the last. Each file that was downloaded in one visit"
                " counts once."
            )
        ),
        Paragraph(
            words.text(
                "Attempts that were refused are not in this report, because nothing was given. A permission is the form"
                " that the patient signed; the department keeps it, and the patient can have a copy. The SHA-256 is a"
                " fingerprint of its text: the copy has the same one."
            )
        ),
        Paragraph(
            words.text(
                "What a patient has permitted, and what is given for treatment, would not have to be listed"
                " (164.528(a)(1)). It is listed here all the same. Days and times are in UTC, the world's common time."
            )
        ),
    )
