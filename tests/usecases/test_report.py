"""The report of an accounting: whose it is, what is in it, and that handing it out is recorded."""

import csv
import io
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.factories import DAY, a_patient, a_patient_actor
from tests.pdfs import info_of, structure_of, text_of
from tests.stages import CONTENTS, ORIGIN
from transfer_service.adapters.typesetting import TypstPdf
from transfer_service.domain.accounting import AccountQuery, ReportFormat
from transfer_service.domain.language import Language
from transfer_service.domain.people import Role
from transfer_service.domain.printed import Facts, Table
from transfer_service.errors import Invalid, LinkRevoked, NotAllowed, NotFound, ReportTooLong, Unavailable
from transfer_service.usecases.report import ReportDraft

ALL = ReportDraft()
SLIDE, REPORT = CONTENTS


@pytest.fixture
def stage(stages):
    """Both files downloaded, the first in two visits; then a refusal."""
    stage = stages.redeemed()
    for file in stage.files.values():
        stages.download(stage.actor, file)
    stages.clock.advance(timedelta(hours=2))
    again = stages.redeemed(of=stage)
    stages.download(again.actor, stage.files[SLIDE])
    stages.clock.advance(timedelta(seconds=1))
    stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)
    with pytest.raises(LinkRevoked):
        stages.journey.redeem.challenge(stage.link_secret, ORIGIN, stages.now)
    stages.clock.advance(timedelta(seconds=1))
    return stage


def officer_report(stages, form=ReportFormat.JSON, language=None, **query):
    draft = ReportDraft(AccountQuery(**query), form, language)
    return stages.journey.reports.for_officer(stages.hospital.privacy_officer, draft, stages.now)


@pytest.mark.proves("164.528(b)(2)(i)", "164.528(b)(2)(ii)", "164.528(b)(2)(iii)", "164.528(b)(2)(iv)")
def test_a_report_says_when_to_whom_what_and_why(stages, stage):
    (line,) = officer_report(stages).lines
    assert line.first.disclosure.started_at == stages.now - timedelta(hours=2, seconds=2)
    assert (line.first.recipient.name, line.first.recipient.email) == ("Dr. R. Viewer", "viewer@review.test")
    assert [file.path for file in line.files] == sorted(stage.files)
    assert (line.first.purpose, line.first.release.form.sha256) == ("Second opinion", stage.release.form.sha256)


@pytest.mark.proves("164.528(b)(3)")
def test_repeated_disclosures_are_one_line_with_how_many_and_when_the_last(stages, stage):
    assert stage
    (line,) = officer_report(stages).lines
    assert line.count == 3
    assert line.last_at == stages.now - timedelta(seconds=2)
    assert line.bytes_sent == 2 * len(CONTENTS[SLIDE]) + len(CONTENTS[REPORT])
    assert line.completed


def test_refusals_are_in_the_account_and_not_in_the_report(stages, stage):
    account = stages.journey.account.of_patient(stage.patient)
    assert [line.disclosure.refused_code for line in account] == [None, None, None, "link_revoked"]
    assert [line.count for line in officer_report(stages).lines] == [3]


def test_what_was_authorized_is_listed_though_no_accounting_of_it_is_owed(stages, stage):
    assert stage
    (line,) = officer_report(stages).lines
    assert (line.first.accountable, line.first.exempt_under) == (False, "164.528(a)(1)(iv)")


def test_a_patient_s_report_is_of_their_own_packet_and_in_their_own_language(stages, stage):
    spanish = stages.released(of=stages.closed(patient=a_patient(language="es", record_number="MRN-0043")))
    spanish.patient = a_patient_actor(organization_id=stages.hospital.id, release_id=spanish.release.id)
    spanish = stages.redeemed(of=stages.linked(of=stages.signed(of=spanish)))
    stages.download(spanish.actor, spanish.file)
    stages.clock.advance(timedelta(seconds=1))
    report = stages.journey.reports.for_patient(spanish.patient, ALL, stages.now)
    assert [line.first.disclosure.packet_id for line in report.lines] == [spanish.packet.id]
    assert (report.patient.record_number, report.language) == ("MRN-0043", Language.SPANISH)
    chosen = replace(ALL, language=Language.ENGLISH, query=AccountQuery(until=stages.now - DAY))
    report = stages.journey.reports.for_patient(spanish.patient, chosen, stages.now)
    assert (report.lines, report.language) == ([], Language.ENGLISH)
    assert stage.packet.id != spanish.packet.id


def test_an_officer_reports_on_one_patient_by_record_number_in_whatever_packets(stages, stage):
    assert stage
    second = stages.redeemed()
    other = stages.released(of=stages.closed(patient=a_patient(record_number="7")))
    other = stages.redeemed(of=stages.linked(of=stages.signed(of=stages.in_session(of=other))))
    for each in (second, other):
        stages.download(each.actor, each.file)
    stages.clock.advance(timedelta(seconds=1))
    report = officer_report(stages, record_number="mrn-0042 ")
    assert [line.first.disclosure.packet_id for line in report.lines] == [stage.packet.id, second.packet.id]
    assert report.patient.name == "Ada Example"
    assert len(officer_report(stages).lines) == 3
    assert officer_report(stages).patient is None
    nobody = officer_report(stages, record_number="nobody's")
    assert (nobody.lines, nobody.patient) == ([], None)


