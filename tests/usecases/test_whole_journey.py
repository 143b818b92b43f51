"""From an opened packet to its destruction: what stands in the log, in the bucket and in the database on the way."""

from dataclasses import fields, is_dataclass

from tests.factories import DAY, a_patient
from tests.stages import ORIGIN, in_many_forms, new_marker, sha256_hex, some_bytes
from transfer_service.adapters.database.seals import records_context
from transfer_service.app import installation_key
from transfer_service.audit.chain import verify
from transfer_service.domain.link import Verification
from transfer_service.domain.packet import PacketState
from transfer_service.sealing.keys import file_key
from transfer_service.sealing.manifest import verify as verify_manifest
from transfer_service.usecases.reach import packet_key_context


def test_what_was_deposited_arrives_and_every_step_of_it_is_in_the_log(stages):
    stage = stages.redeemed()
    for file in stage.files.values():
        assert stages.download(stage.actor, file) == stage.contents[file.path]
    stages.journey.releases.withdraw(stage.patient, stage.release.id, stages.now)
    stages.journey.retire.retire(stages.coordinator, stage.packet.id, stages.now)
    stages.sweep(8 * DAY)
    enrolment = ["organization.created", "department.created", *["token.created"] * 4, "recipient.added"]
    deposit = ["packet.opened", *["file.planned", "file.completed"] * 2, *["file.verified"] * 2, "packet.closed"]
    release = ["release.requested", "patient.challenged", "patient.session_begun", "release.signed"]
    redemption = ["link.issued", "link.challenged", "link.redeemed", "link.admitted"]
    downloads = ["disclosure.started", "disclosure.completed"] * 2
    ending = ["release.withdrawn", "packet.retired", "packet.destroyed"]
    assert stages.actions() == [*enrolment, *deposit, *release, *redemption, *downloads, *ending]
    assert stages.journey.account.verify_audit() == len(stages.audit())
    with stages.database.reading() as tx:
        verify(tx.audit_head(stages.hospital.id), tx.audit_entries(stages.hospital.id))
    assert list(stages.store.objects()) == []


def test_files_of_every_size_about_chunks_and_parts_arrive(stages):
    sizes = [0, 1, 16_383, 16_384, 16_385, 39_999, 40_000, 40_001, 80_000, 100_123]
    stage = stages.closed({f"{size}.bin": some_bytes(size) for size in sizes})
    stage = stages.redeemed(of=stages.linked(of=stages.signed(of=stages.in_session(of=stages.released(of=stage)))))
    for file in stage.files.values():
        assert stages.download(stage.actor, file) == stage.contents[file.path]
        assert file.sha256 == sha256_hex(stage.contents[file.path])
    assert stage.packet.state is PacketState.CLOSED
    for manifest in (stage.packet.manifest, stage.redeemed.released.manifest):
        verify_manifest(manifest.document, manifest.signature, stages.signing_key.public_key_pem())


def test_nothing_secret_is_printed_logged_or_left_lying_about(stages, caplog):
    words = {name: new_marker() for name in ("question", "diagnosis", "accession_number")}
    name, record, purpose, path, passcode = (new_marker() for _ in range(5))
    address = f"{new_marker().lower()}@patient.test"
    plaintext = new_marker().encode() * 3
    patient = a_patient(name=name, record_number=record, email=address)
    stage = stages.in_session(
        of=stages.released(of=stages.closed({path: plaintext}, patient=patient, **words), purpose=purpose)
    )
    stage = stages.linked(of=stages.signed(of=stage), verification=Verification.PASSCODE, passcode=passcode)
    stage = stages.redeemed(of=stage, passcode=passcode)
    assert stages.download(stage.actor, stage.file) == plaintext
    session = stages.patient_session(stage.letter_secret)
    stages.journey.patients.challenge(stage.letter_secret, ORIGIN, stages.now)  # a letter that waits in the outbox
    keys = [*stored_keys(stages, stage), stages.service_key, stages.signing_key.seed]
    tokens = [stage.letter_secret, stage.link_secret, session.token, stage.redeemed.token]
    secrets = [*words.values(), name, record, purpose, path, passcode, address, plaintext, "Ada Example", *tokens]
    printed = "".join([*map(repr, everything_in([stage, session])), repr(stages.audit()), caplog.text])
    kept = b"".join(file.read_bytes() for file in stages.directory.glob("transfer.db*"))
    kept += b"".join(key.encode() + data for key, (_, data) in stages.store.contents.items())
    for form in {form for secret in [*secrets, *(key.reveal() for key in keys)] for form in in_many_forms(secret)}:
        assert form not in kept
        assert form.decode("latin-1") not in printed


def stored_keys(stages, stage):
    """Every kind of key that the database holds wrapped; those of an installation are put there as its start does."""
    unwrap, organization = stages.keyring.unwrap, stages.hospital.organization
    of_packet = unwrap(stage.packet.wrapped_key, packet_key_context(organization.id, stage.packet.id))
    of_records = unwrap(organization.wrapped_records_key, records_context(organization.id))
    of_installation = [installation_key(stages.database, stages.keyring, each) for each in ("service", "manifest")]
    return [of_packet, file_key(of_packet, stage.file.id), of_records, *of_installation]


def everything_in(things):
    """The things that were returned, and whatever dataclass stands in a field of them; not the test's own Stage."""
    for thing in things:
        if is_dataclass(thing):
            if type(thing).__module__.startswith("transfer_service"):
                yield thing
            yield from everything_in([getattr(thing, field.name) for field in fields(thing)])
        elif isinstance(thing, dict | list | tuple):
            yield from everything_in(thing.values() if isinstance(thing, dict) else thing)
