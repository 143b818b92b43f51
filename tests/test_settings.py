"""The settings: read, overridden, refused with help."""

import re
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest

from transfer_service.errors import SettingsInvalid
from transfer_service.settings import KeyringKind, Secret, Settings, SmtpSecurity, load_settings
from transfer_service.usecases.limits import Limits

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_ARN = f"arn:aws:kms:eu-central-1:111122223333:key/{KEY_ID}"
KMS = f'keyring = "kms"\nkms_key_id = "{KEY_ID}"\n'


@pytest.fixture
def written(tmp_path):
    """Write a settings file, mode 0600, and give the environment that names it."""

    def write(text: str, mode: int = 0o600) -> dict[str, str]:
        path = tmp_path / "settings.toml"
        path.write_text(text)
        path.chmod(mode)
        return {"TRANSFER_SERVICE_CONFIG": str(path)}

    return write


def refusal(environment: dict[str, str]) -> SettingsInvalid:
    with pytest.raises(SettingsInvalid) as caught:
        load_settings(environment)
    return caught.value


def test_defaults_are_the_contract_s_limits():
    assert Settings().limits == Limits()


def test_a_file_sets_and_the_environment_overrides(written):
    environment = written('threads = 30\nuploads = 5\nmore_hosts = ["a:1"]\nsmtp_security = "tls"\nlink_for_s = 60\n')
    environment |= {
        "TRANSFER_SERVICE_UPLOADS": "6",
        "TRANSFER_SERVICE_MORE_HOSTS": "b:2, c:3",
        "TRANSFER_SERVICE_S3_ACCESS_KEY_ID": "id",
        "TRANSFER_SERVICE_S3_SECRET_ACCESS_KEY": "word",
        "TRANSFER_SERVICE_BEHIND_TLS_PROXY": "false",
    }
    settings = load_settings(environment)
    assert (settings.threads, settings.uploads, settings.more_hosts) == (30, 6, ("b:2", "c:3"))
    assert settings.smtp_security is SmtpSecurity.TLS
    assert settings.limits.link_for == timedelta(seconds=60)
    assert settings.s3_secret_access_key == Secret("word")


def test_packets_are_kept_until_somebody_retires_them_unless_a_retention_is_set(written):
    assert Settings().limits.retention_for is None
    environment = written("retention_for_s = 86_400\n")
    assert load_settings(environment).limits.retention_for == timedelta(days=1)
    environment["TRANSFER_SERVICE_RETENTION_FOR_S"] = "172800"
    assert load_settings(environment).limits.retention_for == timedelta(days=2)


def test_the_settings_of_a_standalone_installation_are_found_in_its_folder(written, tmp_path):
    written("threads = 40\n")
    assert load_settings({"TRANSFER_SERVICE_DATA": str(tmp_path)}).threads == 40


def test_the_environment_alone_is_enough_where_it_names_the_database(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = load_settings({"TRANSFER_SERVICE_DATABASE_URL": "sqlite:///records.db"})
    assert settings.database_url.reveal() == f"sqlite:///{tmp_path}/records.db"


def test_relative_paths_are_meant_from_the_file_s_folder(written, tmp_path):
    settings = load_settings(written('keyring_path = "keys/ring.json"\noutbox_dir = "/var/outbox"\n'))
    assert settings.keyring_path == tmp_path / "keys/ring.json"
    assert settings.outbox_dir == Path("/var/outbox")
    assert settings.database_url.reveal() == f"sqlite:///{tmp_path}/transfer-service.sqlite3"


def test_secrets_print_as_stars(written):
    settings = load_settings(
        written(
            's3_access_key_id = "id"\ns3_secret_access_key = "hush"\n'
            'smtp_host = "localhost"\nsmtp_user = "u"\nsmtp_password = "hush"\n'
        )
    )
    assert settings.s3_secret_access_key is not None
    assert settings.s3_secret_access_key.reveal() == "hush"
    assert "hush" not in f"{settings} {settings!r} {settings.smtp_password} {settings.smtp_password!r}"
    assert "s3_secret_access_key=***" in repr(settings)


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("postgresql://u:hush@db.test/d", "postgresql://u:hush@db.test/d?sslmode=verify-full&sslrootcert=system"),
        ("postgresql://u@db.test:6000/d?sslmode=require", "postgresql://u@db.test:6000/d?sslmode=require"),
        ("postgresql://u@localhost/d", "postgresql://u@localhost/d?sslmode=prefer"),
        ("postgresql://u@[::1]/d", "postgresql://u@[::1]/d?sslmode=prefer"),
        (
            "postgresql://u@db.test/d?sslmode=verify-ca&sslrootcert=/etc/ca.pem",
            "postgresql://u@db.test/d?sslmode=verify-ca&sslrootcert=/etc/ca.pem",
        ),
    ],
)
def test_the_way_to_a_database_server_is_verified_tls_unless_it_is_this_machine(written, url, meant):
    assert load_settings(written(f'database_url = "{url}"\n')).database_url.reveal() == meant


