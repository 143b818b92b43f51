"""A refusal in HTTP's own words, for what no use case ever hears of."""

from collections.abc import Mapping

from werkzeug.exceptions import HTTPException


class Refusal(HTTPException):
    """The request is refused with ``status``; ``word`` is the stable code, ``detail`` a sentence for people.

    ``detail`` is shown to whoever asks: it never repeats what was sent.
    """

    def __init__(self, status: int, word: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.code = status
        self.word = word
        self.detail = detail
        self.extra_headers = dict(headers or {})
