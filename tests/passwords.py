"""Passwords that are hashed fast, and alike whenever they are alike."""

from django.contrib.auth.hashers import MD5PasswordHasher


class AlikeHasher(MD5PasswordHasher):
    """Without a salt of its own, two accounts that the audit trail cannot tell apart are the same:
    what ``tests.remembered`` puts back fits whichever of them is there."""

    def salt(self) -> str:
        return "alike"
