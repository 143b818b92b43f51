"""/r, from the letter to the withdrawal."""

import hashlib
import html
import re

from tests.pages.visitor import BIRTH
from tests.pdfs import text_of
from tests.stages import ATTESTATION, ORIGIN, wrong_code
from transfer_service.adapters.typesetting import typst_pdf
from transfer_service.domain.language import Language
from transfer_service.domain.packet import FileKind
from transfer_service.domain.release import Medium, ReleaseState, Signer
from transfer_service.usecases.guesses import MOST_OF_A_PEER
from transfer_service.usecases.release import GrantDraft
from transfer_service.usecases.withdrawal import WithdrawalDraft
from transfer_service.wording import words_in

FORM = re.compile(r'<pre class="form" id="form-text" lang="en">\n(.*?)</pre>', re.DOTALL)


def release_now(stages, stage):
    return stages.journey.releases.one(stages.coordinator, stage.release.id)


def test_a_patient_reads_signs_and_withdraws(stages, visitor):
    stage = stages.released()
    assert visitor.patient_in(stages, stage).status_code == 200
    assert "You have not signed" in visitor.text()
    assert visitor.submit("/r/sign", visitor.signature()).status_code == 200
    assert "You have signed" in visitor.text()
    visitor.get("/r/withdraw")
    assert visitor.submit("/r/withdraw").status_code == 200
    assert "Withdrawn on" in visitor.text()
    assert release_now(stages, stage).state is ReleaseState.WITHDRAWN


def test_the_first_page_says_in_short_who_asks_for_what_and_explains_its_words(stages, visitor):
    surgeon = stages.recipient_added(name="Dr. S. Urgeon", email="surgeon@board.test")
    closed = stages.closed()
    slide, report = closed.files["slides/A1.svs"], closed.files["reports/S26-1234.pdf"]
    grants = [GrantDraft(stages.recipient.id, (slide.id,)), GrantDraft(surgeon.id, (report.id,))]
    visitor.patient_in(stages, stages.released(of=closed, grants=grants))
    said = visitor.text()
    assert "Who asks you Pathology, St. Agatha" in said
    for whom, what in (("Dr. R. Viewer", "1 slide scan"), ("Dr. S. Urgeon", "1 report")):
        assert f"What they would send {what} To whom they would send it {whom}" in said
    assert "Why Second opinion Until when August 10, 2026 at the latest" in said
    for word in ("a slide scan", "a report", "a pathologist", "an authorization"):
        assert f"What is {word}?" in said


def test_what_is_not_sent_is_not_explained(stages, visitor):
    stage = stages.closed({"reports/S26-1234.pdf": b"a report"})
    visitor.patient_in(stages, stages.released(of=stage))
    assert "What is a report?" in visitor.text()
    assert "What is a slide scan?" not in visitor.text()


def test_what_is_shown_is_exactly_what_is_hashed(stages, visitor):
    purpose = "Second opinion\r\n\r\n<b>really</b> & \"so\"\rit 'is'"
    stage = stages.released(purpose=purpose)
    visitor.patient_in(stages, stage)
    page = visitor.get("/r/form").text
    shown = html.unescape(re.sub(r"</?strong>", "", FORM.findall(page)[0]))
    assert purpose in shown
    assert hashlib.sha256(shown.encode()).hexdigest() == stage.release.form.sha256


def test_the_page_says_what_withdrawal_and_the_service_can_and_can_t_do(stages, visitor):
    visitor.patient_in(stages, stages.released())
    visitor.get("/r/form")
    text = visitor.text()
    assert "cannot be called back" in text
    assert "can open them itself" in text
    assert "is a rule that the service keeps" in text


def test_the_confirmation_says_that_copies_stay_and_withdraws_nothing_by_itself(stages, visitor):
    stage = stages.signed()
    visitor.patient_in(stages, stage)
    visitor.get("/r/withdraw")
    assert "Copies that were downloaded before now cannot be called back" in visitor.text()
    assert release_now(stages, stage).state is ReleaseState.SIGNED


