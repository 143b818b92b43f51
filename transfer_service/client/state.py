"""Where the client keeps what it must remember between runs: a folder of the user's own, readable by nobody else."""

import hashlib
import os
from pathlib import Path

from platformdirs import user_state_path

from transfer_service.client.failures import UsageWrong

STATE = "PACKET_STATE_DIR"
_NAME_DIGITS = 32


def state_folder(kind: str) -> Path:
    """The folder for one kind of state, made if need be; PACKET_STATE_DIR in the environment puts it elsewhere."""
    named = os.environ.get(STATE)
    above = Path(named) if named else user_state_path("transfer-service", appauthor=False)
    folder = above / kind
    try:
        above.parent.mkdir(parents=True, exist_ok=True)
        for each in (above, folder):
            each.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise UsageWrong(
            f"{folder} can't be made: {error.strerror}.", advice=f"Name another folder in {STATE}."
        ) from None
    return folder


def state_name(*words: str) -> str:
    """A file's name that tells nothing of what it is about: a folder's name may be a patient's."""
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()[:_NAME_DIGITS]


def make_private(path: Path) -> None:
    """Make the file, empty and readable by its owner alone, unless it is there."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return