def test_the_password_in_a_database_url_prints_as_stars(written):
    text = 'database_url = "postgresql://u:hu%40sh@db.test/d"\n'
    settings = load_settings(written(text))
    assert "hu%40sh" in settings.database_url.reveal()
    for said in (str(settings), repr(settings), str(settings.database_url), f"{settings.database_url}"):
        assert "hu%40sh" not in said
        assert "postgresql://u:***@db.test/d" in said
    assert "chmod 600" in str(refusal(written(text, 0o640)))
    assert "hush" not in str(refusal(written('database_url = "postgresql://u:hush@db.test/d?sslmode=disable"\n')))
    assert "hush" not in str(refusal(written('database_url = "postgres://u:hush@db.test/d"\n')))
    load_settings(written('database_url = "postgresql://u@db.test/d"\n', 0o644))


def test_the_public_address_and_the_sender_follow_from_bind_where_left_out():
    settings = Settings(bind="127.0.0.1:4711")
    assert (settings.address, settings.host) == ("http://127.0.0.1:4711", "127.0.0.1")
    assert settings.sender == "transfer-service@127.0.0.1"
    assert Settings(bind="[::1]:4711").sender == "transfer-service@localhost"


def test_a_proxy_with_tls_in_front_lets_it_listen_beyond_loopback(written):
    settings = load_settings(
        written('bind = "0.0.0.0:80"\nbehind_tls_proxy = true\npublic_url = "https://transfer.test/"\n')
    )
    assert settings.address == "https://transfer.test"


@pytest.mark.parametrize(
    ("text", "region"),
    [
        (KMS, "us-east-1"),
        (KMS + 's3_region = "eu-west-1"\n', "eu-west-1"),
        (KMS + 'kms_region = "eu-west-1"\n', "eu-west-1"),
        (f'keyring = "kms"\nkms_key_id = "{KEY_ARN}"\n', "eu-central-1"),
        (f'keyring = "kms"\nkms_key_id = "{KEY_ARN}"\nkms_region = "eu-central-1"\n', "eu-central-1"),
        ('keyring = "kms"\nkms_key_id = "arn:aws-us-gov:kms:us-gov-west-1:111122223333:alias/a"\n', "us-gov-west-1"),
    ],
)
def test_a_key_of_kms_is_sought_where_its_arn_or_its_setting_says(written, text, region):
    settings = load_settings(written(text))
    assert (settings.keyring, settings.region_of_kms) == (KeyringKind.KMS, region)


