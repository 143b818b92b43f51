"""Plays the whole journey over HTTP, the way departments, a patient and a reviewer would, and says what happens.

    operator        department         patient            department     reviewer            privacy officer
    enrols    ───▶  deposits, closes ─▶ reads, signs ───▶ makes a link ─▶ redeems, downloads ─▶ accounts, verifies

Started by ./scripts/quickstart. Everyone in it is made up.
"""

import argparse
import os
import re
import shlex
import signal
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scripts.demo_files import BIRTH_DATE, PATIENT_NAME, RECORD_NUMBER, make_demo_files
from scripts.http_client import (
    MIB,
    LocalFile,
    Refused,
    close_packet,
    deposit_file,
    digest_of,
    download_digests,
    read_slice,
)
from scripts.standalone import COMMAND, NotStarted, Standalone, free_port, log_of, started

KINDS = {
    "slide": {".svs", ".ndpi", ".tif", ".tiff", ".mrxs", ".scn", ".bif", ".vms", ".svslide", ".isyntax"},
    "radiology": {".dcm", ".dicom"},
    "report": {".pdf"},
}
UNDECODED = re.compile("[\udc80-\udcff]")
"""What Python reads for bytes of a file's name that are not UTF-8 (PEP 383)."""
NOT_ACCEPTED = {"path_invalid", "path_taken"}
DATA = Path(__file__).parents[1] / "data" / "quickstart"
MOST_PORT = 65535
PURPOSE = "Second opinion on breast pathology (demonstration)"


class JourneyFailed(Exception):
    """A step did not do what it should."""


