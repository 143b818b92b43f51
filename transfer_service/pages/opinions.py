"""/l/opinion: the recipient answers in words, beside the draft's files. /r/opinions: the patient reads what came."""

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.opinion import Conclusion, MaterialKind, Missing, OpinionState, Reply
from transfer_service.domain.people import PatientActor, RecipientActor
from transfer_service.edge.calls import journey, now, service
from transfer_service.edge.opinion_answer import opinion_file
from transfer_service.errors import FilesUnverified, OpinionEmpty, OpinionSent
from transfer_service.pages.answers import page, to
from transfer_service.pages.fields import FormWrong, both, typed, typed_line, typed_text
from transfer_service.usecases.visits import Visits
from transfer_service.wording import N_

ROWS = 4
LONGEST_SUMMARY = 3000  # a form of so many characters of any script is still taken
LONGEST_MISSING = 200

_CHOOSE = N_("Choose what you conclude.")
_TOO_LONG = N_("The summary is too long for this page. Put the longer text in a file.")
_NAME_IT = N_("Say what is missing, on at least one line.")
_NOT_MISSING = N_("Only if you need more material, say what is missing. Empty these lines, or choose so above.")
_NO_LINE = N_("Write what is missing in one line of plain text.")
_EMPTY = N_("Write a summary, or put a file into your opinion.")
_UNVERIFIED = N_(
    "Not every file of your opinion has been checked. Wait a moment and send it again; "
    "a file that was refused has to be sent again, or taken out."
)

CONCLUSIONS = {
    Conclusion.CONCORDANT: N_("I agree with the diagnosis"),
    Conclusion.DISCORDANT: N_("I do not agree with the diagnosis"),
    Conclusion.NEEDS_MORE_MATERIAL: N_("I need more material before I can say"),
}
MEANINGS = {
    Conclusion.CONCORDANT: N_("The reviewer agrees with the diagnosis."),
    Conclusion.DISCORDANT: N_(
        "The reviewer does not agree with the diagnosis. Talk with your doctor about what this means for you."
    ),
    Conclusion.NEEDS_MORE_MATERIAL: N_("The reviewer needs more material before they can say."),
}
KINDS = {
    MaterialKind.STAIN: N_("Stain"),
    MaterialKind.BLOCK: N_("Tissue block"),
    MaterialKind.MAMMOGRAM: N_("Mammogram"),
    MaterialKind.SLIDE: N_("Slide"),
    MaterialKind.REPORT: N_("Report"),
    MaterialKind.OTHER: N_("Something else"),
}


def let_answer(blueprint: Blueprint, actor: Callable[[], RecipientActor]) -> None:
    """Give the recipients' pages the form of an opinion."""

    @blueprint.get("/opinion")
    def opinion() -> Response:
        """What was sent so far, what files wait to be sent, and the form."""
        return _form(actor(), 200, {})

    @blueprint.post("/opinion")
    def send_opinion() -> AnyResponse:
        """Send it; doing it twice is doing it once."""
        recipient = actor()
        try:
            journey().answers.say(recipient, _reply(), _sent_before(), now())
        except OpinionSent:
            return to("opinion")
        except FormWrong as wrong:
            return _form(recipient, 422, wrong.sentences)
        except OpinionEmpty:
            return _form(recipient, 422, {"summary": _EMPTY})
        except FilesUnverified:
            return _form(recipient, 409, {"conclusion": _UNVERIFIED})
        return to("opinion")


def let_read(blueprint: Blueprint, actor: Callable[[], PatientActor]) -> None:
    """Give the patients' pages what the department has shared."""

    @blueprint.get("/opinions")
    def opinions() -> Response:
        """Every opinion that was shared, the newest first."""
        patient = actor()
        shared = reversed(journey().opinions.of_patient(patient))
        contact = Visits(service().database).contact_for(patient)
        return page("patient_opinions", opinions=[*shared], meanings=MEANINGS, kinds=KINDS, contact=contact)

    @blueprint.get("/opinions/<uuid:opinion_id>/<uuid:file_id>")
    def opinion_bytes(opinion_id: UUID, file_id: UUID) -> Response:
        """A file of one, or a range of it."""
        return opinion_file(journey().opinions.shared, actor(), opinion_id, file_id)


def _form(recipient: RecipientActor, status: int, errors: dict[str, str]) -> Response:
    views = journey().answers.own(recipient, now())
    sent = [view for view in views if view.opinion.state is OpinionState.SENT]
    waiting = [file for view in views if view not in sent for file in view.files]
    choices = {"conclusions": CONCLUSIONS, "kinds": KINDS, "rows": range(1, ROWS + 1), "longest": LONGEST_SUMMARY}
    contact = Visits(service().database).contact_for(recipient)
    return page("recipient_opinion", status, errors=errors, sent=sent, waiting=waiting, contact=contact, **choices)


def _sent_before() -> int:
    """How many were sent when the form was shown; no number that a form of ours holds is none that is true."""
    number = typed("sent")
    return int(number) if number.isascii() and number.isdigit() and len(number) < 6 else -1  # noqa: PLR2004 - enough


def _reply() -> Reply:
    (conclusion, summary), missing = both(
        lambda: both(_conclusion, lambda: typed_text("summary", LONGEST_SUMMARY, _TOO_LONG)), _missing
    )
    needs = conclusion is Conclusion.NEEDS_MORE_MATERIAL
    if needs != bool(missing):
        raise FormWrong({"missing_1": _NAME_IT if needs else _NOT_MISSING})
    return Reply(conclusion, summary, missing)


def _conclusion() -> Conclusion:
    chosen = typed("conclusion")
    if chosen not in {*Conclusion}:
        raise FormWrong({"conclusion": _CHOOSE})
    return Conclusion(chosen)


def _missing() -> tuple[Missing, ...]:
    named = [row for row in range(1, ROWS + 1) if request.form.get(f"missing_{row}", "").strip()]
    return tuple(Missing(_kind(row), typed_line(f"missing_{row}", LONGEST_MISSING, _NO_LINE)) for row in named)


def _kind(row: int) -> MaterialKind:
    chosen = typed(f"missing_kind_{row}")
    return MaterialKind(chosen) if chosen in {*MaterialKind} else MaterialKind.OTHER
