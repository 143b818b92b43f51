"""Who keeps keys, and who carries mail away."""

from collections.abc import Mapping
from typing import Protocol

from transfer_service.domain.mail import Mail
from transfer_service.sealing.keys import SecretKey


class Keyring(Protocol):
    """Wraps keys. ``context`` is bound to the wrapped key and holds opaque ids only, never PHI.

    Raises ``Unavailable`` where it does not answer, ``SealBroken`` where the key was not wrapped so.
    """

    def generate(self, context: Mapping[str, str]) -> tuple[SecretKey, bytes]:
        """A new random key, and the same wrapped."""
        ...

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> SecretKey:
        """The key again."""
        ...

    def check(self) -> None:
        """Return where the keyring answers; else ``Unavailable``."""
        ...


class Post(Protocol):
    """Whoever carries mail away."""

    def send(self, mail: Mail) -> None:
        """Hand one message over. ``MailRefused`` where others may go, ``Unavailable`` where none would."""
        ...
