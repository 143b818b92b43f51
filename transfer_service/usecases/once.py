"""Once: a form that is sent twice, by a double click or a reload, is done once.

A page puts a fresh word into each form that it shows. The same words sent on the same form name the same thing; other
words on it, as after the back button, name another one. Who does not know the form's own word can't try words out on
it.
"""

from uuid import UUID, uuid4

from transfer_service.domain.people import Actor, StaffActor
from transfer_service.sealing.keys import SecretKey, derive_key
from transfer_service.sealing.tokens import encoded_secret, keyed_digest, token_hash


def id_of(form: str | None, *words: object) -> UUID:
    """The id of what the form makes; a fresh one for what comes from no form."""
    return UUID(bytes=token_hash(repr((form, words)))[:16]) if form else uuid4()


def id_made_by(actor: Actor, form: str | None) -> UUID:
    """The id of what a form makes: the same for the same form in the same session, so that sent twice it is one thing.

    ``form`` is the form's own number, drawn when it was shown; without one it is another thing every time.
    """
    return id_of(form, actor.token_id) if isinstance(actor, StaffActor) else uuid4()


def secret_of(key: SecretKey, form: str, *words: object) -> str:
    """The secret of what the form makes, as ``mint_secret`` writes one: nobody tells it without ``key``."""
    return encoded_secret(keyed_digest(derive_key(key, "secrets-of-forms"), repr((form, words)).encode()))
