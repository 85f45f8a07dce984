"""Encryption at rest of what nobody may read before its turn."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

WIDTH = 48  # every short text is padded to this, so that its length tells nothing


class DamagedSeal(Exception):
    """A sealed text was altered, or stands where it was not put."""


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
    """The sealed text.  Raises ``DamagedSeal``."""
    try:
        return _cipher().decrypt(token.encode()).decode().rstrip(" ")
    except InvalidToken:
        raise DamagedSeal from None


def seal_arm(arm: str, *, stratum: str, place: int) -> str:
    """``arm``, bound to its place, so that a token that was moved elsewhere is noticed."""
    return seal(f"{stratum}|{place}|{arm}")


def unseal_arm(token: str, *, stratum: str, place: int) -> str:
    """The arm of that place.  Raises ``DamagedSeal``."""
    bound, _, arm = unseal(token).rpartition("|")
    if bound != f"{stratum}|{place}":
        raise DamagedSeal
    return arm
