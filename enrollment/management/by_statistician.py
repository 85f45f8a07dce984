"""What the commands about allocation lists share: who acts, and refusals in words."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import PermissionDenied
from django.core.management import CommandError

from oversight.refusals import NeedsConfirmation, Refused
from trial_site.models import User


def account(username: str) -> User:
    """The account ``username``.  Raises ``CommandError``."""
    found = User.objects.filter(username=username).first()
    if found is None:
        raise CommandError(f"There is no account named {username}")
    return found


@contextmanager
def told(by: str) -> Iterator[None]:
    """Whatever stops the action ends the command with its reason."""
    try:
        yield
    except PermissionDenied:
        raise CommandError(f"{by} is no statistician, who alone makes the list") from None
    except Refused as refused:
        raise CommandError("\n".join(map(str, (refused.message, *refused.reasons)))) from None
    except NeedsConfirmation as doubt:
        questions = "\n".join(str(question) for _, question in doubt.questions)
        raise CommandError(f"{questions}\nIf that is right, add --confirmed") from None