class Journey:
    """One packet from deposit to accounting. Each step's docstring is what is told of it."""

    def __init__(
        self, standalone: Standalone, folder: Path, name: str = PATIENT_NAME, record_number: str = RECORD_NUMBER
    ) -> None:
        self.standalone, self.service, self.folder = standalone, standalone.service, folder
        self.patient_name, self.record_number = name, record_number
        self.run = f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
        self.patient_email = f"demo.patient.{self.run}@example.org"
        self.reviewer_email = f"demo.reviewer.{self.run}@example.org"

    def play(self) -> None:
        """Every step in its order; JourneyFailed says which one did not work."""
        steps = [
            self.enrol,
            self.open_packet,
            self.deposit,
            self.close,
            self.ask_the_patient,
            self.sign,
            self.issue,
            self.redeem,
            self.download,
            self.account,
            self.verify,
        ]
        for number, step in enumerate(steps, 1):
            print(f"{number:2}. {step.__doc__}", flush=True)
            try:
                step()
            except Exception as error:
                raise JourneyFailed(f"Step {number} failed ({step.__name__}): {error}") from error

    def enrol(self) -> None:
        """The operator enrols a hospital, its pathology department and three members of staff."""
        hospital = self.standalone.operator("organization", "create", f"Demo Hospital {self.run}")
        contact = ("--contact", "+1 555 0100")
        department = self.standalone.operator(
            "department", "create", "--organization", hospital["id"], "Demo Pathology", *contact
        )
        self.depositor = self.token(department["id"], "depositor")
        self.coordinator = self.token(department["id"], "coordinator")
        self.privacy_officer = self.token(department["id"], "privacy_officer")

    def token(self, department_id: str, role: str) -> str:
        """A token for one member of staff, shown once."""
        words = ("token", "create", "--department", department_id, "--role", role, "--staff", f"Demo {role}")
        return str(self.standalone.operator(*words)["token"])

    def open_packet(self) -> None:
        """The department opens a packet for one case."""
        patient = {
            "name": self.patient_name,
            "birth_date": f"{BIRTH_DATE}",
            "record_number": self.record_number,
            "email": self.patient_email,
        }
        case = {
            "accession_number": f"DEMO-{self.run}",
            "patient": patient,
            "question": "Demonstration: is the diagnosis confirmed?",
            "laterality": "left",
            "specimens": [{"label": "A", "procedure": "core needle biopsy"}],
        }
        self.packet = self.service.post("/packets", self.depositor, case=case)

    def deposit(self) -> None:
        """It deposits every file of the folder: sealed part by part, two parts at a time, before they reach S3."""
        files = list(local_files(self.folder))
        self.originals: dict[str, LocalFile] = {}
        began = time.monotonic()
        for file in files:
            try:
                file_id = deposit_file(self.service, self.depositor, self.packet["id"], file, kind_of(file.path))
            except Refused as refused:
                if refused.code not in NOT_ACCEPTED:
                    raise
                say(f"NOT SENT, the service does not accept this name: {file.path!r} ({refused.code})")
            else:
                self.originals[file_id] = file
                say(f"{file.path} · {file.size:,} bytes")
        if not self.originals:
            raise JourneyFailed(f"There is nothing in {self.folder} that can be sent.")
        say_speed("sent", list(self.originals.values()), began)

    def close(self) -> None:
        """It closes the packet once every file was read back from S3, opened, and its SHA-256 found equal."""
        close_packet(self.service, self.depositor, self.packet["id"])
        self.packet = self.service.get(f"/packets/{self.packet['id']}", self.depositor)

    def ask_the_patient(self) -> None:
        """It names a reviewer and asks the patient for a release; the letter goes to the patient alone."""
        self.recipient = self.service.post(
            "/recipients",
            self.coordinator,
            name="Demo Reviewer",
            email=self.reviewer_email,
            organization="Demo Review Service",
            specialty="breast pathology",
            kind="person",
        )
        self.release = self.requested_release()
        self.patient_url = self.letter()

    def requested_release(self) -> dict[str, Any]:
        """A release that waits for the patient's signature."""
        requested: dict[str, Any] = self.service.post(
            f"/packets/{self.packet['id']}/releases",
            self.coordinator,
            grants=[{"recipient_id": self.recipient["id"]}],
            purpose=PURPOSE,
            expires_at=in_days(30),
            basis="authorization",
        )
        return requested

    def letter(self) -> str:
        """The address in the patient's newest letter."""
        return self.standalone.await_mail(self.patient_email, r"(http\S+/r#\S+)")

    def another_letter(self) -> str:
        """The address in the letter of one more release, which nobody has signed."""
        self.requested_release()
        return self.letter()

    def sign(self) -> None:
        """The patient opens it, proves who they are with a mailed code, reads the form and signs."""
        secret = secret_of(self.patient_url)
        challenge = self.service.post("/patient/challenge", secret=secret)
        session = self.service.post(
            "/patient/session",
            secret=secret,
            challenge_id=challenge["challenge_id"],
            birth_date=f"{BIRTH_DATE}",
            code=self.standalone.await_mail(self.patient_email, r"Your code is (\S+)"),
        )
        signed = self.service.post(
            f"/releases/{self.release['id']}/sign",
            session["access_token"],
            form_sha256=session["release"]["form_sha256"],
            signature_name=self.patient_name,
            acknowledged=True,
            signer="patient",
        )
        say(f"the release is {signed['state']}")

    def issue(self) -> None:
        """The department makes an expiring link, for this reviewer under this release."""
        self.link = self.fresh_link()

    def fresh_link(self) -> dict[str, Any]:
        """A link: its URL is shown once."""
        link: dict[str, Any] = self.service.post(
            f"/packets/{self.packet['id']}/links",
            self.coordinator,
            release_id=self.release["id"],
            recipient_id=self.recipient["id"],
            expires_at=in_days(7),
            verification="email_code",
        )
        return link

    def redeem(self) -> None:
        """The reviewer opens the link and proves who they are with a mailed code."""
        secret = secret_of(self.link["url"])
        challenge = self.service.post("/redeem/challenge", secret=secret)
        code = self.standalone.await_mail(self.reviewer_email, r"Your code is (\S+)")
        self.redeemed = self.service.post("/redeem", secret=secret, challenge_id=challenge["challenge_id"], code=code)
        say(f"{len(self.redeemed['files'])} files, to be fetched until {self.redeemed['expires_at']}")

    def download(self) -> None:
        """The reviewer downloads every file; each must be the original, byte for byte."""
        began = time.monotonic()
        digests = download_digests(self.service, self.redeemed["access_token"], [*self.originals])
        say_speed("downloaded", list(self.originals.values()), began)
        wrong = [file.path for file_id, file in self.originals.items() if digests[file_id] != file.sha256]
        if wrong or len(self.redeemed["files"]) != len(self.originals):
            raise JourneyFailed(f"What came is not what was deposited: {wrong}")
        say("every SHA-256 digest is equal to the original's")

    def account(self) -> None:
        """The privacy officer sees who got what, when, and how much of it."""
        lines = list(self.service.items(f"/packets/{self.packet['id']}/disclosures", self.privacy_officer))
        say(f"{'when':20}  {'to whom':14}  {'bytes':>14}  {'whole':5}  what")
        for line in lines:
            when, whom, what = line["date"][:19] + "Z", line["recipient"]["name"], line["what"]["path"]
            say(f"{when:20}  {whom:14}  {line['bytes']:>14,}  {'yes' if line['completed'] else 'no':5}  {what}")
        if len(lines) != len(self.originals):
            raise JourneyFailed(f"{len(self.originals)} files were downloaded, {len(lines)} are accounted for")

    def verify(self) -> None:
        """The operator verifies the audit log, from its first entry to its head."""
        say(f"{self.standalone.operator('audit', 'verify')['entries']} entries, all as they were written")


def local_files(folder: Path) -> Iterator[LocalFile]:
    """Every regular file below a folder, by path, with its digest. What can't be sent is said."""
    for place in places(folder):
        path = place.relative_to(folder).as_posix()
        if why := why_not(place):
            say(f"NOT SENT, {why}: {path!r}")
        else:
            size = place.stat().st_size
            yield LocalFile(path, place, size, digest_of(read_slice(place, 0, size)))


