"""/l/opinion, where an opinion is written and sent, and /r/opinions, where the patient reads it."""

from urllib.parse import quote

import pytest

from tests.factories import a_reply
from tests.stages import PUBLIC_URL, REPLY, sha256_hex
from transfer_service.domain.opinion import Conclusion, MaterialKind, Missing, Reply

AGREES = {"sent": "0", "conclusion": "concordant", "summary": "As diagnosed.\r\n\r\n  No invasion. "}
NEEDS = {"sent": "0", "conclusion": "needs_more_material", "missing_2": "HER2 of A1", "missing_kind_2": "stain"}


@pytest.fixture
def stage(stages, visitor):
    stage = stages.linked()
    visitor.recipient_in(stages, stage)
    return stage


def received(stages, stage):
    return [view.opinion for view in stages.journey.opinions.of_packet(stages.coordinator, stage.packet.id)]


def said(stages, stage):
    return [opinion.reply for opinion in received(stages, stage)]


def test_a_recipient_finds_the_form_and_sends_what_they_say(stages, visitor, stage):
    assert "Send your opinion" in visitor.text()
    visitor.get("/l/opinion")
    assert visitor.submit("/l/opinion", AGREES).status_code == 200
    assert "What you have sent" in visitor.text()
    assert "I agree with the diagnosis" in visitor.text()
    assert said(stages, stage) == [Reply(Conclusion.CONCORDANT, "As diagnosed.\n\nNo invasion.")]


def test_what_is_missing_is_named_a_line_each(stages, visitor, stage):
    visitor.get("/l/opinion")
    visitor.submit("/l/opinion", {**NEEDS, "missing_4": "slide B2", "missing_kind_4": "tea"})
    missing = (Missing(MaterialKind.STAIN, "HER2 of A1"), Missing(MaterialKind.OTHER, "slide B2"))
    assert said(stages, stage) == [Reply(Conclusion.NEEDS_MORE_MATERIAL, None, missing)]


def test_a_form_sent_twice_is_one_opinion_and_another_form_is_another(stages, visitor, stage):
    visitor.get("/l/opinion")
    for _ in range(2):
        assert visitor.post("/l/opinion", AGREES).location == "/l/opinion"
    assert len(received(stages, stage)) == 1
    visitor.post("/l/opinion", {**AGREES, "sent": "1"})
    assert len(received(stages, stage)) == 2


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"conclusion": ""}, "Choose what you conclude."),
        ({"conclusion": "maybe"}, "Choose what you conclude."),
        ({"summary": "x" * 3001}, "The summary is too long"),
        ({"summary": ""}, "Write a summary, or put a file into your opinion."),
        ({"conclusion": "needs_more_material"}, "Say what is missing"),
        ({"missing_1": "HER2"}, "Only if you need more material"),
        ({**NEEDS, "missing_2": "x" * 201}, "Write what is missing in one line"),
    ],
)
def test_what_is_not_right_is_said_and_nothing_is_sent(stages, visitor, stage, changes, sentence):
    visitor.get("/l/opinion")
    answer = visitor.submit("/l/opinion", AGREES | changes)
    assert answer.status_code == 422
    assert sentence in visitor.text()
    assert received(stages, stage) == []
    assert "opinion.begun" not in stages.actions()


def test_what_can_not_be_seen_is_left_out_of_a_summary(stages, visitor, stage):
    visitor.get("/l/opinion")
    visitor.submit("/l/opinion", AGREES | {"summary": "a\u202eb\u00ad\x00c\u00a0d\te"})
    assert said(stages, stage) == [Reply(Conclusion.CONCORDANT, "abc d e")]


def test_files_that_a_program_put_there_are_listed_and_go_with_it(stages, visitor, stage):
    actor = stages.redeemed(of=stage).actor
    draft = stages.journey.answers.begin(actor, stages.now)
    stages.put_in_opinion(stage, draft, "opinion.pdf", b"a second opinion")
    visitor.get("/l/opinion")
    assert "opinion.pdf 16 bytes not checked yet" in visitor.text()
    assert visitor.submit("/l/opinion", AGREES).status_code == 409
    assert "has been checked" in visitor.text()
    stages.verify_all()
    visitor.get("/l/opinion")
    assert "opinion.pdf 16 bytes checked" in visitor.text()
    assert visitor.submit("/l/opinion", AGREES).status_code == 200
    (view,) = stages.journey.opinions.of_packet(stages.coordinator, stage.packet.id)
    assert [file.path for file in view.files] == ["opinion.pdf"]


def send_file(visitor, name="opinion.pdf", data=b"a second opinion", **headers):
    """As the page's script does."""
    visitor.get("/l/opinion")
    return visitor.client.put(
        "/l/opinion/files",
        data=data,
        base_url=PUBLIC_URL,
        content_type="application/octet-stream",
        headers={"X-CSRF-Token": visitor.token(), "X-File-Name": quote(name, safe="")} | headers,
    )


