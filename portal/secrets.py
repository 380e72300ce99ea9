"""Secrets at rest: encrypted with FIELD_ENCRYPTION_KEYS, which are apart from SECRET_KEY.

The first key encrypts; all of them decrypt, so that a new key can be put before the old one.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    _TextField = models.TextField[str, str]
else:
    _TextField = models.TextField


class UnreadableSecret(Exception):
    """None of the configured keys opens it."""


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(text: str) -> str:
    return _box(tuple(settings.FIELD_ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def decrypt(stored: str) -> str:
    """Raises UnreadableSecret when the key that encrypted it is not configured any more."""
    try:
        return _box(tuple(settings.FIELD_ENCRYPTION_KEYS)).decrypt(stored.encode()).decode()
    except InvalidToken as error:
        raise UnreadableSecret("FIELD_ENCRYPTION_KEYS lacks the key of a stored secret.") from error


class EncryptedTextField(_TextField):
    """A text that is stored encrypted; empty stays empty. It cannot be searched."""

    def get_prep_value(self, value: Any) -> Any:
        return encrypt(value) if value else value

    def from_db_value(self, value: Any, expression: object, connection: object) -> Any:
        return decrypt(value) if value else value