def places(folder: Path) -> Iterator[Path]:
    """Everything below a folder that is not itself a folder to look into."""
    for base, folders, names in os.walk(folder, onerror=lambda error: say(f"NOT SENT, {error}")):
        folders.sort()
        links = [name for name in folders if Path(base, name).is_symlink()]
        yield from (Path(base, name) for name in sorted(names + links))


def why_not(place: Path) -> str | None:
    """Why something is not deposited; None where nothing speaks against it."""
    mode = place.lstat().st_mode
    if stat.S_ISLNK(mode):
        return "a symbolic link"
    if not stat.S_ISREG(mode):
        return "a socket, pipe or device"
    if not os.access(place, os.R_OK):
        return "it may not be read"
    return "its name is not UTF-8" if UNDECODED.search(str(place)) else None


def kind_of(path: str) -> str:
    """What a file is called in a packet, by its ending."""
    ending = Path(path).suffix.lower()
    return next((kind for kind, endings in KINDS.items() if ending in endings), "other")


def secret_of(url: str) -> str:
    """What stands after the # sign."""
    return url.partition("#")[2]


def in_days(days: int) -> str:
    """RFC 3339, in UTC."""
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def say(text: str) -> None:
    """One line about the step that runs."""
    print(f"      {text}", flush=True)


def say_speed(what: str, files: list[LocalFile], began: float) -> None:
    """How many files and MiB, and how fast."""
    seconds, mib = time.monotonic() - began, sum(file.size for file in files) / MIB
    say(f"{what}: {len(files)} files, {mib:,.1f} MiB in {seconds:.1f} s: {mib / seconds:,.0f} MiB/s")


def invite(journey: Journey) -> None:
    """Where to click now."""
    base, outbox = journey.service.base_url, journey.standalone.data / "outbox"
    file, token = journey.redeemed["files"][0], journey.redeemed["access_token"]
    print(
        f"""
The service is running. Try it in a browser:

  start page         {base}/
  patient's page     {journey.patient_url}
                     (signed: withdraw it, and the reviewer's link below is dead)
  another letter     {journey.another_letter()}
                     (not signed yet; both ask for the date of birth,
                     {BIRTH_DATE:%B %-d, %Y})
  reviewer's link    {journey.fresh_link()["url"]}
                     (the codes that both ask for come by mail, and mail stays in
                     {outbox}:
                     the newest file there has the code)
  API documentation  {base}/api/v1/docs

or in a shell:

  curl -o first-file -H 'Authorization: Bearer {token}' {base}/api/v1/redeemed/files/{file["id"]}

Operators' commands find it with:

  export TRANSFER_SERVICE_DATA={shlex.quote(str(journey.standalone.data))} PATH={shlex.quote(str(COMMAND.parent))}:$PATH

Ctrl-C stops it. What was deposited stays in {journey.standalone.data}.""",
        flush=True,
    )


def arguments() -> argparse.Namespace:
    """What ./scripts/quickstart was given."""
    parser = argparse.ArgumentParser(prog="./scripts/quickstart", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "dir", nargs="?", type=folder, help="a folder to deposit; files are made up where none is given"
    )
    parser.add_argument("--check", action="store_true", help="stop at the end; exit code 1 where a step failed")
    parser.add_argument("--port", type=port, default=8080, metavar="N", help="another is taken where it is in use")
    parser.add_argument("--data", type=absolute, default=DATA, help="where the service keeps everything: %(default)s")
    return parser.parse_args()


def folder(word: str) -> Path:
    """A folder with something in it, asked for before anything is started."""
    try:
        if not any(Path(word).iterdir()):
            raise argparse.ArgumentTypeError(f"{word} is empty")
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{word} can't be read as a folder: {error.strerror}") from None
    return Path(word)


def absolute(word: str) -> Path:
    """The folder's whole path, as other shells can use it."""
    return Path(word).resolve()


def port(word: str) -> int:
    """A TCP port; 0 lets the system choose."""
    if not word.isdecimal() or int(word) > MOST_PORT:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to {MOST_PORT}, not {word}")
    return int(word)


def main() -> int:
    """Play, then leave the service running, unless this is only a check."""
    asked = arguments()
    print(f"Starting the service in {asked.data} ...", flush=True)
    try:
        with tempfile.TemporaryDirectory() as made, started(asked.data, free_port(asked.port)) as standalone:
            journey = Journey(standalone, asked.dir or make_demo_files(Path(made)))
            journey.play()
            print("\nThe whole journey worked.", flush=True)
            if not asked.check:
                invite(journey)
                signal.pause()
    except (NotStarted, JourneyFailed) as failed:
        print(f"\nFAILED. {failed}\nThe service's log: {log_of(asked.data)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