def test_withdrawing_kills_the_recipient_s_page_and_downloads(stages, visitor, another_visitor):
    stage = stages.linked()
    another_visitor.recipient_in(stages, stage)
    visitor.patient_in(stages, stage)
    visitor.get("/r/withdraw")
    visitor.submit("/r/withdraw")
    for path in ("/l/files", "/l/received", "/l/manifest"):
        assert another_visitor.get(path).status_code == 409
    assert "withdrawn" in another_visitor.text()
    assert "Ada" not in another_visitor.text()


def test_a_patient_may_refuse_without_ever_signing(stages, visitor):
    stage = stages.released()
    visitor.patient_in(stages, stage)
    visitor.get("/r/withdraw")
    assert "Refuse this release?" in visitor.text()
    visitor.submit("/r/withdraw")
    assert release_now(stages, stage).state is ReleaseState.WITHDRAWN


def test_a_patient_sees_that_a_form_on_paper_waits_and_can_refuse_or_sign_all_the_same(stages, visitor):
    stage = stages.scanned(of=stages.released())
    visitor.patient_in(stages, stage)
    assert "It waits for a second person" in visitor.text()
    assert "If you did not sign on paper" in visitor.text()
    visitor.get("/r/withdraw")
    assert "Refuse this release?" in visitor.text()
    visitor.get("/r/release")
    visitor.submit("/r/sign", visitor.signature())
    assert "You have signed." in visitor.text()


def test_a_patient_sees_what_was_signed_on_paper_and_keeps_a_copy(stages, visitor):
    stage = stages.copied(of=stages.confirmed(of=stages.scanned(of=stages.released())))
    visitor.patient_in(stages, stage)
    assert "You have signed on paper." in visitor.text()
    assert "Signed on paper, on May 12, 2026 Confirmed by a second person" in visitor.text()
    copied = text_of(visitor.get("/r/copy").data)
    assert "Signed on paper, on May 12, 2026\nConfirmed by a second person at the department on" in copied


def test_a_patient_whose_files_are_released_for_treatment_is_told_why_and_can_object(stages, visitor):
    stage = stages.attested()
    visitor.patient_in(stages, stage)
    assert "released for your treatment" in visitor.text()
    visitor.get("/r/form")
    for words in (ATTESTATION, "45 CFR 164.506(c)"):
        assert words in visitor.text()
    assert '/r/sign"' not in visitor.last.text
    assert "without a signature" in text_of(visitor.get("/r/copy").data)
    visitor.get("/r/withdraw")
    assert "Object to this release?" in visitor.text()
    visitor.submit("/r/withdraw")
    assert "Withdrawn on" in visitor.text()


def test_a_patient_who_called_sees_that_it_was_withdrawn_by_phone(stages, visitor):
    stage = stages.signed()
    draft = WithdrawalDraft(Medium.PHONE, "She called")
    stages.journey.releases.withdraw(stages.coordinator, stage.release.id, stages.now, draft)
    visitor.patient_in(stages, stage)
    assert "The department was told by phone." in visitor.text()


def test_a_representative_signs_and_says_by_what_authority(stages, visitor):
    stage = stages.released()
    visitor.patient_in(stages, stage)
    fields = visitor.signature(signer="representative", authority="legal guardian", name="Grace Example")
    visitor.submit("/r/sign", fields)
    signature = release_now(stages, stage).signature
    assert signature is not None
    assert (signature.signer, signature.authority) == (Signer.REPRESENTATIVE, "legal guardian")
    assert "for the patient, as: legal guardian" in visitor.text()


def test_the_letter_s_code_typed_in_lower_case_with_spaces_is_as_good_as_its_address(stages, visitor):
    stage = stages.released()
    typed = stages.typed_code().lower().replace("-", " ").replace("0", "o").replace("1", "l")
    visitor.get("/r")
    assert visitor.submit("/r", {"secret": typed}).status_code == 200
    assert visitor.submit("/r/code", {"code": stages.code(), **BIRTH}).status_code == 200
    assert stage.release.purpose in visitor.text()


def test_a_code_that_nobody_was_sent_is_not_known_and_who_tries_many_has_to_wait(stages, visitor):
    stages.released()
    typed = stages.typed_code()
    visitor.get("/r")
    for _ in range(MOST_OF_A_PEER):
        assert visitor.submit("/r", {"secret": "0000 0000 0000"}).status_code == 404
    assert "This code is not known here" in visitor.text()
    for tried in ("0000 0000 0000", typed):
        answer = visitor.submit("/r", {"secret": tried})
        assert answer.status_code == 429
        assert "Please wait a while" in visitor.text()
        assert "Pathology" not in visitor.text()  # which would tell a guesser what opens something
        visitor.get("/r")


