"""What an operator may set: frozen, every field commented, secrets printed as ***.

fields    Settings and its defaults
checks    what is refused at the start, and what to do about it
sources   reading them: a TOML file, over it the environment
"""

from transfer_service.settings.fields import KeyringKind, S3Encryption, Secret, Settings, SmtpSecurity
from transfer_service.settings.sources import load_settings

__all__ = ["KeyringKind", "S3Encryption", "Secret", "Settings", "SmtpSecurity", "load_settings"]