def test_settings_do_not_change():
    with pytest.raises(AttributeError):
        Settings().threads = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "field", "help_"),
    [
        ("treads = 3", "treads", "no such setting"),
        ('threads = "many"', "threads", "a whole number"),
        ("threads = true", "threads", "a whole number"),
        ("threads = 12", "threads", "more than uploads and downloads"),
        ("uploads = 0", "uploads", "1 or more"),
        ("code_tries = -1", "code_tries", "1 or more"),
        ("retention_for_s = 0", "retention_for_s", "1 or more"),
        ('retention_for_s = "7 years"', "retention_for_s", "a whole number"),
        ("behind_tls_proxy = 1", "behind_tls_proxy", "true or false"),
        ("more_hosts = [1]", "more_hosts", "strings"),
        ('smtp_security = "ssl"', "smtp_security", "starttls"),
        ('smtp_security = "none"\nsmtp_host = "mail.test"', "smtp_security", "starttls or tls"),
        ('smtp_user = "u"', "smtp_password", "together"),
        ("smtp_port = 70000", "smtp_port", "65535"),
        ('mail_from = "a@b\\r\\nBcc: c@d"', "mail_from", "one address"),
        ('database_url = "postgresql://h/d"', "database_url", "sqlite:///"),
        ('database_url = "postgresql://u@h"', "database_url", "sqlite:///"),
        ('database_url = "postgresql://u@h/"', "database_url", "sqlite:///"),
        ('database_url = "postgresql://u@h/a/b"', "database_url", "sqlite:///"),
        ('database_url = "postgresql://u@h:port/d"', "database_url", "sqlite:///"),
        ('database_url = "postgresql+psycopg2://u@h/d"', "database_url", "sqlite:///"),
        ('database_url = "mysql://u@h/d"', "database_url", "sqlite:///"),
        ('database_url = "sqlite://"', "database_url", "sqlite:///"),
        ('database_url = "sqlite:///x?mode=ro"', "database_url", "sqlite:///"),
        ('database_url = "postgresql://u@h/d?sslmode=prefer"', "database_url", "verify-full"),
        ('database_url = "postgresql://u@h/d?sslmode=disable"', "database_url", "verify-full"),
        ('database_url = "postgresql://u@h/d?sslmode=no"', "database_url", "takes sslmode"),
        ('database_url = "postgresql://u@h/d?sslrootcert=x"', "database_url", "takes sslmode"),
        ('database_url = "postgresql://u@h/d?options=-c%20x"', "database_url", "takes sslmode"),
        ('s3_access_key_id = "id"', "s3_secret_access_key", "together"),
        ('keyring = "vault"', "keyring", "local or kms"),
        ('keyring = "kms"', "kms_key_id", "must be set"),
        (KMS + 'keyring_path = "keyring.json"', "keyring_path", "leave it out"),
        (f'kms_key_id = "{KEY_ID}"', "kms_key_id", 'keyring = "kms"'),
        ('kms_region = "eu-central-1"', "kms_region", 'keyring = "kms"'),
        ('kms_endpoint_url = "http://127.0.0.1:1"', "kms_endpoint_url", 'keyring = "kms"'),
        ('keyring = "kms"\nkms_key_id = "alias/transfer"', "kms_key_id", "an alias alone"),
        ('keyring = "kms"\nkms_key_id = "arn:aws:s3:::bucket"', "kms_key_id", "ARN"),
        (f'keyring = "kms"\nkms_key_id = "{KEY_ARN}"\nkms_region = "us-east-1"', "kms_region", "eu-central-1"),
        (KMS + 'kms_endpoint_url = "http://kms.test"', "kms_endpoint_url", "https://"),
        ('s3_addressing = "host"', "s3_addressing", "auto, path or virtual"),
        ('s3_sse = "AES256"', "s3_sse", "none or aws:kms"),
        (f's3_sse_kms_key_id = "{KEY_ID}"', "s3_sse_kms_key_id", 's3_sse = "aws:kms"'),
        ('s3_sse = "aws:kms"\ns3_sse_kms_key_id = "mine"', "s3_sse_kms_key_id", "ARN"),
        ('s3_endpoint_url = "http://s3.test"', "s3_endpoint_url", "https://"),
        ('s3_endpoint_url = "ftp://s3.test"', "s3_endpoint_url", "address"),
        ('bind = "0.0.0.0:8080"', "bind", "behind_tls_proxy"),
        ('bind = "[::]:8080"', "bind", "behind_tls_proxy"),
        ('bind = "8080"', "bind", "host:port"),
        ('bind = "127.0.0.1:99999"', "bind", "host:port"),
        ('public_url = "http://transfer.test"', "public_url", "https://"),
        ('public_url = "https://transfer.test/path"', "public_url", "no path"),
        ('public_url = "https://u:p@transfer.test"', "public_url", "address"),
        ("behind_tls_proxy = true", "public_url", "https://"),
    ],
)
def test_a_wrong_setting_is_refused_by_name_with_help(written, text, field, help_):
    error = refusal(written(text + "\n"))
    assert error.facts["field"] == field
    assert help_ in str(error)


