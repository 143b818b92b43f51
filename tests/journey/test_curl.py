"""docs/curl.md is true: its commands, as they stand there, play the journey."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "curl.md"

SAY_WHICH = """trap 'echo "failed: $BASH_COMMAND" >&2' ERR"""


def commands():
    return "\n".join(re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL))


@pytest.fixture(scope="module")
def played(standalone, shared_data, tmp_path_factory):
    """The folder in which every command of the page was run, and what they printed."""
    folder = tmp_path_factory.mktemp("curl")
    shutil.copy(shared_data / "svs" / "CMU-1-Small-Region.svs", folder / "slide.svs")
    shutil.copy(next((shared_data / "pdf").glob("*.pdf")), folder / "report.pdf")
    (folder / "large.tiff").write_bytes(os.urandom(2**20) * 37 + b"the last part is shorter")
    done = subprocess.run(
        ["bash", "-Eeuo", "pipefail", "-c", f"{SAY_WHICH}\n{commands()}"],
        cwd=folder,
        env=standalone.environment() | {
            "API": f"{standalone.base_url}/api/v1",
            "TRANSFER_SERVICE_DATA": str(standalone.data_dir),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        },
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return folder


def test_every_command_of_the_page_works(played):
    assert (played / "slide.svs").stat().st_size == 1938955


def test_a_download_keeps_the_name_and_the_bytes(played):
    files = json.loads((played / "redeemed.json").read_text())["files"]
    name = files[0]["path"].rpartition("/")[2]
    original = {"slide.svs": "slide.svs", "large.tiff": "large.tiff"}.get(name, "report.pdf")
    assert (played / name).read_bytes() == (played / original).read_bytes()


def test_the_archive_holds_every_file(played):
    (folder,) = (path for path in played.glob("packet-*") if path.is_dir())
    for name in ("slides/slide.svs", "slides/large.tiff", "reports/report (signed).pdf"):
        original = {"report (signed).pdf": "report.pdf"}.get(name.rpartition("/")[2], name.rpartition("/")[2])
        assert (folder / "data" / name).read_bytes() == (played / original).read_bytes()


def test_a_range_is_that_range(played):
    assert (played / "some.bytes").read_bytes() == (played / "large.tiff").read_bytes()[1_000_000:1_001_000]


def test_the_disclosures_count_what_curl_fetched(played):
    lines = json.loads((played / "disclosures.json").read_text())["items"]
    large = [line for line in lines if line["what"] and line["what"]["path"] == "slides/large.tiff"]
    size = (played / "large.tiff").stat().st_size
    assert sum(line["bytes"] for line in large) == 3 * size + 1000  # alone, in the archive, and by its ticket
    assert any(line["completed"] for line in large)


def test_no_token_stands_on_a_command_line_of_the_page():
    assert '-H "Authorization' not in commands()
