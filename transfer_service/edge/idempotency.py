"""Idempotency-Key: the same key and body have the same answer for a day; the same key with another body is refused.

The answer is kept in the transaction that made it, so that there is never a change without its answer, or an
answer to a change that was undone. What is kept is sealed; caller, key and request are kept as keyed digests.
Only answers that did something (2xx) are kept: whoever was refused may try again.
"""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import wraps
from http import HTTPStatus

from flask import Response, request

from transfer_service.audit.entry import actor_words
from transfer_service.domain.link import Link
from transfer_service.domain.mail import KeptAnswer
from transfer_service.domain.people import Actor, RecipientActor
from transfer_service.domain.slide_request import SlideRequest
from transfer_service.edge.bodies import read_small_body
from transfer_service.edge.calls import now, service
from transfer_service.edge.refusal import Refusal
from transfer_service.edge.strict_json import parse_strict_json
from transfer_service.errors import IdempotencyKeyReused, NotFound, TransferError
from transfer_service.ports import Transaction
from transfer_service.sealing.keys import SecretKey, derive_key
from transfer_service.sealing.messages import open_message, seal_message
from transfer_service.sealing.tokens import keyed_digest, matches, token_hash
from transfer_service.usecases.letter_secrets import LetterSecrets

KEPT_FOR = timedelta(hours=24)
BODY_BYTES = 256 * 1024

_KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")
View = Callable[..., Response]
Caller = Callable[[], bytes | None]


def idempotency_key() -> str | None:
    """The request's Idempotency-Key, where it has one. Refusal 400 unless it is 1 to 255 printable ASCII characters."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        raise Refusal(400, "idempotency_key_malformed", "An Idempotency-Key is 1 to 255 printable ASCII characters.")
    return key


def caller_of(actor: Actor) -> bytes:
    """Whose keys an actor's are: nobody else's, in no other role.

    A recipient's are one session's: with the same address, another session means another patient's files.
    """
    session = actor.session_id.bytes if isinstance(actor, RecipientActor) else b""
    return _joined(actor.organization_id.bytes, *(word.encode() for word in actor_words(actor)), session)


def caller_by_secret() -> bytes | None:
    """For calls without a token: the hash of the secret in the body.

    None where there is no secret to read, or it opens nothing (any more): what was answered to it is not told again.
    """
    body = read_small_body(request, BODY_BYTES)
    value = parse_strict_json(body) if body else None
    secret = value.get("secret") if isinstance(value, dict) else None
    return token_hash(secret) if isinstance(secret, str) and _is_known(secret) else None


def _is_known(secret: str) -> bool:
    hashed = token_hash(secret)
    with service().database.reading() as tx:
        for look in (
            lambda: tx.by_secret(Link, hashed),
            lambda: LetterSecrets(service().service_key).release(tx, secret),
            lambda: tx.by_secret(SlideRequest, hashed),
        ):
            with suppress(NotFound):
                return bool(look())
    return False


def anyone() -> bytes:
    """For calls that anybody may make, whose answer tells nothing: a key is nobody's, so that it has to be random."""
    return b"anyone"


def answered_once(view: View, caller: Caller) -> View:
    """The view, answering a repeated Idempotency-Key of the same caller with what it answered before.

    Raises IdempotencyKeyReused for another request under the key.
    """

    @wraps(view)
    def answer(*args: object, **kwargs: object) -> Response:
        key = idempotency_key()
        who = caller() if key is not None else None
        if key is None or who is None:
            return view(*args, **kwargs)
        return _answered(_Question(who, key), lambda: view(*args, **kwargs))

    return answer


class _Question:
    """One request under a key, as it is kept."""

    def __init__(self, who: bytes, key: str) -> None:
        template = request.url_rule.rule if request.url_rule else ""
        address = [each.encode() for each in (request.method, template, request.path)]
        body = read_small_body(request, BODY_BYTES)
        secret = _key_for("questions")
        self.key = keyed_digest(secret, _joined(b"key", who, *address, key.encode()))
        self.request = keyed_digest(secret, _joined(b"request", request.query_string, body))

    def kept(self, response: Response) -> KeptAnswer:
        """The answer, sealed for this question alone."""
        plain = json.dumps([response.status_code, response.get_data(as_text=True)]).encode()
        return KeptAnswer(self.key, self.request, seal_message(_key_for("answers"), self.key, plain), now() + KEPT_FOR)

    def again(self, kept: KeptAnswer) -> Response:
        """The answer that was given; IdempotencyKeyReused."""
        if not matches(kept.request, self.request):
            raise IdempotencyKeyReused
        status, body = json.loads(open_message(_key_for("answers"), self.key, kept.answer))
        response = Response(body, status, content_type="application/json")
        response.headers["Idempotency-Replayed"] = "true"
        return response


def _answered(question: _Question, view: Callable[[], Response]) -> Response:
    with service().database.changing() as tx:
        kept = tx.kept_answer(question.key)
        if kept is not None and now() < kept.expires_at:
            return question.again(kept)
        outcome = _outcome(tx, question, view)
    if isinstance(outcome, TransferError):
        raise outcome
    return outcome


def _outcome(tx: Transaction, question: _Question, view: Callable[[], Response]) -> Response | TransferError:
    """A refusal is returned, not raised: what it recorded (wrong answers, refusals) is committed with it."""
    try:
        response = view()
    except TransferError as refusal:
        return refusal
    if HTTPStatus.OK <= response.status_code < HTTPStatus.MULTIPLE_CHOICES:
        tx.keep(question.kept(response))
    return response


def _key_for(purpose: str) -> SecretKey:
    return derive_key(service().service_key, f"idempotency-{purpose}")


def _joined(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(8) + part for part in parts)
