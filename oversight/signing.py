"""Signing asks for the password again (R15): the proof that an action needs before it signs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.contrib.auth import authenticate
from django.http import HttpRequest

from oversight.recording import event, recorded
from oversight.refusals import Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol.definition import gettext_noop

FRESH = dt.timedelta(minutes=1)


@dataclass(frozen=True)
class Signature:
    """``by`` has proved to be at the keyboard at ``at``, for one signing right afterwards."""

    by: User
    at: dt.datetime

    def check(self, by: User) -> None:
        """Raises ``Refused`` for somebody else's proof, or one that has gone stale."""
        if self.by.pk != by.pk or not dt.timedelta(0) <= clock.now() - self.at <= FRESH:
            raise Refused(Message(gettext_noop("Signing needs the password again")))


def sign(request: HttpRequest, user: User, password: str) -> Signature:
    """The proof that ``user`` knows their password.

    A wrong one is counted like a failed login, so that the lockout holds here too, and stays in the
    audit trail.  Raises ``Refused``.
    """
    known = authenticate(request, username=user.get_username(), password=password)
    if known is None or known.pk != user.pk:
        with recorded(by=user):
            event("signature_refused", account=user.get_username())
        raise Refused(Message(gettext_noop("The password is wrong; nothing was signed")))
    return Signature(user, clock.now())
