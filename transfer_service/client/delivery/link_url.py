"""A recipient's link: ``https://host/l#SECRET``. The secret never leaves in a URL, and is shown nowhere."""

import base64
import re
from dataclasses import dataclass, field
from typing import Final

from transfer_service.client.failures import UsageWrong
from transfer_service.client.transport import Address, address_of
from transfer_service.sealing.keys import derive_key
from transfer_service.sealing.secret import SecretKey

_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class LinkUrl:
    """Where the service is, and the secret that opens the link."""

    address: Address
    secret: str = field(repr=False)

    def key(self, purpose: str) -> SecretKey:
        """A key that only who has the link can make; the service, which keeps the secret's hash, can't."""
        return derive_key(SecretKey(base64.urlsafe_b64decode(self.secret + "=")), f"packet fetch: {purpose}")


def link_url(text: str, *, insecure_http: bool = False) -> LinkUrl:
    """The link that somebody was given. UsageWrong, which does not repeat it."""
    before, _, secret = text.strip().partition("#")
    if not _SECRET.fullmatch(secret) or not before.endswith("/l"):
        raise UsageWrong(
            "That is not a whole link: it looks like https://transfer.hospital.example/l#… with 43 characters after #.",
            advice="Copy it anew, in quotes; or give - in its place, and paste it when asked.",
        )
    return LinkUrl(address_of(before.removesuffix("/l"), insecure_http=insecure_http), secret)
