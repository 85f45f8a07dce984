"""Encryption at rest of what nobody may read before its turn."""

import base64
import hashlib

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

WIDTH = 32  # every short text is padded to this, so that its length tells nothing


def _cipher() -> Fernet:
    key = settings.ALLOCATION_KEY
    if not key:
        if not (settings.DEMO or settings.DEBUG):
            raise ImproperlyConfigured("ALLOCATION_KEY is not set. See README.md.")
        secret = hashlib.sha256(f"allocation:{settings.SECRET_KEY}".encode()).digest()
        key = base64.urlsafe_b64encode(secret).decode()
    return Fernet(key)


def seal(text: str) -> str:
    return _cipher().encrypt(text.ljust(WIDTH).encode()).decode()


def unseal(token: str) -> str:
    """The sealed text.  Raises ``cryptography.fernet.InvalidToken`` if it was altered."""
    return _cipher().decrypt(token.encode()).decode().rstrip()
