"""Every way in which a client's work ends badly: its exit code, and what to do next.

    ClientFailure                1  refused: something must change before it can be done
    ├── Refused                  1  the service said no; ``code`` is its own stable word
    ├── NotSent, NotFetched      6  some files did not make it; the others did
    ├── UsageWrong               2  the command, the case or the configuration
    ├── RunAgain                 3  not finished; running it again goes on where it stopped
    │   ├── Unreachable              the service did not answer for as long as we were to wait
    │   ├── Interrupted              Ctrl-C
    │   ├── InUse                    another client is at work on the same folder
    │   └── DiskFull                 no room for what is to come
    ├── TokenRefused             4  no token, or one that is not valid any more
    ├── IntegrityBroken          5  what is there is not what was signed, or sent
    └── OnlyDigests              7  all digests are right, but nobody vouches for them

Messages and advice are sentences for the person at the keyboard. They may name files of that person's own folder,
and never hold a secret.
"""

from enum import IntEnum
from typing import ClassVar

from transfer_service.errors import TransferError


class ExitCode(IntEnum):
    """What a script learns of how it ended."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    RUN_AGAIN = 3
    TOKEN = 4
    INTEGRITY = 5
    INCOMPLETE = 6
    ONLY_DIGESTS = 7


class ClientFailure(TransferError):
    """A failure with ``advice``: what to do next, as a sentence; empty where the message says it all."""

    code = "refused"
    exit_code: ClassVar[ExitCode] = ExitCode.REFUSED
    usual_advice: ClassVar[str] = ""

    def __init__(self, message: str | None = None, *, advice: str | None = None, **facts: object) -> None:
        super().__init__(message, **facts)
        self.advice = self.usual_advice if advice is None else advice


class Refused(ClientFailure):
    """The service said no. ``word`` is its code (`link_expired`), ``status`` the HTTP status."""

    def __init__(
        self, message: str, *, word: str, status: int, request_id: str | None = None, advice: str | None = None
    ) -> None:
        super().__init__(message, advice=advice)
        self.word, self.status, self.request_id = word, status, request_id


class NotSent(ClientFailure):
    """Some files were not sent; ``facts["files"]`` says which and why."""

    code = "not_sent"
    exit_code = ExitCode.INCOMPLETE
    message = "Some files were not sent, so the packet was not closed."


class NotFetched(ClientFailure):
    """Some files were not fetched; ``facts["files"]`` says which and why."""

    code = "not_fetched"
    exit_code = ExitCode.INCOMPLETE
    message = "Some files were not fetched; the others are complete."


class UsageWrong(ClientFailure):
    """The command, the case description or the configuration is wrong."""

    code = "usage"
    exit_code = ExitCode.USAGE
    message = "That can't be right."


class RunAgain(ClientFailure):
    """Not finished; nothing is lost."""

    code = "run_again"
    exit_code = ExitCode.RUN_AGAIN
    message = "It is not finished."
    usual_advice = "Nothing is lost: run the same command again, and it goes on where it stopped."


class Unreachable(RunAgain):
    """The service did not answer in time."""

    code = "unreachable"
    message = "The service does not answer."


class Interrupted(RunAgain):
    """Somebody pressed Ctrl-C."""

    code = "interrupted"
    message = "Stopped."


class InUse(RunAgain):
    """Another client is at work here."""

    code = "in_use"
    message = "Another packet command is at work on this folder."
    usual_advice = "Let it finish, or stop it; then run this again."


class DiskFull(RunAgain):
    """No room."""

    code = "disk_full"
    message = "The disk is full."
    usual_advice = "Make room, then run the same command again: it goes on where it stopped."


class TokenRefused(ClientFailure):
    """No token, or not a valid one."""

    code = "token_refused"
    exit_code = ExitCode.TOKEN
    message = "The service does not accept the token: it is wrong, or was revoked."
    usual_advice = (
        "Ask the operator for a new token, then: packet login SERVER. Nothing is lost; run this again after it."
    )


class IntegrityBroken(ClientFailure):
    """What is there is not what was signed or sent."""

    code = "integrity"
    exit_code = ExitCode.INTEGRITY
    message = "What is here is not what was sent."


class OnlyDigests(ClientFailure):
    """All digests are right, and nobody vouches for them."""

    code = "only_digests"
    exit_code = ExitCode.ONLY_DIGESTS
    message = "Every file has the digest that its manifest names, but the manifest's signature was not checked."
    usual_advice = (
        "Get the public key from the hospital by a way that is not this delivery (its operator runs "
        "transfer-service manifest-key), and give it with --key FILE."
    )