def test_who_may_have_a_report(stages, stage):
    reports, hospital = stages.journey.reports, stages.hospital
    for actor in (hospital.depositor, hospital.coordinator, hospital.admin, stage.actor, stages.service_actor):
        for ask in (reports.for_officer, reports.for_patient):
            with pytest.raises(NotAllowed):
                ask(actor, ALL, stages.now)
    with pytest.raises(NotAllowed):
        reports.for_patient(hospital.privacy_officer, ALL, stages.now)
    with pytest.raises(NotAllowed):
        reports.for_officer(stage.patient, ALL, stages.now)
    with pytest.raises(NotFound):
        reports.for_patient(a_patient_actor(release_id=stage.release.id), ALL, stages.now)


def test_another_organization_s_officer_has_nothing_of_it(stages, stage):
    assert stage
    stranger = stages.staff(stages.enrolled("Other").pathology, Role.PRIVACY_OFFICER)
    draft = ReportDraft(AccountQuery(record_number="MRN-0042"))
    report = stages.journey.reports.for_officer(stranger, draft, stages.now)
    assert (report.lines, report.patient) == ([], None)


def test_a_report_is_recorded_with_what_was_asked_and_nothing_of_whom_it_is_about(stages, stage):
    officer_report(stages, ReportFormat.PDF, record_number="MRN-0042", recipient_id=stages.recipient.id)
    entry = stages.audit()[-1]
    assert (entry.action, entry.subject) == ("accounting.reported", {"recipient": str(stages.recipient.id)})
    assert (entry.facts["format"], entry.facts["lines"]) == ("pdf", 1)
    assert entry.facts["asked_by"] == "recipient_id,record_number"
    assert "MRN" not in str(entry)
    stages.journey.reports.for_patient(stage.patient, ALL, stages.now)
    assert stages.audit()[-1].subject == {"packet": str(stage.packet.id), "release": str(stage.release.id)}


def test_a_report_that_is_too_long_says_so_and_is_not_recorded(stages, stage):
    assert stage
    before = stages.actions()
    reports = replace(stages.journey.reports, most_disclosures=2)
    with pytest.raises(ReportTooLong, match="narrow the period") as refused:
        reports.for_officer(stages.hospital.privacy_officer, ALL, stages.now)
    assert refused.value.facts == {"limit": 2}
    assert stages.actions() == before
    assert replace(reports, most_disclosures=3).for_officer(stages.hospital.privacy_officer, ALL, stages.now).lines


def test_a_report_covers_six_years_and_no_more(stages, stage):
    assert stage
    assert officer_report(stages).period.since.year == stages.now.year - 6
    with pytest.raises(Invalid, match="at most 6 years"):
        officer_report(stages, since=stages.now - 7 * 366 * DAY)
    with pytest.raises(Invalid, match="begins before it ends"):
        officer_report(stages, since=stages.now)


def test_the_same_report_is_a_table_for_spreadsheets_and_a_document_for_paper(stages, stage):
    report = officer_report(stages, record_number="MRN-0042")
    table = stages.journey.reports.rendered(report, ReportFormat.CSV)
    assert table.startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader(io.StringIO(table.decode("utf-8-sig"), newline=""))
    assert row["Recipient"] == "Dr. R. Viewer"
    assert row["Address of the recipient"] == "viewer@review.test"
    assert row["What was disclosed"] == "1 slide scan, 1 report: reports/S26-1234.pdf, slides/A1.svs"
    assert (row["Number of disclosures"], row["Exempt under"]) == ("3", "164.528(a)(1)(iv)")
    assert stages.journey.reports.rendered(report, ReportFormat.PDF) == b"%PDF-"
    document = stages.typesetter.documents[-1]
    (facts,) = [block for block in document.blocks if isinstance(block, Facts)]
    assert ("Patient", "Ada Example") in facts.pairs
    (shown,) = [block for block in document.blocks if isinstance(block, Table)]
    assert "Dr. R. Viewer\nBreast Review Service\nviewer@review.test" in shown.rows[0]
    assert stage.release.form.sha256 in shown.rows[0][3]


def test_an_empty_report_says_that_nobody_received_anything(stages):
    stages.journey.reports.rendered(officer_report(stages), ReportFormat.PDF)
    said = str([getattr(block, "text", "") for block in stages.typesetter.documents[-1].blocks])
    assert "Nobody received anything in this time." in said


def test_a_typesetter_that_does_not_answer_is_said_to_be_unavailable(stages):
    stages.typesetter.refuses = Unavailable()
    with pytest.raises(Unavailable):
        stages.journey.reports.rendered(officer_report(stages), ReportFormat.PDF)


@pytest.mark.proves("164.528(b)(2)(i)", "164.528(b)(2)(ii)", "164.528(b)(2)(iii)", "164.528(b)(2)(iv)", "164.528(b)(3)")
def test_the_pdf_of_a_report_is_tagged_and_its_text_has_every_element(stages, stage):
    report = officer_report(stages, record_number="MRN-0042")
    pdf = replace(stages.journey.reports, typesetter=TypstPdf()).rendered(report, ReportFormat.PDF)
    assert info_of(pdf)["Tagged"] == "yes"
    assert {"Table", "THead", "TH", "TD"} <= {*structure_of(pdf)}
    text = " ".join(text_of(pdf, "-raw").split())  # cell by cell
    for said in (
        "May 12, 2026, 09:30 UTC",
        "viewer@review.test",
        "1 slide scan, 1 report",
        "Second opinion",
        "Ada Example",
    ):
        assert said in text
    assert "3 times, the last on May 12, 2026" in text
    assert stage.release.form.sha256 in text.replace(" ", "")
