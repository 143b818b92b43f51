"""Being let in: the link's secret and a code or passcode become an access token. One redemption is counted, once.

What is about to be said is saved before it is said, with its Idempotency-Key: a run that was killed before it heard the
answer repeats it within ten minutes and is let in again, uncounted. Later the token itself is in the state.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from transfer_service.client.delivery.link_url import LinkUrl
from transfer_service.client.delivery.sealed_state import SealedState
from transfer_service.client.failures import Refused, TokenRefused
from transfer_service.client.service import Service

Answer = Callable[[str, str], str]
"""Asks the person for the ``code`` or ``passcode``; the second argument says what was wrong with the last one."""

_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Admitted:
    """The service as the recipient may use it, and what was released."""

    service: Service = field(repr=False)
    released: Mapping[str, Any] = field(repr=False)


def admitted(service: Service, link: LinkUrl, state: SealedState, answer: Answer) -> Admitted:
    """Let in by what the last run left, or by an answer to a fresh challenge. Refused."""
    saved = state.load()
    former = _by_token(service, saved) or _by_repeating(service, saved, state, link)
    return former or _by_answering(service, link, state, answer)


def _by_token(service: Service, saved: Mapping[str, Any]) -> Admitted | None:
    if "token" not in saved:
        return None
    inside = service.with_token(saved["token"])
    try:
        return Admitted(inside, inside.get("/redeemed"))
    except TokenRefused:
        return None  # its day is over


def _by_repeating(service: Service, saved: Mapping[str, Any], state: SealedState, link: LinkUrl) -> Admitted | None:
    if "said" not in saved:
        return None
    try:
        return _redeemed(service, link, saved["said"], saved["key"], state)
    except Refused:
        return None  # it never came to be, or long ago


def _by_answering(service: Service, link: LinkUrl, state: SealedState, answer: Answer) -> Admitted:
    challenge = service.post("/redeem/challenge", {"secret": link.secret})
    needs, wrong = challenge["needs"], ""
    for tries in range(_TRIES):
        said = {"challenge_id": challenge["challenge_id"], needs: answer(needs, wrong)}
        key = str(uuid4())
        state.save(said=said, key=key)
        try:
            return _redeemed(service, link, said, key, state)
        except Refused as refused:
            if refused.word != "answer_wrong":
                raise
            state.save()  # said again by the next run, it would cost another try
            if tries + 1 == _TRIES:
                raise
            wrong = str(refused)
    raise AssertionError  # the last try returns or raises


def _redeemed(service: Service, link: LinkUrl, said: Mapping[str, str], key: str, state: SealedState) -> Admitted:
    opened = dict(service.post("/redeem", {"secret": link.secret, **said}, key=key))
    token = opened.pop("access_token")
    state.save(token=token)
    return Admitted(service.with_token(token), opened)
