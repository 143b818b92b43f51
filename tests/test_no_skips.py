"""The rule that nothing is skipped in continuous integration, tried on a run of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
ONE_OF_EACH = "import pytest\ndef test_passes(): pass\ndef test_is_skipped(): pytest.skip('no reason')\n"


def run(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_one_of_each.py").write_text(ONE_OF_EACH)
    (folder / "pytest.ini").touch()
    kept = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("COV")}
    command = [sys.executable, "-m", "pytest", "-p", "tests.no_skips", "-p", "no:cacheprovider", str(folder)]
    return subprocess.run(command, cwd=CHECKOUT, env=kept | environment, capture_output=True, text=True, check=False)


def test_a_skipped_test_fails_the_run_in_ci(tmp_path):
    done = run(tmp_path, CI="true")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "1 tests were skipped: the run failed" in done.stdout


def test_a_skipped_test_is_only_told_elsewhere(tmp_path):
    done = run(tmp_path)
    assert done.returncode == pytest.ExitCode.OK
    assert "1 passed, 1 skipped" in done.stdout