def test_without_anybody_to_carry_text_messages_none_is_offered(stages, visitor):
    visitor.get("/r")
    visitor.submit("/r", {"secret": stages.released().letter_secret})
    assert "text message" not in visitor.text()
    assert visitor.submit("/r/code/again", {"way": "sms"}).status_code == 200
    assert "Check your e-mail" in visitor.text()


NOT_FILLED_IN = (
    ({"name": ""}, "Type your full name"),
    ({"name": "  "}, "Type your full name"),
    ({"name": "..."}, "Type your full name"),
    ({"name": "Ada\x00Example"}, "Type your full name"),
    ({"name": "Ada \N{RIGHT-TO-LEFT OVERRIDE}"}, "Type your full name"),
    ({"name": "A" * 201}, "Type your full name"),
    ({"name": ["Ada", "Example"]}, "Type your full name"),
    ({"read": ""}, "Tick the box"),
    ({"read": "no"}, "Tick the box"),
    ({"signer": ""}, "Choose whether you are the patient"),
    ({"signer": "admin"}, "Choose whether you are the patient"),
    ({"signer": "representative"}, "Say by what authority"),
    ({"signer": "representative", "authority": "\x1b[2J"}, "Say by what authority"),
    ({"signer": "patient", "authority": "parent"}, "Leave this empty if you are the patient"),
)


def test_nothing_is_signed_that_was_not_filled_in_rightly(stages, visitor):
    stage = stages.released()
    visitor.patient_in(stages, stage)
    for changes, sentence in NOT_FILLED_IN:
        assert visitor.submit("/r/sign", visitor.signature(**changes)).status_code == 422
        assert sentence in visitor.text()
        assert "<title>Error: " in visitor.last.text
    assert release_now(stages, stage).state is ReleaseState.REQUESTED


def test_all_that_is_wrong_is_said_at_once_and_what_was_typed_stays(stages, visitor):
    visitor.patient_in(stages, stages.released())
    visitor.submit("/r/sign", visitor.signature(name="Ada <Example>", read="", signer="representative"))
    text = visitor.text()
    assert "Tick the box" in text
    assert "Say by what authority" in text
    assert 'value="Ada &lt;Example&gt;"' in visitor.last.text


def test_a_form_that_is_not_the_one_shown_is_not_signed(stages, visitor):
    stage = stages.released()
    visitor.patient_in(stages, stage)
    fields = visitor.signature()
    for digest in ("", "0" * 64, "ÿ", "x" * 5000):
        assert visitor.submit("/r/sign", {**fields, "form_sha256": digest}).status_code == 409
        assert "The form has changed" in visitor.text()
        visitor.get("/r/release")
    assert release_now(stages, stage).state is ReleaseState.REQUESTED


def test_signing_twice_is_signing_once(stages, visitor):
    stage = stages.released()
    visitor.patient_in(stages, stage)
    fields = visitor.signature()
    for _ in range(2):
        assert visitor.post("/r/sign", fields).location == "/r/release"
    assert stages.actions().count("release.signed") == 1


def test_withdrawing_twice_is_withdrawing_once(stages, visitor):
    visitor.patient_in(stages, stages.signed())
    for _ in range(2):
        assert visitor.post("/r/withdraw").location == "/r/release"
    assert stages.actions().count("release.withdrawn") == 1


def test_what_is_withdrawn_can_t_be_signed_from_a_page_that_is_still_open(stages, visitor):
    stage = stages.released()
    visitor.patient_in(stages, stage)
    fields = visitor.signature()
    stages.journey.releases.withdraw(stages.coordinator, stage.release.id, stages.now)
    assert visitor.submit("/r/sign", fields).status_code == 409
    assert "withdrawn" in visitor.text()


