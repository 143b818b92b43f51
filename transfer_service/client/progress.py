"""What is told while something runs. Threads call it at once; paths and reasons are shown as they are given."""

from typing import Protocol


class Progress(Protocol):
    """Told of files as they begin, move and end. Sizes are bytes."""

    def begin(self, what: str, files: int, size_bytes: int) -> None:
        """So many files and bytes are to come."""

    def file_began(self, path: str, size_bytes: int) -> None:
        """A file's first byte is next."""

    def moved(self, path: str, size_bytes: int) -> None:
        """So many more bytes of it are there; negative where some are to come again."""

    def file_done(self, path: str) -> None:
        """All of it is there."""

    def file_failed(self, path: str, why: str) -> None:
        """It did not come."""

    def note(self, text: str) -> None:
        """A sentence that the person should read."""

    def waiting(self, why: str, for_s: float) -> None:
        """Trying again, at most so long."""

    def end(self) -> None:
        """Nothing more comes."""


class Silence:
    """Tells nobody."""

    def begin(self, what: str, files: int, size_bytes: int) -> None: ...  # noqa: D102 - Progress says what each is
    def file_began(self, path: str, size_bytes: int) -> None: ...  # noqa: D102 - as above
    def moved(self, path: str, size_bytes: int) -> None: ...  # noqa: D102 - as above
    def file_done(self, path: str) -> None: ...  # noqa: D102 - as above
    def file_failed(self, path: str, why: str) -> None: ...  # noqa: D102 - as above
    def note(self, text: str) -> None: ...  # noqa: D102 - as above
    def waiting(self, why: str, for_s: float) -> None: ...  # noqa: D102 - as above
    def end(self) -> None: ...  # noqa: D102 - as above
