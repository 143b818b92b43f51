"""What an error means to a person, and what they can do now; the form as HTML."""

from dataclasses import dataclass

from markupsafe import Markup, escape

from transfer_service.errors import AnswerWrong
from transfer_service.pages.language import _, words
from transfer_service.wording import N_


@dataclass(frozen=True, slots=True)
class Explained:
    """An error as a person reads it. ``call``: whether to name the department, where it is known."""

    title: str
    sentences: tuple[str, ...]
    call: bool = True


_LINK_OVER = N_("Ask the department for a new link.")

EXPLAINED: dict[str, Explained] = {
    "link_expired": Explained(N_("This link has expired"), (N_("It was made to end by itself."), _LINK_OVER)),
    "link_revoked": Explained(
        N_("This link was cancelled"),
        (N_("The department that made it has ended it."), N_("Ask them if you still need it.")),
    ),
    "link_used_up": Explained(
        N_("This link has been used up"),
        (N_("It could be opened a limited number of times, and that number is reached."), _LINK_OVER),
    ),
    "link_locked": Explained(
        N_("This link is locked"),
        (N_("Too many wrong answers were given, so it no longer opens."), _LINK_OVER),
    ),
    "recipient_changed": Explained(
        N_("This link does not open any more"),
        (
            N_("The patient gave the permission to somebody by that name, at that organization and address."),
            N_("The department has written down another one since, and that takes a new permission. Ask them."),
        ),
    ),
    "release_withdrawn": Explained(
        N_("The permission was withdrawn"),
        (N_("The patient has withdrawn the permission, so nothing can be downloaded any more."),),
    ),
    "release_expired": Explained(
        N_("The permission has ended"),
        (N_("The permission for this ended on its date."), N_("Ask the department what to do.")),
    ),
    "release_not_signed": Explained(N_("Nothing to see yet"), (N_("The permission for this has not been signed."),)),
    "release_locked": Explained(
        N_("This letter is locked"),
        (N_("Too many wrong answers were given."), N_("Ask the department for a new letter.")),
    ),
    "form_changed": Explained(
        N_("The form has changed"), (N_("What you were about to sign is not what stands there now. Read it again."),)
    ),
    "packet_retired": Explained(
        N_("The files are gone"),
        (N_("The department no longer keeps these files here."), N_("Ask them if you still need them.")),
    ),
    "too_many": Explained(
        N_("Please wait a while"),
        (N_("This was asked for too often. Codes already sent still count, and downloads that run go on."),),
    ),
    "not_authenticated": Explained(
        N_("You are signed out"),
        (N_("This happens by itself after some time."), N_("Start again with the code from your letter or link.")),
        call=False,
    ),
    "not_allowed": Explained(N_("That is not possible here"), (N_("Start again with your own code."),), call=False),
    "not_found": Explained(
        N_("There is nothing here"), (N_("The address may be mistyped, or what was here has ended."),), call=False
    ),
    "ticket_over": Explained(
        N_("This download address has ended"),
        (
            N_("Such an address works for a few minutes, and while its download runs."),
            N_("Go back to where you got it and ask for a new one."),
        ),
        call=False,
    ),
    "csrf": Explained(
        N_("Please do that again"),
        (N_("The page was open for too long, or in another window. Nothing was changed."),),
        call=False,
    ),
    "busy": Explained(N_("Too busy just now"), (N_("Many downloads are running. Try again in a minute."),), call=False),
    "unavailable": Explained(
        N_("Not available just now"),
        (N_("Something behind this page does not answer. Try again in a minute."),),
        call=False,
    ),
    "copy_not_ready": Explained(
        N_("Your copy is being made"), (N_("This takes a moment. Try again in a minute."),), call=False
    ),
    "document_too_long": Explained(
        N_("This form is too long for a PDF"),
        (N_("You can print it from the page, or ask the department for a copy."),),
    ),
    "not_typeset": Explained(
        N_("Your copy could not be made just now"),
        (N_("What you signed is kept. Try again later, or ask the department for a copy."),),
    ),
    "body_too_large": Explained(N_("That was too much"), (N_("More was sent than this page takes."),), call=False),
    "range_not_satisfiable": Explained(N_("No such part"), (N_("The file has no such part."),), call=False),
}
EXPLAINED_TO_STAFF = {
    "not_allowed": Explained(
        N_("Your role has nothing here"),
        (
            N_("Somebody with another role can do this."),
            N_("If you have that role yourself, change to it under your name, at the top."),
        ),
        call=False,
    ),
}
_REFUSALS = {"answer_wrong": N_("a wrong code or passcode was given"), "challenge_over": N_("the code had expired")}
INTERNAL = Explained(
    N_("Something went wrong here"),
    (N_("It was not your fault. Try again later, or call the department."),),
    call=False,
)
REFUSED = Explained(N_("That did not work"), (N_("The page could not understand what was sent."),), call=False)


def explained(status: int, code: str, *, to_staff: bool = False) -> Explained:
    """What to say of an error with that status and code."""
    unforeseen = INTERNAL if status >= 500 else REFUSED  # noqa: PLR2004 - HTTP's own border
    known = EXPLAINED | EXPLAINED_TO_STAFF if to_staff else EXPLAINED
    return known.get(code, unforeseen)


def wrong_answer(sentence: str, error: AnswerWrong) -> str:
    """The sentence, and how often one may still try with this code."""
    left = error.facts.get("remaining_tries")
    match left:
        case int() if left > 1:
            more = words().plural("You can try %(count)s more time.", "You can try %(count)s more times.", left)
        case 1:
            more = _("You can try one more time.")
        case _other:
            more = _("That was the last try; ask for a new code or call the department.")
    return f"{sentence} {more}"


def refusal(code: str) -> str:
    """Why something was refused, in a few words."""
    known = EXPLAINED.get(code)
    return _(_REFUSALS[code]) if code in _REFUSALS else _(known.title).lower() if known else _("not possible then")


def pieces_of_form(text: str) -> Markup:
    """The form's text as HTML whose text content is exactly that text: first lines of paragraphs stand out.

    HTML turns a bare carriage return into a line feed; ``&#13;`` stays one.
    """
    lines = text.split("\n")
    starts = [index == 0 or not lines[index - 1].strip() for index in range(len(lines))]
    shown = [
        Markup("<strong>{}</strong>").format(line)
        if first and line.strip() and not line.startswith(" ")
        else escape(line)
        for line, first in zip(lines, starts, strict=True)
    ]
    return Markup(str(Markup("\n").join(shown)).replace("\r", "&#13;"))  # noqa: S704 - every piece is escaped above
