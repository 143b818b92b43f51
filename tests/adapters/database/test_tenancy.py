"""No statement without its tenant; and nothing of one organization to be had, or touched, through another."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine, bindparam, delete, exists, func, insert, literal_column, or_, select, text, union, update

from tests import factories as a
from tests.adapters.database.conftest import Tenant
from tests.databases import Kept
from transfer_service.adapters.database import SqlDatabase
from transfer_service.adapters.database.dialects import dialect_of
from transfer_service.adapters.database.tables import METADATA, TENANT_TABLES, organizations, packet_files, packets
from transfer_service.adapters.database.tenancy import OPTION, TenantPredicateMissing, check
from transfer_service.domain.accounting import AccountQuery
from transfer_service.domain.disclosure import Disclosure
from transfer_service.domain.link import Link, Redemption
from transfer_service.domain.packet import Packet, PacketFile
from transfer_service.domain.people import Department, Recipient, Staff
from transfer_service.domain.release import Release
from transfer_service.errors import NotFound

ORG = uuid4()
p, f = packets.c, packet_files.c
other = packets.alias("other")
bare_files = select(f.packet_id)
bound_files = bare_files.where(f.organization_id == ORG)

REFUSED: dict[str, Any] = {
    "everything": select(packets),
    "one column": select(p.id),
    "counted": select(func.count()).select_from(packets),
    "by another column": select(packets).where(p.id == ORG),
    "not equal": select(packets).where(p.organization_id != ORG),
    "null": select(packets).where(p.organization_id.is_(None)),
    "two organizations": select(packets).where(p.organization_id.in_([ORG, uuid4()])),
    "one each": union(select(p.id).where(p.organization_id == ORG), select(f.id).where(f.organization_id == uuid4())),
    "equal to itself": select(packets).where(p.organization_id == p.organization_id),
    "one of two ways": select(packets).where(or_(p.organization_id == ORG, p.id == ORG)),
    "negated": select(packets).where(~(p.organization_id == ORG)),
    "join, one bound": select(packets).join(packet_files, f.packet_id == p.id).where(p.organization_id == ORG),
    "join, tied by column": select(packets)
    .join(packet_files, f.organization_id == p.organization_id)
    .where(p.organization_id == ORG),
    "product, one bound": select(packets, packet_files).where(p.organization_id == ORG),
    "alias": select(other).where(p.organization_id == ORG),
    "self-join": select(packets).join(other, other.c.id == p.id).where(p.organization_id == ORG),
    "subquery": select(packets).where(p.organization_id == ORG, p.id.in_(bare_files)),
    "exists": select(organizations).where(exists(bare_files)),
    "scalar subquery": select(bare_files.limit(1).scalar_subquery()),
    "from a subquery": select(bare_files.subquery().c.packet_id),
    "from a CTE": select(bare_files.cte().c.packet_id),
    "union": union(bound_files, bare_files),
    "update": update(packets).values(state="open"),
    "update by id": update(packets).where(p.id == ORG).values(state="open"),
    "update from another": update(packets).where(p.organization_id == ORG, p.id == f.packet_id).values(state="open"),
    "update with a subquery": update(packets).where(p.organization_id == ORG).values(note=bare_files.scalar_subquery()),
    "delete": delete(packets),
    "delete by id": delete(packets).where(p.id == ORG),
    "insert": insert(packets),
    "insert, values inside": insert(packets).values(organization_id=ORG, id=ORG),
    "insert from": insert(packets).from_select(["id"], select(organizations.c.id)),
    "text": text("SELECT 1"),
    "text inside": select(packets).where(p.organization_id == ORG, text("1 = 1")),
    "literal inside": select(literal_column("(SELECT note FROM packets)")),
}
ALLOWED: dict[str, Any] = {
    "bound": select(packets).where(p.organization_id == ORG),
    "bound, reversed": select(packets).where(bindparam("o", ORG) == p.organization_id),
    "in": select(packets).where(p.organization_id.in_([ORG])),
    "bound and more": select(func.count()).select_from(packets).where(p.id == ORG).where(p.organization_id == ORG),
    "join, both bound": select(packets)
    .join(packet_files, f.packet_id == p.id)
    .where(p.organization_id == ORG, f.organization_id == ORG),
    "alias": select(other).where(other.c.organization_id == ORG),
    "subquery": select(packets).where(p.organization_id == ORG, p.id.in_(bound_files)),
    "CTE": select(bound_files.cte().c.packet_id),
    "union": union(bound_files, bound_files),
    "update": update(packets).where(p.organization_id == ORG).values(state="open"),
    "delete": delete(packets).where(p.organization_id == ORG),
    "nobody's table": select(organizations),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_statement_that_may_reach_every_tenant_raises(name: str) -> None:
    with pytest.raises(TenantPredicateMissing):
        check(REFUSED[name])


@pytest.mark.parametrize("name", ALLOWED)
def test_a_statement_held_to_one_tenant_passes_and_names_it(name: str) -> None:
    assert check(ALLOWED[name]) == (None if name == "nobody's table" else ORG)


def test_the_value_that_comes_beside_a_statement_is_the_one_that_it_names() -> None:
    statement, another = select(packets).where(p.organization_id == bindparam("o", ORG)), uuid4()
    assert check(statement) == ORG
    assert check(statement, [{"o": another}]) == another


def test_every_row_of_an_insert_must_name_its_tenant() -> None:
    assert check(insert(packets), [{"organization_id": ORG}, {"organization_id": ORG}]) == ORG
    with pytest.raises(TenantPredicateMissing):
        check(insert(packets), [{"organization_id": ORG}, {"organization_id": uuid4()}])
    with pytest.raises(TenantPredicateMissing):
        check(insert(packets), [{"organization_id": ORG}, {"organization_id": None}])
    with pytest.raises(TenantPredicateMissing):
        check(insert(packets), [{"organization_id": ORG}, {"id": ORG}])


def test_every_table_with_an_organization_is_guarded() -> None:
    tenant = {table.name for table in METADATA.tables.values() if "organization_id" in table.c}
    assert tenant == TENANT_TABLES
    assert set(METADATA.tables) - tenant == {"organizations", "leftovers", "kept_answers", "service_keys"}
    assert all(METADATA.tables[name].primary_key.columns[0].name == "organization_id" for name in tenant)


@pytest.fixture
def engine(own_database: Kept) -> Iterator[Engine]:
    engine = dialect_of(own_database.url).engine()
    yield engine
    engine.dispose()


@pytest.mark.parametrize("name", REFUSED)
def test_the_engine_itself_refuses_it(engine: Engine, name: str) -> None:
    with engine.connect() as connection, connection.begin(), pytest.raises(TenantPredicateMissing):
        connection.execute(REFUSED[name])


def test_the_engine_refuses_raw_sql(engine: Engine) -> None:
    with engine.connect() as connection, connection.begin():
        with pytest.raises(TenantPredicateMissing):
            connection.exec_driver_sql("SELECT * FROM packets")
        with pytest.raises(TenantPredicateMissing):
            connection.execute(text("SELECT * FROM packets"))


def test_whoever_says_why_may_cross_tenants(engine: Engine) -> None:
    with engine.connect() as connection, connection.begin():
        assert connection.execute(select(packets), execution_options={OPTION: "a test"}).all() == []
        assert connection.execute(text("SELECT 1"), execution_options={OPTION: "a test"}).scalar_one() == 1
        with pytest.raises(TenantPredicateMissing):
            connection.execute(select(packets), execution_options={OPTION: ""})


KINDS: dict[type, Callable[[Tenant], Any]] = {
    Department: lambda tenant: tenant.department,
    Staff: lambda tenant: tenant.staff,
    Recipient: lambda tenant: tenant.recipient,
    Packet: lambda tenant: tenant.packet,
    PacketFile: lambda tenant: tenant.file,
    Release: lambda tenant: tenant.release,
    Link: lambda tenant: tenant.link,
    Redemption: lambda tenant: tenant.redemption,
    Disclosure: lambda tenant: tenant.disclosure,
}


@pytest.mark.parametrize("kind", KINDS)
def test_no_organization_sees_anything_of_its_neighbour(
    database: SqlDatabase, tenant: Tenant, neighbour: Tenant, kind: Any
) -> None:
    theirs = KINDS[kind](neighbour)
    with database.reading() as work:
        with pytest.raises(NotFound):
            work.get(kind, tenant.id, theirs.id)
        assert work.find(kind, tenant.id, id=theirs.id) == []
        assert work.find(kind, tenant.id) == [KINDS[kind](tenant)]
        assert work.page(kind, tenant.id, limit=9, cursor=None).items == [KINDS[kind](tenant)]
        assert work.find(kind, uuid4()) == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in {Recipient, Department}])
def test_a_thing_given_another_organization_takes_nothing_along(
    database: SqlDatabase, tenant: Tenant, neighbour: Tenant, kind: Any
) -> None:
    theirs = KINDS[kind](neighbour)
    stolen = replace(theirs, organization_id=tenant.id)
    with pytest.raises(AssertionError), database.changing() as work:
        work.save(a.an_event(tenant.actor), stolen)
    with database.reading() as work:
        assert work.get(kind, neighbour.id, theirs.id) == theirs


def test_a_recipients_version_and_the_logs_are_their_organizations_alone(
    database: SqlDatabase, tenant: Tenant, neighbour: Tenant
) -> None:
    with database.reading() as work:
        with pytest.raises(NotFound):
            work.recipient_version(tenant.id, neighbour.recipient.id, 1)
        with pytest.raises(NotFound):
            work.audit_head(uuid4())
        with pytest.raises(NotFound):
            work.organization(uuid4())
        assert work.audit_page(tenant.id, limit=9, cursor=None, packet=neighbour.packet.id).items == []
        assert {entry.organization_id for entry in work.audit_entries(tenant.id)} == {tenant.id}
        assert work.disclosures(tenant.id, AccountQuery(), limit=9, cursor=None).items == [tenant.disclosure]
        theirs = AccountQuery(recipient_id=neighbour.recipient.id)
        assert work.disclosures(tenant.id, theirs, limit=9, cursor=None).items == []
        assert work.each(PacketFile, tenant.id, {tenant.file.id, neighbour.file.id}) == {tenant.file.id: tenant.file}
        assert list(work.audit_entries(uuid4())) == []


def test_dropping_under_another_organization_drops_nothing(
    database: SqlDatabase, tenant: Tenant, neighbour: Tenant
) -> None:
    with database.changing() as work:
        work.drop(replace(neighbour.file, organization_id=tenant.id))
    with database.reading() as work:
        assert work.get(PacketFile, neighbour.id, neighbour.file.id) == neighbour.file


def test_a_cursor_of_one_organization_shows_nothing_of_it_to_another(
    database: SqlDatabase, tenant: Tenant, neighbour: Tenant
) -> None:
    for of in (tenant, neighbour):
        with database.changing() as work:
            work.save(a.an_event(of.actor), a.a_packet(organization_id=of.id, department_id=of.department.id))
    with database.reading() as work:
        cursor = work.page(Packet, tenant.id, limit=1, cursor=None).next_cursor
        assert cursor is not None
        seen = work.page(Packet, neighbour.id, limit=9, cursor=cursor).items
        assert all(packet.organization_id == neighbour.id for packet in seen)
        assert tenant.id.bytes not in cursor.encode()
        assert tenant.id.hex not in cursor