NO_DATE_OR_CODE = (
    ({"code": ""}, "Enter the six digits"),
    ({"code": "abcdef"}, "Enter the six digits"),
    ({"code": "١٢٣٤٥٦"}, "Enter the six digits"),
    ({"birth_month": "13"}, "no such date"),
    ({"birth_day": "30"}, "no such date"),
    ({"birth_year": "0"}, "no such date"),
    ({"birth_day": "x"}, "as three numbers"),
    ({"birth_day": "3.0"}, "as three numbers"),
    ({"birth_year": "99999"}, "as three numbers"),
    ({"birth_month": "-2"}, "as three numbers"),
    ({"birth_day": ["3", "4"]}, "as three numbers"),
)


def test_a_wrong_date_or_code_is_explained_and_costs_no_try(stages, visitor):
    stage = stages.released()
    visitor.get("/r")
    visitor.submit("/r", {"secret": stage.letter_secret})
    code = stages.code()
    for typed, sentence in NO_DATE_OR_CODE:
        assert visitor.submit("/r/code", {"code": code, **BIRTH, **typed}).status_code == 422
        assert sentence in visitor.text()
        assert code not in visitor.last.text
    assert release_now(stages, stage).wrong_answers == 0
    assert visitor.submit("/r/code", {"code": f" {code[:3]} {code[3:]} ", **BIRTH}).status_code == 200


def test_a_wrong_code_and_a_wrong_birth_date_are_answered_alike(stages, visitor, another_visitor):
    stage = stages.released()
    pages = []
    for who, change in ((visitor, "code"), (another_visitor, "birth_day")):
        who.get("/r")
        who.submit("/r", {"secret": stage.letter_secret})
        code = stages.code()
        wrong = {"code": wrong_code(code)} if change == "code" else {"birth_day": "4"}
        answer = who.submit("/r/code", {"code": code, **BIRTH, **wrong})
        assert answer.status_code == 403
        pages.append(re.sub(r'value="[^"]*"', "", answer.text))
    assert pages[0] == pages[1]


def test_the_fifth_wrong_answer_ends_a_code_and_a_new_one_is_offered(stages, visitor):
    stage = stages.released()
    visitor.get("/r")
    visitor.submit("/r", {"secret": stage.letter_secret})
    wrong = {"code": wrong_code(stages.code()), **BIRTH}
    said = []
    for _ in range(5):
        assert visitor.submit("/r/code", wrong).status_code == 403
        said.append(visitor.text())
    assert "4 more times" in said[0]
    assert "one more time" in said[3]
    assert "last try" in said[4]
    assert visitor.submit("/r/code", wrong).status_code == 409
    assert "Ask for a new one below" in visitor.text()
    assert visitor.submit("/r/code/again").status_code == 200
    assert visitor.submit("/r/code", {"code": stages.code(), **BIRTH}).status_code == 200


def test_the_sixth_code_in_an_hour_is_not_sent(stages, visitor):
    stage = stages.released()
    visitor.get("/r")
    visitor.submit("/r", {"secret": stage.letter_secret})
    for _ in range(4):
        assert visitor.submit("/r/code/again").status_code == 200
    answer = visitor.submit("/r/code/again")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "Please wait" in visitor.text()


def test_a_locked_letter_names_the_department_and_nobody_else(stages, visitor):
    stage = stages.released()
    for _ in range(4):
        challenge = stages.journey.patients.challenge(stage.letter_secret, ORIGIN, stages.now)
        visitor.get("/r")
        visitor.submit("/r", {"secret": stage.letter_secret})
        wrong = {"code": wrong_code(stages.code()), **BIRTH}
        for _ in range(5):
            visitor.submit("/r/code", wrong)
        stages.clock.advance(stages.limits.code_for * 13)
        assert challenge
    assert visitor.submit("/r/code", wrong).status_code == 409
    visitor.get("/r")
    assert visitor.submit("/r", {"secret": stage.letter_secret}).status_code == 409
    text = visitor.text()
    assert "This letter is locked" in text
    assert "Pathology" in text
    assert "+1 555 0111" in text
    assert "Ada" not in text


def test_an_expired_release_says_so_and_can_t_be_signed(stages, visitor):
    stage = stages.released()
    stages.clock.now = stage.release.expires_at
    visitor.patient_in(stages, stage)
    assert "This has ended" in visitor.text()
    visitor.get("/r/form")
    assert "Sign and allow" not in visitor.text()


