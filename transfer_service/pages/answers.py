"""The answers that views give: a page, the same page again with what was wrong, or the way to another page."""

from flask import Response, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.pages.fields import typed
from transfer_service.pages.language import words


def page(template: str, status: int = 200, *, errors: dict[str, str] | None = None, **shown: object) -> Response:
    """A page. ``errors`` are sentences by field, as ``N_`` marked them; what was typed is there to be shown again."""
    said = {name: words().gettext(sentence) for name, sentence in (errors or {}).items()}
    body = render_template(f"pages/{template}.html", errors=said, typed=typed, **shown)
    return make_response(body, status)


def to(view: str) -> AnyResponse:
    """See Other (RFC 9110 section 15.4.4): the next page is a GET, so that reloading it repeats nothing."""
    return redirect(url_for(f".{view}"), 303)


def text_file(text: str, name: str, content_type: str) -> Response:
    """A text to keep, under a plain ASCII name."""
    response = Response(text, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
