"""The database's URL: which there are, what keeps the way to a server secret, and what of it may be shown."""

from dataclasses import dataclass
from pathlib import Path
from typing import final
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from transfer_service.settings.hosts import is_loopback

SQLITE = "sqlite:///"
HELP = "must be sqlite:/// and the path of a file, or postgresql://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…"
VERIFIED = {"sslmode": "verify-full", "sslrootcert": "system"}
ENCRYPTED = frozenset({"require", "verify-ca", "verify-full"})
IN_THE_CLEAR = frozenset({"disable", "allow", "prefer"})
_OPTIONS = frozenset({"sslmode", "sslrootcert"})


@final
@dataclass(frozen=True, slots=True, repr=False)
class DatabaseUrl:
    """A URL that prints without its password. ``reveal`` gives all of it to whoever connects."""

    _url: str

    def reveal(self) -> str:
        """The URL itself."""
        return self._url

    def __repr__(self) -> str:
        scheme, _, rest = self._url.partition("://")
        before, at, after = rest.rpartition("@")
        user, colon, _ = before.partition(":")
        return f"{scheme}://{user}:***@{after}" if at and colon and scheme != "sqlite" else self._url

    @property
    def holds_password(self) -> bool:
        """Whether a password stands in it."""
        return repr(self) != self._url

    def seen_from(self, folder: Path) -> "DatabaseUrl":
        """With an absolute path, or with TLS to a server elsewhere: verified, unless it says how itself."""
        if self._url.startswith(SQLITE):
            return DatabaseUrl(SQLITE + str(folder / self._url.removeprefix(SQLITE)))
        try:
            parts = urlsplit(self._url)
        except ValueError:
            return self  # it has a problem
        default = {"sslmode": "prefer"} if is_loopback(parts.hostname or "") else VERIFIED
        options = dict(parse_qsl(parts.query)) or default
        return DatabaseUrl(urlunsplit(parts._replace(query=urlencode(options, safe="/"))))

    def problem(self) -> str | None:
        """Why no database can be reached by it, with what to do instead; None where one can."""
        if self._url.startswith(SQLITE):
            return None if self._url.removeprefix(SQLITE) and "?" not in self._url else HELP
        try:
            parts = urlsplit(self._url)
            is_whole = parts.port is None or parts.port > 0
        except ValueError:
            return HELP
        named = parts.scheme == "postgresql" and parts.username and parts.hostname and parts.path.strip("/")
        if not named or not is_whole or parts.path.count("/") != 1 or parts.fragment:
            return HELP
        return _problem_with_tls(parts)


def _problem_with_tls(parts: SplitResult) -> str | None:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    mode = options.get("sslmode")
    if not options.keys() <= _OPTIONS or mode not in ENCRYPTED | IN_THE_CLEAR:
        return "takes sslmode and sslrootcert behind the ?, and sslmode at least."
    if mode in IN_THE_CLEAR and not is_loopback(parts.hostname or ""):
        return (
            "must have sslmode=verify-full (or verify-ca, or at the very least require) beyond this machine: passwords "
            "and records would travel in the open. sslrootcert=/path/to/ca.pem names who signed its certificate."
        )
    return None
