"""The answer that carries a file of an opinion: the same for the department and the patient, over API and pages."""

from uuid import UUID

from flask import Response

from transfer_service.domain.people import Actor
from transfer_service.edge.calls import now
from transfer_service.edge.file_answer import Blocks, Download, Source, source_answer
from transfer_service.usecases.opinion_files import OpinionFiles


def opinion_file(files: OpinionFiles, actor: Actor, opinion_id: UUID, file_id: UUID) -> Response:
    """Answer GET or HEAD; every refusal of ``OpinionFiles.look`` and ``begin``, and Busy."""
    file = files.look(actor, opinion_id, file_id)

    def begin(start: int, stop: int) -> Blocks:
        return files.stream(files.begin(actor, opinion_id, file_id, start, stop, now()))

    def still_permitted() -> None:
        files.check_goes_on(actor, opinion_id)

    return source_answer(Download(file.path, file.size_bytes, file.sha256), Source(begin, still_permitted))
