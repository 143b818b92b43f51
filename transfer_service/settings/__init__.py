"""What an operator may set: frozen, every field commented, secrets printed as ***.

fields          Settings and its defaults
database_url    where the database is; prints without its password
checks, hosts   what is refused at the start, and what to do about it
sources         reading them: a TOML file, over it the environment
"""

from transfer_service.settings.database_url import DatabaseUrl
from transfer_service.settings.fields import KeyringKind, S3Encryption, Secret, Settings, SmtpSecurity
from transfer_service.settings.sources import load_settings

__all__ = ["DatabaseUrl", "KeyringKind", "S3Encryption", "Secret", "Settings", "SmtpSecurity", "load_settings"]
