"""Which language a page speaks: the one chosen on it, else the first that the browser asks for and we speak.

The choice is a cookie of its own, apart from the session: a page that somebody comes to from their webmail does not see
the session's cookie, and must not replace it.
"""

from flask import Blueprint, Flask, Response, g, request

from transfer_service.domain.language import Language, nearest
from transfer_service.wording import Words, words_in

_COOKIE = "__Host-language"
_ARGUMENT = "lang"
_YEAR_S = 365 * 24 * 3600
#: Each language under its own name: who looks for it can read nothing else.
NAMES = {Language.ENGLISH: "English", Language.SPANISH: "Español"}


def register_language(app: Flask) -> None:
    """Let ``app``'s templates speak: ``_``, ``ngettext``, ``{% trans %}``, and the filters of dates and sizes."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # the extension adds it
        lambda message: words().gettext(message),
        lambda one, many, count: words().ngettext(one, many, count),
        newstyle=True,
    )
    app.jinja_env.filters.update(
        day=lambda day: words().day(day),
        moment=lambda instant: words().moment(instant),
        number=lambda number: words().number(number),
        size=lambda count: words().size(count),
    )


def speak(blueprint: Blueprint) -> None:
    """Let the pages of ``blueprint`` say in which language they are, offer the others, and keep a choice."""
    blueprint.context_processor(lambda: {"language": words().language, "other_languages": _others()})
    blueprint.after_request(_keep_choice)


def words() -> Words:
    """The words of this request."""
    if "words" not in g:
        g.words = words_in(_chosen() or _kept() or _asked_for())
    found: Words = g.words
    return found


def _(message: str, **values: object) -> str:
    """The message in this request's language."""
    return words().text(message, **values)


def _chosen() -> Language | None:
    return _known(request.args.get(_ARGUMENT))


def _kept() -> Language | None:
    return _known(request.cookies.get(_COOKIE))


def _asked_for() -> Language:
    return nearest(request.accept_languages.best_match([*Language], default=Language.ENGLISH))


def _known(tag: str | None) -> Language | None:
    return Language(tag) if tag and tag in {*Language} else None


def _others() -> list[tuple[Language, str, str]]:
    """Each other language, its name, and this page in it; none where the page answers what was sent by a form.

    A query alone: the address itself may be a ticket's, which no page repeats.
    """
    if request.method != "GET":
        return []
    return [(tag, name, f"?{_ARGUMENT}={tag}") for tag, name in NAMES.items() if tag != words().language]


def _keep_choice(response: Response) -> Response:
    if response.mimetype != "text/html":
        return response
    response.headers["Content-Language"] = words().language.value
    chosen = _chosen()
    if chosen is not None:
        response.set_cookie(_COOKIE, chosen, max_age=_YEAR_S, path="/", secure=True, httponly=True, samesite="Lax")
    return response
