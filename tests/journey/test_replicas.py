"""Two web servers and two workers on one database, one store and one keyring: each may die, and nothing is lost."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import Databases
from tests.fault_proxy import Fault, FaultProxy
from tests.journey.hospital import API, PART, Caller, File, Hospital, sha256, some_bytes
from tests.replicas import Replicas, prepared, running
from tests.standalone_process import eventually
from transfer_service.adapters.seaweedfs import SeaweedFS

SIZE = 300_000


@pytest.fixture(scope="module")
def replicas(
    tmp_path_factory: pytest.TempPathFactory, seaweedfs: SeaweedFS, databases: Databases
) -> Iterator[Replicas]:
    folder = tmp_path_factory.mktemp("replicas")
    kept = databases.empty(folder)
    with prepared(folder, seaweedfs, database_url=kept.url) as replicas:
        yield replicas
    databases.drop(kept)


def at(replicas: Replicas, serve: int, caller: Caller) -> Caller:
    """The same caller at another web server."""
    return Caller(replicas.serves[serve - 1], caller.token)  # type: ignore[arg-type]  # all that it needs of one


def test_an_upload_goes_through_whichever_servers_live_and_ends_whole(replicas: Replicas, seaweedfs: SeaweedFS) -> None:
    with FaultProxy(seaweedfs.s3_port) as line, running(replicas, workers=1):
        replicas.start("worker-2", {"TRANSFER_SERVICE_S3_ENDPOINT_URL": line.endpoint_url})
        hospital = Hospital(replicas.serves[0], "St. Agatha of the replicas")  # type: ignore[arg-type]  # as above
        packet = hospital.packet()
        file = packet.plan(some_bytes(2 * PART + SIZE))
        one, two = (at(replicas, number, hospital.coordinator) for number in (1, 2))

        for number, file.caller in ((1, one), (2, two)):
            assert file.put(number).status == 204
        cut_by_a_kill(replicas, one, f"{API}{file.url}/parts/3", file.part(3))
        file.caller = two
        assert file.arrived() == [1, 2]
        assert file.put(3).status == 204

        line.next(then=Fault(latency_s=60))
        assert eventually(lambda: completed_beside_a_halted(replicas, "worker-1", file), 120)
        assert eventually(lambda: line.connections > 0)  # worker-2 has taken the file, and waits for the store
        replicas.kill("worker-2")
        replicas.signal("worker-1", signal.SIGCONT)
        shown = file.settled()
        assert (shown["state"], shown["sha256"]) == ("verified", sha256(file.data))

        for each in (hospital, hospital.coordinator, hospital.anyone):
            each.installation = two.installation
        recipient = packet.close().released().link().redeem()
        assert sha256(recipient.get(f"/redeemed/files/{file.id}").body) == sha256(file.data)

        replicas.start("serve-1")
        again = at(replicas, 1, recipient)
        assert sha256(again.get(f"/redeemed/files/{file.id}").body) == sha256(file.data)
        assert replicas.cli("audit", "verify")["entries"] > 0


def completed_beside_a_halted(replicas: Replicas, worker: str, file: File) -> bool:
    """Whether the file could be completed; a worker halted in mid-transaction, which holds the database, goes on."""
    replicas.signal(worker, signal.SIGSTOP)
    if file.complete().status == 202:
        return True
    replicas.signal(worker, signal.SIGCONT)
    return False


def cut_by_a_kill(replicas: Replicas, caller: Caller, target: str, part: bytes) -> None:
    """Half a part is on its way to the first web server when that is killed."""
    request = caller.raw("PUT", target, "Content-Type: application/octet-stream", body=part)
    with caller.connected() as connection:
        connection.sendall(request[: -len(part) // 2])
        replicas.kill("serve-1")


# Each process alone


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_process_refuses_with_help_what_it_can_t_run_on(replicas: Replicas, command: str, tmp_path: Path) -> None:
    for environment, help_ in (
        ({"TRANSFER_SERVICE_KEYRING_PATH": str(tmp_path / "none.json")}, "keyring"),
        ({"TRANSFER_SERVICE_DATABASE_URL": f"sqlite:///{tmp_path}/none.sqlite3"}, "can't be opened"),
    ):
        done = replicas.run_cli(command, TRANSFER_SERVICE_BIND=f"127.0.0.1:{replicas.ports[0]}", **environment)
        assert done.returncode != 0
        assert help_ in done.stderr


def test_migrating_again_works_and_needs_a_store_only_for_the_bucket(
    replicas: Replicas,
) -> None:
    nowhere = {"TRANSFER_SERVICE_S3_ENDPOINT_URL": "http://127.0.0.1:9"}
    assert replicas.cli("migrate", "--with-bucket") == {"migrated": True}
    assert replicas.run_cli("migrate", **nowhere).returncode == 0
