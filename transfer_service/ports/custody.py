"""Who keeps keys, and who carries mail and notices away."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from transfer_service.domain.mail import Mail
from transfer_service.domain.webhook import Notice, Webhook
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
    """Whoever carries mail away, or text messages: each carries what goes its ``way``."""

    def send(self, mail: Mail) -> None:
        """Hand one message over. ``MailRefused`` where others may go, ``Unavailable`` where none would."""
        ...


class Courier(Protocol):
    """Whoever brings notices to the receivers of webhooks."""

    def check(self, url: str) -> None:
        """``WebhookRefused`` says why that address is never called; ``Unavailable`` where that can't be found out."""
        ...

    def bring(self, notice: Notice, webhook: Webhook, now: datetime) -> None:
        """One attempt, within seconds. Return where it was taken, else ``NoticeNotTaken``."""
        ...
