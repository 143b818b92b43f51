"""What the session cookie holds for one audience: an open challenge, then a bearer token; or a secret alone.

The cookie is signed, HttpOnly and ends with the browser; the token in it ends on the server, by its own time.
"""

import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

from flask import session

from transfer_service.domain.people import Actor
from transfer_service.edge.calls import actor_of
from transfer_service.edge.page_session import token_in_session
from transfer_service.errors import NotAuthenticated

_CSRF = "csrf_token"


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """A secret that was pasted, and the challenge that was put for it. ``ways``: how else a code can be sent."""

    secret: str
    challenge_id: UUID
    needs: str
    ways: tuple[str, ...] = ()


class Visit:
    """One audience's part of the session of this request."""

    def __init__(self, audience: str) -> None:
        self._audience = audience

    @property
    def asked(self) -> Asked | None:
        """The open challenge, where there is one."""
        kept = self._kept
        if "challenge" not in kept:
            return None
        return Asked(kept["secret"], UUID(kept["challenge"]), kept["needs"], tuple(kept.get("ways", "").split()))

    def ask(self, asked: Asked) -> None:
        """Keep an open challenge; a token that is held already stays."""
        entry = {"secret": asked.secret, "challenge": str(asked.challenge_id), "needs": asked.needs}
        entry["ways"] = " ".join(asked.ways)
        session[self._audience] = self._kept | entry

    @property
    def held(self) -> str | None:
        """The secret that is all this audience needs, where it was pasted."""
        return self._kept.get("held")

    def hold(self, secret: str) -> None:
        """Keep a secret that opens its page by itself, in place of all that was there."""
        session[self._audience] = {"held": secret}

    def enter(self, secret: str, token: str) -> None:
        """Keep the token in place of all that was there, under a fresh CSRF token."""
        session[self._audience] = {"token": token, "opened_with": _digest(secret)}
        session.pop(_CSRF, None)

    def leave(self) -> None:
        """Forget everything of this audience."""
        session.pop(self._audience, None)
        session.pop(_CSRF, None)

    def opened_with(self, secret: str) -> bool:
        """Whether the token that is held was had with that very secret."""
        return hmac.compare_digest(self._kept.get("opened_with", ""), _digest(secret))

    def actor(self) -> Actor:
        """Who the token says is here; NotAuthenticated."""
        token = token_in_session(self._audience)
        if token is None:
            raise NotAuthenticated
        return actor_of(token)

    @property
    def _kept(self) -> dict[str, str]:
        kept: dict[str, str] = session.get(self._audience, {})
        return kept


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
