"""The files of an opinion that is being written: a script of the page sends them one by one, as the API takes them.

PUT  /l/opinion/files             the body is the file, X-File-Name its name, X-CSRF-Token the page's token
POST /l/opinion/files/{id}        taken out again

The name stands in a header, for a name may say whose file it is, and addresses are logged.
"""

from collections.abc import Callable
from urllib.parse import unquote
from uuid import UUID

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from transfer_service.domain.opinion import OpinionState
from transfer_service.domain.people import RecipientActor
from transfer_service.edge.bodies import counted_body
from transfer_service.edge.calls import journey, now, service
from transfer_service.errors import FileTooLarge, NotFound, PathInvalid, PathTaken
from transfer_service.pages.answers import to
from transfer_service.pages.language import _
from transfer_service.usecases.deposit import FileDraft
from transfer_service.wording import N_

_REFUSED = {
    PathTaken: N_("Your opinion has a file of that name already. Take that one out first, or rename this one."),
    PathInvalid: N_("A file of that name is not taken. Rename it, with letters, digits and spaces."),
    FileTooLarge: N_("This file is too large."),
}


def let_send_files(blueprint: Blueprint, actor: Callable[[], RecipientActor]) -> None:
    """Give the form of an opinion its files."""

    @blueprint.put("/opinion/files")
    def put_opinion_file() -> Response:
        """One file, sealed on its way to the store; the draft is begun with the first."""
        try:
            _take(actor())
        except tuple(_REFUSED) as refusal:
            return Response(_(_REFUSED[type(refusal)]), 422, content_type="text/plain; charset=utf-8")
        return Response(status=204)

    @blueprint.post("/opinion/files/<uuid:file_id>")
    def drop_opinion_file(file_id: UUID) -> AnyResponse:
        """Take a file out of the draft."""
        recipient = actor()
        journey().answers.deposit.delete_file(recipient, _draft(recipient), file_id, now())
        return to("opinion")


def _take(recipient: RecipientActor) -> None:
    answers = journey().answers
    body = counted_body(request, None, answers.receive.limits.file_bytes)
    draft = FileDraft(unquote(request.headers.get("X-File-Name", "")), request.content_length or 0)
    with service().slots.upload():
        opinion = answers.begin(recipient, now()).opinion
        plan = answers.receive.expect_content(recipient, opinion.id, draft, now())
        answers.receive.take_content(plan, body)


def _draft(recipient: RecipientActor) -> UUID:
    for view in journey().answers.own(recipient, now()):
        if view.opinion.state is OpinionState.DRAFT:
            return view.opinion.id
    raise NotFound
