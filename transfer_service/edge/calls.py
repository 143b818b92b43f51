"""What a view asks of its surroundings: the service it belongs to, who calls, from where, and what time it is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Flask, current_app, request

from transfer_service.audit.entry import actor_words
from transfer_service.domain.people import Actor, Origin, RecipientActor
from transfer_service.domain.ticket import Ticket
from transfer_service.edge.metrics import Exposition
from transfer_service.edge.page_session import token_from_own_page
from transfer_service.edge.peer import client_address
from transfer_service.edge.readiness import Readiness
from transfer_service.edge.request_log import note_actor, request_id
from transfer_service.edge.transfer_slots import TransferSlots
from transfer_service.errors import NotAuthenticated
from transfer_service.identity.account import Accounts
from transfer_service.identity.bearer import Bearers
from transfer_service.identity.sign_in import SignIn
from transfer_service.ports import Database
from transfer_service.sealing.keys import SecretKey
from transfer_service.usecases.journey import Journey

_EXTENSION = "transfer_service"
_SCHEME = "bearer "


@dataclass(frozen=True)
class Service:
    """All that the API and the pages are given. ``ready`` knows which of what it needs is away."""

    journey: Journey
    bearers: Bearers
    sign_in: SignIn
    database: Database
    service_key: SecretKey
    slots: TransferSlots
    clock: Callable[[], datetime]
    ready: Readiness
    exposition: Exposition
    metrics_token_sha256: bytes | None = None


def register_service(app: Flask, service: Service) -> None:
    """Give the app its service."""
    app.extensions[_EXTENSION] = service


def service() -> Service:
    """The service of the app that handles this request."""
    given: Service = current_app.extensions[_EXTENSION]
    return given


def journey() -> Journey:
    """The use cases."""
    return service().journey


def accounts() -> Accounts:
    """What members of staff do with their own account."""
    return Accounts(service().database, service().sign_in)


def now() -> datetime:
    """The time in UTC; ``Unavailable`` where the clock can't be trusted."""
    return service().clock()


def origin() -> Origin:
    """The request's id, and the address that it comes from: no header can say otherwise, but a trusted proxy's."""
    return Origin(request_id(), client_address(request.environ))


def actor_of(token: str) -> Actor:
    """Whose token it is; NotAuthenticated."""
    actor = service().bearers.actor(token, origin(), now())
    note_actor(":".join(actor_words(actor)))
    return actor


def use_ticket(secret: str) -> tuple[Ticket, RecipientActor]:
    """The ticket, and who its holder acts as; TicketOver."""
    ticket, holder = journey().tickets.use(secret, origin(), now())
    note_actor(":".join(actor_words(holder)))
    return ticket, holder


def actor() -> Actor:
    """Who calls: by the bearer token in Authorization (RFC 6750), or as signed in at our pages; NotAuthenticated."""
    header = request.headers.get("Authorization")
    if header is None:
        return actor_of(token_from_own_page())
    if not header.lower().startswith(_SCHEME):
        raise NotAuthenticated
    return actor_of(header[len(_SCHEME) :].strip())
