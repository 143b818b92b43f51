"""Mail: the files of the outbox, and a real SMTP server."""

import ssl
import stat
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories import NOW, a_department, a_mail, an_organization
from tests.smtp_server import CLOSES, HANGS, PASSWORD, STEPS, USER, make_certificate, running_smtp
from transfer_service.adapters.mail import Letterhead, OutboxFolder, SmtpPost, SmtpServer
from transfer_service.adapters.seaweedfs import free_ports
from transfer_service.domain.language import Language
from transfer_service.domain.mail import MailKind
from transfer_service.errors import Invalid, MailRefused, MailRefusedForGood, Unavailable
from transfer_service.sealing.keys import SecretKey
from transfer_service.usecases.letter_secrets import LetterSecrets
from transfer_service.usecases.letters import (
    Correspondents,
    address_changed_letter,
    another_letter,
    asking_letter,
    code_letter,
    expiring_letter,
    fetched_letter,
    opinion_letter,
    treatment_letter,
    withdrawn_letter,
)
from transfer_service.usecases.names import named, one_line

LETTERHEAD = Letterhead("transfer@hospital.test", "hospital.test")
LINK = "http://transfer.hospital.test:8080/r#" + "a_-B" * 11


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def trusting(certificate):
    """A TLS context that trusts the test's server, and verifies like any other."""
    return partial(ssl.create_default_context, cafile=str(certificate))


def read(octets: bytes):
    return message_from_bytes(octets, policy=policy.default)


# -- the message -----------------------------------------------------------------------------------------------


def test_a_message_names_itself_by_the_mail_s_id_and_says_that_nobody_wrote_it():
    mail = a_mail(body=f"Open\n\n{LINK}\n")
    message = read(LETTERHEAD.message(mail).as_bytes())
    assert message["Message-ID"] == f"<{mail.id}@hospital.test>"
    assert message["Date"].datetime == NOW.replace(microsecond=0)
    assert (message["From"], message["To"]) == ("transfer@hospital.test", mail.to)
    assert message["Subject"] == mail.subject
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().splitlines() == ["Open", "", LINK]


def test_a_link_stands_unbroken_in_the_bytes_however_long_its_line():
    mail = a_mail(body="Open " + "x" * 80 + LINK)
    assert LINK.encode() in LETTERHEAD.message(mail).as_bytes()


