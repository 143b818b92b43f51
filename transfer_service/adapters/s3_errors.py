"""What a refusal or a silence of S3 means in the port's words."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from transfer_service.errors import ObjectMissing, PartsRefused, SealBroken, TransferError, Unavailable, UploadGone

_MEANINGS: dict[str, type[TransferError]] = {
    "NoSuchKey": ObjectMissing,
    "NoSuchUpload": UploadGone,
    "InvalidPart": PartsRefused,
    "InvalidPartOrder": PartsRefused,
    "EntityTooSmall": PartsRefused,
    "PreconditionFailed": SealBroken,  # we send If-Match with reads alone
    "InvalidRange": SealBroken,  # the version that we pinned reached this far
}

_log = logging.getLogger(__name__)


@contextmanager
def translated(step: str) -> Iterator[None]:
    """What fails within, as the port says it; ``step`` names it in the log."""
    try:
        yield
    except ClientError as error:
        raise meaning_of(step, error) from None
    except (BotoCoreError, ResponseParserError) as error:
        raise silence_of(step, error) from None


def meaning_of(step: str, error: ClientError) -> TransferError:
    """The port's error for an answer; what the caller can't mend is logged, by its code alone."""
    meaning = _MEANINGS.get(code_of(error))
    if meaning:
        return meaning()
    _log.warning("The object store answered %s to %s.", code_of(error), step)
    return Unavailable()


def silence_of(step: str, error: Exception) -> Unavailable:
    """The port's error where no answer came, or none that can be read."""
    _log.warning("The object store did not answer %s: %s.", step, type(error).__name__)
    return Unavailable()


def other_range(content_range: str, end: int) -> TransferError:
    """The port's error for another range than was asked for, up to ``end``."""
    total = content_range.rpartition("/")[2]
    return SealBroken() if total.isdecimal() and int(total) < end else Unavailable()


def code_of(error: ClientError) -> str:
    """S3's own word."""
    return error.response.get("Error", {}).get("Code", "")


def status_of(error: ClientError) -> int:
    """The status code."""
    return error.response["ResponseMetadata"]["HTTPStatusCode"]


def was_retried(error: ClientError) -> bool:
    """Whether the answer is to a second attempt, of which the first may have been done."""
    return error.response["ResponseMetadata"].get("RetryAttempts", 0) > 0
