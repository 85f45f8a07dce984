"""Where the login library meets the audit trail."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from oversight.recording import event, recorded
from trial_site.models import User


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by an administrator only."""
        return False

    def set_password(self, user: User, password: str) -> None:
        with recorded(by=user, reason="Password changed by its owner"):
            super().set_password(user, password)
            event("password_changed", account=user.username)

    def get_client_ip(self, request: HttpRequest) -> Any:
        return request.META.get("REMOTE_ADDR", "")
