"""Who makes a document of paper size of what is to be said in it."""

from typing import Protocol

from transfer_service.domain.document import Document


class Typesetter(Protocol):
    """Makes PDFs that a screen reader can read (PDF/UA-1, ISO 14289-1)."""

    def typeset(self, document: Document) -> bytes:
        """The same document, the same bytes. ``DocumentTooLong``; ``Unavailable`` where it could not be made."""
        ...
