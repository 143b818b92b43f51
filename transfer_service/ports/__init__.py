"""The narrow interfaces that the use cases need of the world outside, in the domain's words.

store       an object store
database    transactions, and what the worker asks of all organizations at once
overview    what staff ask of many packets at once
custody     the keyring, the post, and the courier of webhooks
typesetting who makes PDFs

Adapters implement them; tests have fakes of them. Nothing here knows of AWS, SQL or HTTP.
"""

from transfer_service.ports.chores import Backlog, Chores
from transfer_service.ports.custody import Courier, Keyring, Post
from transfer_service.ports.database import (
    Bookkeeping,
    Database,
    S,
    T,
    Tenanted,
    Transaction,
    Work,
)
from transfer_service.ports.overview import Overviews, PacketLine, PacketsAsked, Waiting
from transfer_service.ports.slices import R, Slice
from transfer_service.ports.store import ObjectBody, ObjectStore, RunningUpload, StoredObject, StoredPart
from transfer_service.ports.typesetting import Typesetter

__all__ = [
    "Backlog",
    "Bookkeeping",
    "Chores",
    "Courier",
    "Database",
    "Keyring",
    "ObjectBody",
    "ObjectStore",
    "Overviews",
    "PacketLine",
    "PacketsAsked",
    "Post",
    "R",
    "RunningUpload",
    "S",
    "Slice",
    "StoredObject",
    "StoredPart",
    "T",
    "Tenanted",
    "Transaction",
    "Typesetter",
    "Waiting",
    "Work",
]