def test_a_patient_finds_a_copy_of_what_they_signed_at_once(stages, visitor):
    stage = stages.released()
    visitor.patient_in(stages, stage)
    assert "Download a copy of this form (PDF)" in visitor.text()
    visitor.submit("/r/sign", visitor.signature())
    copy = visitor.get("/r/copy")
    size = words_in(Language.ENGLISH).size(len(copy.data))
    assert (copy.status_code, copy.mimetype) == (200, "application/pdf")
    assert copy.headers["Content-Disposition"].startswith("attachment")
    assert "Signed by Ada Example" in text_of(copy.data)
    visitor.get("/r/release")
    assert f"Download a copy of this form (PDF, {size})" in visitor.text()


def test_a_signature_stands_while_its_copy_can_not_be_made(stages, visitor, monkeypatch):
    stage = stages.released()
    visitor.patient_in(stages, stage)
    monkeypatch.setattr(typst_pdf, "COMPILER", stages.directory / "nothing.py")
    visitor.submit("/r/sign", visitor.signature())
    assert "You have signed." in visitor.text()
    assert visitor.get("/r/copy").status_code == 409
    assert "Your copy is being made" in visitor.text()


def test_the_code_page_without_a_letter_leads_to_the_start(visitor):
    assert visitor.get("/r/code").location == "/r"


def test_an_answer_without_a_letter_is_no_session(visitor):
    visitor.get("/r")
    assert visitor.submit("/r/code", {"code": "123456", **BIRTH}).status_code == 401


def test_what_is_new_since_the_form_that_was_signed_stands_above_the_form(stages, visitor):
    former = stages.signed()
    stage = stages.carried(former, file_ids=(former.files["slides/A1.svs"].id,))
    stages.put(stage, "slides/<A4>.svs", b"the missing stain", kind=FileKind.SLIDE)
    stage = stages.released(of=stages.closed(of=stages.verified(of=stage)))
    visitor.patient_in(stages, stage)
    page = visitor.get("/r/form")
    text = visitor.text()
    assert "What is new since the form you signed on May 12, 2026" in text
    assert "1 file was added: slides/<A4>.svs (slide scan)" in text
    assert "1 file is not in it any more: reports/S26-1234.pdf" in text
    assert "1 file is the same as before." in text
    assert "replaced" not in text
    assert page.text.index('id="the-news"') < page.text.index('id="the-form"')
    assert "What is new" not in stage.release.form.text
    assert visitor.submit("/r/sign", visitor.signature()).status_code == 200
    visitor.get("/r/form")
    assert "What is new" not in visitor.text()


def test_a_replaced_file_and_a_long_list_are_said_in_few_words(stages, visitor):
    former = stages.signed()
    stage = stages.carried(former, file_ids=())
    for path in ("slides/A1.svs", *(f"tiles/{number:02}" for number in range(52))):
        stages.put(stage, path, b"another")
    stage = stages.released(of=stages.closed(of=stages.verified(of=stage)))
    visitor.patient_in(stages, stage)
    visitor.get("/r/form")
    news = visitor.text()
    assert "1 file was replaced by another one under the same name: slides/A1.svs" in news
    assert "52 files were added: tiles/00" in news
    assert "tiles/49 (other file) and 2 others" in news


def test_without_a_form_that_was_signed_before_nothing_is_said_to_be_new(stages, visitor):
    visitor.patient_in(stages, stages.released(of=stages.closed(of=stages.carried(stages.closed()))))
    visitor.get("/r/form")
    assert "What is new" not in visitor.text()


def test_a_patient_chooses_to_be_told_by_mail_and_thinks_again(stages, visitor):
    stage = stages.signed()
    page = visitor.patient_in(stages, stage).text
    assert 'name="fetched" value="yes" aria-describedby="fetched-hint">' in page
    page = visitor.submit("/r/mail", {"fetched": "yes"}).text
    assert 'name="fetched" value="yes" aria-describedby="fetched-hint" checked>' in page
    assert release_now(stages, stage).tells_of_fetching
    visitor.submit("/r/mail", {})
    assert not release_now(stages, stage).tells_of_fetching


def test_where_nothing_can_be_received_any_more_there_is_nothing_to_choose(stages, visitor):
    stage = stages.signed()
    stages.journey.releases.withdraw(stage.patient, stage.release.id, stages.now)
    assert 'name="fetched"' not in visitor.patient_in(stages, stage).text