def test_a_file_that_the_page_sends_goes_with_the_opinion(stages, visitor, stage):
    assert send_file(visitor, "Bericht für Ada (1).pdf").status_code == 204
    visitor.get("/l/opinion")
    assert "Bericht für Ada (1).pdf 16 bytes not checked yet" in visitor.text()
    stages.verify_all()
    visitor.get("/l/opinion")
    assert visitor.submit("/l/opinion", AGREES).status_code == 200
    (view,) = stages.journey.opinions.of_packet(stages.coordinator, stage.packet.id)
    assert [(file.path, file.sha256) for file in view.files] == [
        ("Bericht für Ada (1).pdf", sha256_hex(b"a second opinion"))
    ]


@pytest.mark.parametrize(
    "headers",
    [{"X-CSRF-Token": ""}, {"X-CSRF-Token": "x"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}],
)
def test_a_file_that_another_page_sends_is_refused_and_begins_nothing(stages, visitor, stage, headers):  # noqa: ARG001 - the stage is the visitor's
    before = stages.rows()
    assert send_file(visitor, **headers).status_code == 400
    assert stages.rows() == before


def test_who_is_no_recipient_sends_no_file(stages, another_visitor):
    stage = stages.linked()
    another_visitor.patient_in(stages, stage)
    before = stages.rows()
    headers = {"X-CSRF-Token": another_visitor.token(), "X-File-Name": "a"}
    answer = another_visitor.client.put("/l/opinion/files", data=b"x", base_url=PUBLIC_URL, headers=headers)
    assert answer.status_code == 401
    assert stages.rows() == before


@pytest.mark.parametrize("name", ["", "..", "a/../b", "a\\b", "/etc/passwd", "a\x00b", "\u202egpj.exe", "x" * 256])
def test_a_name_that_is_none_is_refused_in_a_sentence(stages, visitor, stage, name):  # noqa: ARG001 - the stage is the visitor's
    answer = send_file(visitor, name)
    assert answer.status_code == 422
    assert answer.mimetype == "text/plain"
    assert "Rename it" in answer.text
    visitor.get("/l/opinion")
    assert "None so far." in visitor.text()


def test_a_name_that_is_taken_is_refused_until_that_file_is_taken_out(stages, visitor, stage):
    send_file(visitor)
    assert "of that name already" in send_file(visitor, data=b"another one").text
    (draft,) = stages.journey.answers.own(stages.redeemed(of=stage).actor, stages.now)
    visitor.get("/l/opinion")
    assert visitor.post(f"/l/opinion/files/{stage.file.id}").status_code == 404
    assert visitor.submit(f"/l/opinion/files/{draft.files[0].id}").status_code == 200
    assert "None so far." in visitor.text()
    assert send_file(visitor, data=b"another one").status_code == 204


def test_without_a_draft_there_is_nothing_to_take_out_and_none_is_begun(stages, visitor, stage):
    visitor.get("/l/opinion")
    assert visitor.post(f"/l/opinion/files/{stage.file.id}").status_code == 404
    assert "opinion.begun" not in stages.actions()


def test_after_the_end_no_file_is_taken(stages, visitor, stage):
    visitor.get("/l/opinion")
    stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)
    headers = {"X-CSRF-Token": visitor.token(), "X-File-Name": "a"}
    answer = visitor.client.put("/l/opinion/files", data=b"x", base_url=PUBLIC_URL, headers=headers)
    assert answer.status_code == 409
    assert "opinion.begun" not in stages.actions()


def test_looking_at_the_form_begins_nothing(stages, visitor, stage):  # noqa: ARG001 - the stage is the visitor's
    before = stages.rows()
    visitor.get("/l/opinion")
    assert stages.rows() == before


def test_after_the_end_there_is_nothing_to_send(stages, visitor, stage):
    visitor.get("/l/opinion")
    stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)
    assert visitor.post("/l/opinion", AGREES).status_code == 409
    assert received(stages, stage) == []


def test_a_patient_reads_what_was_shared_in_plain_words(stages, visitor):
    stage = stages.redeemed()
    sent = stages.answered(stage, a_reply())
    visitor.patient_in(stages, stage)
    assert "opinion that came back" not in visitor.text()
    visitor.get("/r/opinions")
    assert "Nothing has been shared with you so far." in visitor.text()
    file = f"/r/opinions/{sent.opinion.id}/{sent.files[0].id}"
    assert visitor.get(file).status_code == 404
    stages.journey.opinions.share(stages.coordinator, sent.opinion.id, stages.now)
    visitor.get("/r/release")
    assert "opinion that came back" in visitor.text()
    visitor.get("/r/opinions")
    for shown in ("Dr. R. Viewer", "needs more material", "Stain: HER2 of block A1", a_reply().summary, "opinion.pdf"):
        assert shown in visitor.text()
    with visitor.get(file) as answer:
        assert answer.data == b"a second opinion"


def test_markup_in_an_opinion_is_text(stages, visitor):
    stage = stages.redeemed()
    stages.shared(stage, Reply(REPLY.conclusion, "<b>benign</b>"))
    visitor.patient_in(stages, stage)
    assert "<b>benign" not in visitor.get("/r/opinions").text