@pytest.mark.parametrize(
    ("name", "value"),
    [("THREADS", "many"), ("THREADS", "-3"), ("BEHIND_TLS_PROXY", "yes"), ("SMTP_SECURITY", "x"), ("TREADS", "3")],
)
def test_a_wrong_variable_is_refused_by_name(written, name, value):
    assert "TRANSFER_SERVICE_" + name in str(refusal(written("") | {"TRANSFER_SERVICE_" + name: value}))


def test_a_file_with_a_secret_that_others_can_read_is_refused(written):
    text = 's3_access_key_id = "id"\ns3_secret_access_key = "hush"\n'
    assert "chmod 600" in str(refusal(written(text, 0o640)))
    load_settings(written(text, 0o600))
    load_settings(written("threads = 30\n", 0o644))


def test_a_refusal_never_quotes_a_secret(written):
    assert "hush" not in str(refusal(written('s3_secret_access_key = "hush"\n')))
    assert "hush" not in str(refusal(written('smtp_password = "hush\n')))


def test_no_settings_at_all_are_refused_with_help():
    assert "--data" in str(refusal({}))


def test_two_places_at_once_are_refused(written, tmp_path):
    assert "both set" in str(refusal(written("") | {"TRANSFER_SERVICE_DATA": str(tmp_path)}))


def test_a_missing_file_is_refused(tmp_path):
    assert "can't be read" in str(refusal({"TRANSFER_SERVICE_DATA": str(tmp_path / "nowhere")}))


def test_every_field_has_a_comment():
    source = (Path(__file__).parents[1] / "transfer_service/settings/fields.py").read_text().splitlines()
    for field in fields(Settings):
        line = next(at for at, text in enumerate(source) if text.strip().startswith(f"{field.name}: "))
        assert source[line - 1].strip().startswith("#: "), field.name


# -- the files that are shipped ----------------------------------------------------------------------------------

CONFIG = Path(__file__).parents[1] / "config"


def test_the_shipped_standalone_file_says_the_defaults(written):
    text = (CONFIG / "standalone.toml").read_text()
    names = re.findall(r"^(?:# )?(\w+) = ", text, re.MULTILINE)
    assert sorted(names) == sorted(field.name for field in fields(Settings))
    shipped, bare = load_settings(written(text)), load_settings(written(""))
    assert shipped == bare


def test_the_shipped_standalone_file_explains_as_the_code_does():
    source = (CONFIG.parent / "transfer_service/settings/fields.py").read_text()
    shipped = (CONFIG / "standalone.toml").read_text().splitlines()
    for comment in re.findall(r"^ +#: (.*)$", source, re.MULTILINE):
        assert f"# {comment}" in shipped


def test_the_shipped_example_for_production_is_valid_with_its_secrets_in_the_environment(written):
    text = (CONFIG / "production.example.toml").read_text()
    settings = load_settings(written(text) | {"TRANSFER_SERVICE_SMTP_PASSWORD": "hush"})
    assert settings.address == "https://transfer.hospital.example"
    assert refusal(written(text)).facts["field"] == "smtp_password"