@pytest.mark.parametrize("body", ["Grüße aus der Pathologie", "x" * 5000, "a.\n.\n..b"])
def test_any_body_comes_back_as_it_was(body):
    octets = LETTERHEAD.message(a_mail(body=body)).as_bytes()
    assert read(octets).get_content().splitlines() == body.splitlines()
    assert max(map(len, octets.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("wrong", ["a@b.test\r\nBcc: c@d.test", "a@b.test\nX: y", "a@b.test, c@d.test", "", "a", "@"])
def test_an_address_that_would_add_a_header_or_a_recipient_is_refused(wrong):
    with pytest.raises(Unavailable):
        LETTERHEAD.message(a_mail(to=wrong))


def test_a_message_says_in_which_language_it_is_where_that_is_known():
    assert read(LETTERHEAD.message(a_mail(language="es")).as_bytes())["Content-Language"] == "es"
    assert read(LETTERHEAD.message(a_mail(language=None)).as_bytes())["Content-Language"] is None


HEADERS = {
    "message-id", "date", "from", "to", "subject", "content-language", "auto-submitted",
    "content-type", "content-transfer-encoding", "mime-version",
}  # fmt: skip


@given(to=st.text(max_size=40), subject=st.text(max_size=40), language=st.text(max_size=40))
def test_no_text_adds_a_header_or_a_recipient(to, subject, language):
    try:
        octets = LETTERHEAD.message(a_mail(to=to, subject=subject, language=language)).as_bytes()
    except Unavailable:
        return
    message = read(octets)
    assert len(message["To"].addresses) == 1
    assert {name.lower() for name in message.keys()} <= HEADERS  # noqa: SIM118  # a message is no mapping


NAMES = st.text(max_size=30) | st.sampled_from(
    ["a\r\nBcc: b@c.test", "a\nTo: b@c.test", "=?utf-8?q?x=0ATo:_b@c.test?=", "a, b@c.test", "<b@c.test>", "a\u2028b"]
)


def letters(language, name, department, contact, to):
    """Every mail that is sent, from an organization and a department of those names."""
    hospital, pathology = an_organization(name=name), a_department(name=department, contact=contact)
    who = Correspondents(to, language, hospital, pathology)
    fresh = LetterSecrets(SecretKey.generate()).mint("http://transfer.hospital.test:8080/r")
    return [
        asking_letter(who, fresh, NOW, NOW),
        another_letter(who, fresh, NOW, NOW),
        treatment_letter(who, fresh, NOW, NOW),
        address_changed_letter(who, NOW),
        opinion_letter(who, LINK, NOW),
        code_letter(who, "123456", timedelta(minutes=10), NOW),
        withdrawn_letter(who, NOW),
        expiring_letter(who, NOW, NOW),
        fetched_letter(who, NOW),
    ]


def check_is_one_mail(octets, to):
    message = read(octets)
    assert [address.addr_spec for address in message["To"].addresses] == [to]
    assert sorted(name.lower() for name in message.keys()) == sorted(HEADERS)  # noqa: SIM118  # a message is no mapping


@settings(max_examples=50)
@given(language=st.sampled_from(Language), name=NAMES, department=NAMES, contact=NAMES, to=NAMES)
def test_no_name_contact_or_address_adds_a_header_or_a_recipient_to_any_letter(language, name, department, contact, to):
    for mail in letters(language, name, department, contact, to):
        with suppress(MailRefusedForGood):
            check_is_one_mail(LETTERHEAD.message(mail).as_bytes(), to)


@settings(max_examples=50)
@given(language=st.sampled_from(Language), name=NAMES, contact=NAMES)
def test_of_a_name_that_an_operator_may_give_every_letter_can_be_sent(language, name, contact):
    try:
        name, contact = named(name), one_line(contact)
    except Invalid:
        return
    for mail in letters(language, name, name, contact, "ada@patient.test"):
        octets = LETTERHEAD.message(mail).as_bytes()
        check_is_one_mail(octets, "ada@patient.test")
        assert name in read(octets).get_content() or mail.kind is MailKind.CODE


@pytest.mark.parametrize("field", ["to", "subject", "language"])
def test_an_encoded_word_hides_no_line_break(field):
    """Python's own parser decodes it and writes the line break: the header ends there, and what follows is the body."""
    with pytest.raises(MailRefusedForGood):
        LETTERHEAD.message(a_mail(**{field: "=?utf-8?q?x=0ATo:_b@c.test?="}))


def test_what_was_refused_is_logged_without_the_address(caplog):
    with pytest.raises(Unavailable) as caught:
        LETTERHEAD.message(a_mail(to="ada@patient.test\nBcc: x@y.test"))
    assert isinstance(caught.value, MailRefusedForGood)
    assert caplog.text
    assert "patient.test" not in caplog.text


# -- the folder ------------------------------------------------------------------------------------------------


def test_the_outbox_keeps_a_message_in_a_file_that_only_its_owner_reads(tmp_path):
    mail = a_mail()
    OutboxFolder(tmp_path / "outbox", LETTERHEAD).send(mail)
    (kept,) = (tmp_path / "outbox").iterdir()
    assert kept.name == f"{mail.id}.eml"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert read(kept.read_bytes())["To"] == mail.to


def test_a_kept_message_is_never_overwritten(tmp_path):
    outbox, mail = OutboxFolder(tmp_path, LETTERHEAD), a_mail(body="first")
    outbox.send(mail)
    outbox.send(replace(mail, body="second"))
    (kept,) = tmp_path.iterdir()
    assert "first" in kept.read_text()


def test_what_a_crash_left_half_written_does_not_stop_the_next_try(tmp_path):
    mail = a_mail()
    (tmp_path / f"{mail.id}.new").write_text("half")
    OutboxFolder(tmp_path, LETTERHEAD).send(mail)
    assert [each.name for each in tmp_path.iterdir()] == [f"{mail.id}.eml"]


def test_an_outbox_that_can_t_be_written_is_unavailable(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable):
        OutboxFolder(tmp_path / "file" / "outbox", LETTERHEAD).send(a_mail())


# -- the server ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_goes_to_the_server_encrypted(certificate, trusting, security):
    mail = a_mail(body="Grüße")
    with running_smtp(certificate, security=security) as server:
        SmtpPost(SmtpServer("127.0.0.1", server.port, security, tls=trusting), LETTERHEAD).send(mail)
    (envelope,) = server.envelopes
    assert server.encrypted == [True]
    assert envelope.mail_from == "transfer@hospital.test"
    assert envelope.rcpt_tos == [mail.to]
    assert read(envelope.content)["Message-ID"] == f"<{mail.id}@hospital.test>"
    assert read(envelope.content).get_content().strip() == "Grüße"


def test_it_signs_in_where_a_user_is_set(certificate, trusting):
    with running_smtp(certificate, security="starttls", sign_in=True) as server:
        known = SmtpServer("127.0.0.1", server.port, user=USER, password=PASSWORD, tls=trusting)
        SmtpPost(known, LETTERHEAD).send(a_mail())
        with pytest.raises(Unavailable):
            SmtpPost(replace(known, password="wrong"), LETTERHEAD).send(a_mail())
    assert server.users == [USER.encode()]
    assert len(server.envelopes) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_whose_certificate_nobody_vouches_for_gets_nothing(certificate, security):
    with running_smtp(certificate, security=security) as server, pytest.raises(Unavailable):
        SmtpPost(SmtpServer("127.0.0.1", server.port, security), LETTERHEAD).send(a_mail())
    assert server.envelopes == []


def test_a_server_without_starttls_gets_nothing(certificate, trusting):
    with running_smtp(certificate, security="none") as server, pytest.raises(Unavailable):
        SmtpPost(SmtpServer("127.0.0.1", server.port, "starttls", tls=trusting), LETTERHEAD).send(a_mail())
    assert server.envelopes == []


def test_plain_mail_goes_where_that_was_chosen(certificate):
    with running_smtp(certificate, security="none") as server:
        SmtpPost(SmtpServer("127.0.0.1", server.port, "none"), LETTERHEAD).send(a_mail())
    assert server.encrypted == [False]


def test_a_refused_recipient_is_unavailable_and_not_in_the_log(certificate, trusting, caplog):
    mail = a_mail()
    with running_smtp(certificate, security="starttls") as server:
        server.answers["RCPT"] = f"550 no mailbox {mail.to}"
        with pytest.raises(Unavailable) as caught:
            SmtpPost(SmtpServer("127.0.0.1", server.port, tls=trusting), LETTERHEAD).send(mail)
    assert isinstance(caught.value, MailRefused)
    assert "SMTPRecipientsRefused" in caplog.text
    assert str(mail.to) not in caplog.text


def test_no_server_is_unavailable_for_every_mail():
    with pytest.raises(Unavailable) as caught:
        SmtpPost(SmtpServer("127.0.0.1", free_ports(1)[0]), LETTERHEAD).send(a_mail())
    assert caught.value.facts == {}


@pytest.fixture(scope="module")
def failing(certificate):
    """A server that fails where a test says so."""
    with running_smtp(certificate, security="starttls") as server:
        yield server


def outcome(server, trusting, mail, **answers):
    """What sending came to: None, or the kind of error."""
    server.answers = answers
    patience_s = 1.0 if HANGS in answers.values() else 20
    post = SmtpPost(SmtpServer("127.0.0.1", server.port, tls=trusting, timeout_s=patience_s), LETTERHEAD)
    try:
        post.send(mail)
    except Unavailable as error:
        return type(error)
    return None


SECRET = "s_-3" * 11


@pytest.mark.parametrize("code", ["421", "450", "550", "554", HANGS, CLOSES])
@pytest.mark.parametrize("step", [step for step in STEPS if step not in {"RCPT", "DATA", "dot", "QUIT"}])
def test_a_server_that_fails_before_it_hears_of_the_mail_fails_every_mail(failing, trusting, step, code):
    assert (
        outcome(failing, trusting, a_mail(), **{step: code if code in {HANGS, CLOSES} else f"{code} no"}) is Unavailable
    )


@pytest.mark.parametrize("answer", ["421 closing", HANGS, CLOSES])
@pytest.mark.parametrize("step", ["RCPT", "DATA", "dot"])
def test_a_server_that_goes_away_is_no_fault_of_the_mail(failing, trusting, step, answer):
    assert outcome(failing, trusting, a_mail(), **{step: answer}) is Unavailable


@pytest.mark.parametrize("step", ["RCPT", "DATA", "dot"])
@pytest.mark.parametrize("code", ["450", "451", "452", "550", "552", "553", "554"])
def test_what_is_refused_is_this_mail_for_now_or_for_good_and_the_log_does_not_say_whose(
    failing, trusting, caplog, step, code
):
    mail = a_mail(body=f"Open\n\nhttps://transfer.hospital.test/r#{SECRET}\n")
    kind = outcome(failing, trusting, mail, **{step: f"{code} no {mail.to} {SECRET}"})
    assert kind is (MailRefusedForGood if code >= "500" else MailRefused)
    assert code in caplog.text
    assert str(mail.to) not in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize("answer", ["421 closing", "550 no", HANGS, CLOSES])
def test_what_was_taken_is_sent_however_the_server_takes_its_leave(failing, trusting, answer):
    assert outcome(failing, trusting, a_mail(), QUIT=answer) is None


def test_an_answer_that_was_lost_leaves_one_message_sent_twice_under_one_id(failing, trusting):
    mail, before = a_mail(), len(failing.envelopes)
    assert outcome(failing, trusting, mail, dot=CLOSES) is Unavailable
    assert outcome(failing, trusting, mail) is None
    assert [read(each.content)["Message-ID"] for each in failing.envelopes[before:]] == [
        f"<{mail.id}@hospital.test>"
    ] * 2


def test_the_password_does_not_print():
    assert "hush" not in repr(SmtpServer("h", 1, user="u", password="hush"))
