"""Words for people: what an error means to them and what to do now; dates and sizes as they are written."""

from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup, escape

from transfer_service.domain.moments import written_day
from transfer_service.domain.release import Release
from transfer_service.errors import AnswerWrong

_KIB = 1024
_UNITS = ("KB", "MB", "GB", "TB")


@dataclass(frozen=True, slots=True)
class Explained:
    """An error as a person reads it. ``call``: whether to name the department, where it is known."""

    title: str
    sentences: tuple[str, ...]
    call: bool = True


_LINK_OVER = "Ask the department for a new link."

EXPLAINED: dict[str, Explained] = {
    "link_expired": Explained("This link has expired", ("It was made to end by itself.", _LINK_OVER)),
    "link_revoked": Explained(
        "This link was cancelled",
        ("The department that made it has ended it.", "Ask them if you still need it."),
    ),
    "link_used_up": Explained(
        "This link has been used up",
        ("It could be opened a limited number of times, and that number is reached.", _LINK_OVER),
    ),
    "link_locked": Explained(
        "This link is locked",
        ("Too many wrong answers were given, so it no longer opens.", _LINK_OVER),
    ),
    "release_withdrawn": Explained(
        "The permission was withdrawn",
        ("The patient has withdrawn the permission, so nothing can be downloaded any more.",),
    ),
    "release_expired": Explained(
        "The permission has ended",
        ("The permission for this ended on its date.", "Ask the department what to do."),
    ),
    "release_not_signed": Explained("Nothing to see yet", ("The permission for this has not been signed.",)),
    "release_locked": Explained(
        "This letter is locked",
        ("Too many wrong answers were given.", "Ask the department for a new letter."),
    ),
    "form_changed": Explained(
        "The form has changed", ("What you were about to sign is not what stands there now. Read it again.",)
    ),
    "packet_retired": Explained(
        "The files are gone",
        ("The department no longer keeps these files here.", "Ask them if you still need them."),
    ),
    "too_many": Explained(
        "Please wait a while",
        ("This was asked for too often. Codes already sent still count, and downloads that run go on.",),
    ),
    "not_authenticated": Explained(
        "You are signed out",
        ("This happens by itself after some time.", "Start again with the code from your letter or link."),
        call=False,
    ),
    "not_allowed": Explained("That is not possible here", ("Start again with your own code.",), call=False),
    "not_found": Explained(
        "There is nothing here", ("The address may be mistyped, or what was here has ended.",), call=False
    ),
    "ticket_over": Explained(
        "This download address has ended",
        (
            "Such an address works for a few minutes, and while its download runs.",
            "Go back to where you got it and ask for a new one.",
        ),
        call=False,
    ),
    "csrf": Explained(
        "Please do that again",
        ("The page was open for too long, or in another window. Nothing was changed.",),
        call=False,
    ),
    "busy": Explained("Too busy just now", ("Many downloads are running. Try again in a minute.",), call=False),
    "unavailable": Explained(
        "Not available just now",
        ("Something behind this page does not answer. Try again in a minute.",),
        call=False,
    ),
    "body_too_large": Explained("That was too much", ("More was sent than this page takes.",), call=False),
    "range_not_satisfiable": Explained("No such part", ("The file has no such part.",), call=False),
}
_REFUSALS = {"answer_wrong": "a wrong code or passcode was given", "challenge_over": "the code had expired"}
INTERNAL = Explained(
    "Something went wrong here",
    ("It was not your fault. Try again later, or call the department.",),
    call=False,
)
REFUSED = Explained("That did not work", ("The page could not understand what was sent.",), call=False)


def explained(status: int, code: str) -> Explained:
    """What to say of an error with that status and code."""
    unforeseen = INTERNAL if status >= 500 else REFUSED  # noqa: PLR2004 - HTTP's own border
    return EXPLAINED.get(code, unforeseen)


def moment(instant: datetime) -> str:
    """``May 12, 2026, 09:30 UTC``."""
    utc = instant.astimezone(UTC)
    return f"{written_day(utc)}, {utc:%H:%M} UTC"


def size(count: int) -> str:
    """``1 byte``, ``412 KB``, ``2.4 GB``: binary multiples under the names that people know."""
    if count < _KIB:
        return f"{count} byte{'' if count == 1 else 's'}"
    power = min((count.bit_length() - 1) // 10, len(_UNITS))
    amount = count / _KIB**power
    return f"{amount:.{int(amount < 10)}f} {_UNITS[power - 1]}"  # noqa: PLR2004 - two digits are enough


def wrong_answer(sentence: str, error: AnswerWrong) -> str:
    """The sentence, and how often one may still try with this code."""
    left = error.facts.get("remaining_tries")
    match left:
        case int() if left > 1:
            return f"{sentence} You can try {left} more times."
        case 1:
            return f"{sentence} You can try one more time."
    return f"{sentence} That was the last try; ask for a new code or call the department."


def copy_of(release: Release) -> str:
    """The form as it was read, with its signature and withdrawal, as text to keep."""
    lines = [release.form.text, "-" * 72]
    if release.signature is not None and release.signed_at is not None:
        signature = release.signature
        lines.append(f"Signed by {signature.name} on {moment(release.signed_at)}")
        lines.append(
            f"Signed for the patient, as: {signature.authority}" if signature.authority else "Signed as the patient"
        )
    else:
        lines.append("Not signed")
    if release.withdrawn_at is not None:
        lines.append(f"Withdrawn on {moment(release.withdrawn_at)}")
    lines.append(f"SHA-256 of the text above the line: {release.form.sha256}")
    return "\n".join(lines) + "\n"


def refusal(code: str) -> str:
    """Why something was refused, in a few words."""
    known = EXPLAINED.get(code)
    return _REFUSALS.get(code) or (known.title.lower() if known else "not possible then")


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
