"""What keeps a process's memory to itself, seen from within: from outside root sees everything (prctl(2), proc(5))."""

import os
import subprocess
import sys

import pytest

LOOK = "ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)"  # PR_GET_DUMPABLE
KEPT_PRIVATE = f"""
import ctypes, os, resource
from transfer_service.standalone.tether import keep_private
keep_private()
print({LOOK}, resource.getrlimit(resource.RLIMIT_CORE), os.umask(0))
"""
AT_WORK = f"""
import ctypes, sys
from transfer_service.cli import main, running
def look(*_, **__):
    print({LOOK})
    sys.exit(0)
running.serve_web = running.create_worker = look
main()
"""


def printed(code: str, *words: str, **environment: str) -> str:
    command = [sys.executable, "-c", code, *words]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


def test_what_is_kept_private_is_not_dumpable_and_makes_nothing_for_others():
    assert printed(f"import ctypes; print({LOOK})") == "1"
    assert printed(KEPT_PRIVATE) == f"0 (0, 0) {0o077}"


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_whoever_holds_keys_is_not_dumpable_once_it_works(tmp_path, command):
    """Becoming another program makes a process dumpable again: it must be said after that."""
    (tmp_path / "settings.toml").write_text('s3_endpoint_url = "http://127.0.0.1:9"\n')
    (tmp_path / "settings.toml").chmod(0o600)
    assert printed(AT_WORK, command, TRANSFER_SERVICE_DATA=str(tmp_path)) == "0"
