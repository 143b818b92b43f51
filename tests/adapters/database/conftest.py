"""A migrated database in a directory of its own, and one organization in it with something of everything."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from tests import factories as a
from tests.databases import FILE, Kept
from transfer_service.adapters.database import SqlDatabase, migrate
from transfer_service.adapters.database.seals import records_context
from transfer_service.adapters.keyring import LocalKeyring
from transfer_service.domain.disclosure import Disclosure
from transfer_service.domain.link import Link, Redemption
from transfer_service.domain.opinion import Opinion, Reply
from transfer_service.domain.packet import Packet, PacketFile
from transfer_service.domain.people import Department, Organization, Recipient, Staff, SystemActor
from transfer_service.domain.release import Release


@pytest.fixture
def keyring(tmp_path: Path) -> LocalKeyring:
    return LocalKeyring.create(tmp_path / "keyring.json")


@pytest.fixture
def database_path(tmp_path: Path) -> Path:
    """Where ``own_database`` is, where it is a file."""
    return tmp_path / FILE


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "transfer.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def database(own_database: Kept, keyring: LocalKeyring) -> Iterator[SqlDatabase]:
    database = SqlDatabase(own_database.url, keyring)
    yield database
    database.dispose()


@dataclass(frozen=True)
class Tenant:
    """One organization, and a chain of things in it that refer to each other."""

    organization: Organization
    department: Department
    staff: Staff
    recipient: Recipient
    packet: Packet
    file: PacketFile
    release: Release
    link: Link
    redemption: Redemption
    disclosure: Disclosure

    @property
    def id(self) -> UUID:
        return self.organization.id

    @property
    def actor(self) -> SystemActor:
        return a.a_system_actor(organization_id=self.id)


def new_tenant(database: SqlDatabase, keyring: LocalKeyring) -> Tenant:
    org = uuid4()
    _, wrapped = keyring.generate(records_context(org))
    department = a.a_department(organization_id=org)
    recipient = a.a_recipient(organization_id=org)
    packet = a.a_packet(organization_id=org, department_id=department.id)
    of_packet = {"organization_id": org, "packet_id": packet.id}
    release = a.a_signed_release(**of_packet)
    link = a.a_link(**of_packet, release_id=release.id, recipient_id=recipient.id)
    redemption = a.a_redemption(organization_id=org, link_id=link.id)
    file = a.a_file(**of_packet)
    disclosure = a.a_disclosure(
        **of_packet,
        release_id=release.id,
        link_id=link.id,
        recipient_id=recipient.id,
        redemption_id=redemption.id,
        file_id=file.id,
    )
    tenant = Tenant(
        a.an_organization(id=org, wrapped_records_key=wrapped),
        department,
        a.a_staff(organization_id=org, department_id=department.id),
        recipient,
        packet,
        file,
        release,
        link,
        redemption,
        disclosure,
    )
    with database.changing() as work:
        work.save(a.an_event(tenant.actor, "organization.enrolled"), tenant.organization)
        work.save(
            a.an_event(tenant.actor, subject={"packet": packet.id}),
            *(department, tenant.staff, recipient, packet, file, release, link, redemption, disclosure),
        )
    return tenant


@pytest.fixture
def tenant(database: SqlDatabase, keyring: LocalKeyring) -> Tenant:
    return new_tenant(database, keyring)


@pytest.fixture
def neighbour(database: SqlDatabase, keyring: LocalKeyring) -> Tenant:
    return new_tenant(database, keyring)


def an_opinion_of(tenant: Tenant, reply: Reply) -> Opinion:
    """A sent one, on the tenant's packet; its id is a packet's, whichever."""
    return a.a_sent_opinion(
        organization_id=tenant.id,
        id=tenant.packet.id,
        packet_id=tenant.packet.id,
        release_id=tenant.release.id,
        recipient_id=tenant.recipient.id,
        reply=reply,
    )
