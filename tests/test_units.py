"""The systemd units in config/: what they start is there, what they set is a setting, and they are closed."""

import re
import shutil
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest
from click import Group

from tests.missing import skip_or_fail
from transfer_service.cli import main
from transfer_service.settings import Settings, load_settings

ROOT = Path(__file__).parents[1]
UNITS = sorted((ROOT / "config" / "systemd").glob("*.service"))
CLOSED = {
    "User=transfer-service", "UMask=0077", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes",
    "NoNewPrivileges=yes", "CapabilityBoundingSet=", "MemoryDenyWriteExecute=yes", "LimitCORE=0",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX", "SystemCallFilter=@system-service", "StateDirectoryMode=0700",
    "KillMode=mixed", "KillSignal=SIGTERM",
}  # fmt: skip


def lines(unit: Path) -> list[str]:
    return [line for line in unit.read_text().splitlines() if line and not line.startswith("#")]


def said(unit: Path, key: str) -> list[str]:
    return [line.partition("=")[2] for line in lines(unit) if line.partition("=")[0] == key]


def test_there_is_one_for_everything_and_one_for_each_process():
    assert {unit.stem.removeprefix("transfer-service") for unit in UNITS} == {"", "-migrate", "-web", "-worker"}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_what_it_starts_is_a_command_with_those_options(unit):
    (line,) = said(unit, "ExecStart")
    program, command, *options = line.split()
    assert program.endswith("/bin/transfer-service")
    assert isinstance(main, Group)
    known = {name for parameter in main.commands[command].params for name in parameter.opts}
    assert {option for option in options if option.startswith("--")} <= known


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_what_it_sets_is_a_setting(unit):
    names = [line.partition("=")[0] for line in said(unit, "Environment")]
    settings = {f"TRANSFER_SERVICE_{field.name.upper()}" for field in fields(Settings)}
    assert {*names} <= settings | {"TRANSFER_SERVICE_CONFIG", "PROMETHEUS_MULTIPROC_DIR"}
    quoted = re.findall(r"TRANSFER_SERVICE_[A-Z0-9_]+(?==)", unit.read_text())
    assert {*quoted} <= settings | {"TRANSFER_SERVICE_CONFIG"}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_it_is_closed(unit):
    oneshot = {"KillMode=mixed", "KillSignal=SIGTERM"} if "-migrate" in unit.stem else set()
    assert CLOSED - oneshot <= {*lines(unit)}


@pytest.mark.parametrize(("name", "own_s"), [("", 30 + 5 + 15 + 20), ("-web", 30 + 5)])
def test_systemd_waits_longer_than_the_service_takes_to_stop(name, own_s):
    assert Settings().stop_within_s == 30
    (unit,) = [unit for unit in UNITS if unit.stem == f"transfer-service{name}"]
    assert int(said(unit, "TimeoutStopSec")[0]) > own_s


def test_systemd_understands_them(tmp_path):
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        skip_or_fail("There is no systemd-analyze: the units were NOT checked by systemd.")
    program = tmp_path / "transfer-service"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for unit in UNITS:
        (tmp_path / unit.name).write_text(
            unit.read_text().replace("/opt/transfer-service/bin/transfer-service", str(program))
        )
    units = sorted(tmp_path.glob("*.service"))
    done = subprocess.run([analyze, "verify", *units], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "transfer-service" in line]) == (0, [])


def test_the_example_of_production_is_accepted():
    file = str(ROOT / "config" / "production.example.toml")
    settings = load_settings({"TRANSFER_SERVICE_CONFIG": file, "TRANSFER_SERVICE_SMTP_PASSWORD": "x"})
    assert settings.trusted_proxies == ("127.0.0.1",)
