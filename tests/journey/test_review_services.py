"""docs/review-services.md is true: its commands and its receiver, as they stand there, are told, and fetch."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.journey.hospital import Hospital, Release, some_bytes
from tests.standalone_process import Standalone, eventually, listens
from transfer_service.adapters.seaweedfs import free_ports

PAGE = (Path(__file__).parents[2] / "docs" / "review-services.md").read_text()
FILES = {"slides/A1.svs": some_bytes(70_001), "reports/S-1.pdf": some_bytes(999)}


def blocks(language: str, heading: str = "") -> str:
    """The page's blocks of that language; of one section alone, where its heading is named."""
    (text,) = [each for each in re.split(r"^(?=## )", PAGE, flags=re.MULTILINE) if each.startswith(heading or "# ")]
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


@dataclass
class Service:
    """The service's own machine: a folder, and what runs in it."""

    folder: Path
    environment: dict[str, str]
    recipient: dict[str, Any]

    def run(self, heading: str) -> None:
        done = subprocess.run(
            ["bash", "-Eeuo", "pipefail", "-c", f"{blocks('sh')}\n{blocks('sh', heading)}"],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"

    def shown(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text())

    def heard(self) -> list[str]:
        return (self.folder / "receiver.out").read_text().splitlines()


@contextmanager
def receiver(service: Service, port: int) -> Iterator[None]:
    """The page's program, running as the page says."""
    (service.folder / "receiver.py").write_text(blocks("python", "## At the service: hear"))
    with (service.folder / "receiver.out").open("w") as out, (service.folder / "receiver.err").open("w") as err:
        command = [sys.executable, "receiver.py", service.environment["API"], str(port)]
        running = subprocess.Popen(command, cwd=service.folder, stdout=out, stderr=err, stdin=subprocess.DEVNULL)
    try:
        assert eventually(lambda: listens(port)), (service.folder / "receiver.err").read_text()
        yield
    finally:
        running.terminate()
        running.wait(30)


@pytest.fixture(scope="module")
def hospital(standalone: Standalone) -> Hospital:
    return Hospital(standalone, "St. Agatha of the review services")


@pytest.fixture(scope="module")
def service(standalone: Standalone, hospital: Hospital, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Enrolled, its webhook set, its receiver running, as the page has it."""
    folder, (port,) = tmp_path_factory.mktemp("service"), free_ports(1)
    environment = standalone.environment() | {
        "API": f"{standalone.base_url}/api/v1",
        "RECEIVER": f"http://127.0.0.1:{port}/transfer",
        "TRANSFER_SERVICE_DATA": str(standalone.data_dir),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    token = f'header = "Authorization: Bearer {hospital.coordinator.token}"\nsilent\nshow-error\nfail-with-body\n'
    (folder / "coordinator.curl").write_text(token)
    made = Service(folder, environment, {})
    made.run("## At the hospital")
    made.recipient = {"id": (folder / "recipient.id").read_text().strip()}
    made.run("## At the service: hear")
    with receiver(made, port):
        yield made


@pytest.fixture(scope="module")
def release(hospital: Hospital, service: Service) -> Release:
    """The patient has signed, and the receiver has fetched what was released."""
    packet = hospital.packet()
    for path, data in FILES.items():
        packet.deposit(data, path).settled()
    signed = packet.close().ask_release(service.recipient).sign()
    assert eventually(lambda: f"fetched {signed.id}" in service.heard()), (service.folder / "receiver.err").read_text()
    return signed


def test_the_receiver_was_told_by_a_signed_webhook_and_fetched_every_byte(service: Service, release: Release) -> None:
    assert service.heard()[0] == f"release.released {release.id}"
    folder = service.folder / "released" / release.id
    assert {path: (folder / path).read_bytes() for path in FILES} == FILES


def test_department_sees_who_has_what_and_since_when(release: Release) -> None:
    def known() -> list[tuple[bool, bool]]:
        lines = release.packet.coordinator.items(f"{release.packet.url}/disclosures")
        return [(line["completed"], line["confirmed_receipt_at"] is not None) for line in lines]

    assert eventually(lambda: known() == [(True, True)] * 2)


def test_by_hand_the_same_is_listed_redeemed_fetched_and_confirmed(service: Service, release: Release) -> None:
    service.run("## At the service: the same by hand")
    (item,) = service.shown("released.json")["items"]
    assert (item["id"], item["files"]) == (release.id, 2)
    first = service.shown("redeemed.json")["files"][0]
    assert (service.folder / "first.file").read_bytes() == FILES[first["path"]]
    fares = service.shown("fares.json")
    assert (fares["state"], fares["last_failure"]) == ("enabled", None)
    assert fares["last_delivered_at"]
    assert "secret" not in fares


def test_an_opinion_comes_back_to_the_department_and_the_patient(service: Service, release: Release) -> None:
    opinion = some_bytes(70_002)
    (service.folder / "opinion.pdf").write_bytes(opinion)
    service.run("## At the service: the same by hand")
    service.run("## At the service: send the opinion back")
    sent, staff, patient = service.shown("sent.json"), release.packet.coordinator, release.patient
    assert staff.items(f"{release.packet.url}/opinions") == [sent]
    file = f"/opinions/{sent['id']}/files/{sent['files'][0]['id']}"
    assert staff.get(file).body == opinion
    assert patient is not None
    assert patient.get(f"/patient{file}").status == 404
    staff.did(f"/opinions/{sent['id']}/share", {})
    assert [shared["conclusion"] for shared in patient.items("/patient/opinions")] == ["concordant"]
    assert patient.get(f"/patient{file}").body == opinion


def test_a_withdrawal_is_told_and_what_anybody_else_says_is_not_believed(service: Service, release: Release) -> None:
    address = service.environment["RECEIVER"]
    forged = ["curl", "-s", "-o", os.devnull, "-w", "%{http_code}", address, "--json", '{"type": "release.released"}']
    assert subprocess.run(forged, capture_output=True, text=True, check=True, timeout=30).stdout == "401"
    assert release.patient is not None
    release.patient.did(f"/releases/{release.id}/withdraw", {})
    assert eventually(lambda: f"release.withdrawn {release.id}" in service.heard())
    assert len(service.heard()) == 3


def test_neither_the_log_nor_any_audit_entry_names_the_receiver(
    standalone: Standalone, hospital: Hospital, service: Service
) -> None:
    logs = "".join(standalone.log(name) for name in ("serve", "worker"))
    assert "A notice was taken." in logs
    audit = json.dumps(hospital.privacy_officer.items("/audit"))
    assert "webhook.set" in audit
    for word in (service.environment["RECEIVER"], service.shown("webhook.json")["secret"]):
        assert word not in logs
        assert word not in audit
