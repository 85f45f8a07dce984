"""The demo's site and accounts: one a role, named after it, with the published password."""

from django.conf import settings
from django.db import transaction

from oversight.accounts import create_account, create_site, system_actor
from trial_site.roles import PEOPLE, Role

SITE_CODE, SITE_NAME = "PKU", "Peking University People's Hospital"
ROLES = [role for role in Role if role in PEOPLE]


@transaction.atomic
def open_accounts() -> None:
    """Create them, through the same actions as an administrator's."""
    by = system_actor()
    site = create_site(code=SITE_CODE, name=SITE_NAME, by=by)
    for role in ROLES:
        create_account(
            username=role.value,
            role=role,
            sites=[site],
            password=settings.DEMO_PASSWORD,
            by=by,
        )


def welcome(address: str) -> str:
    """What ``make demo`` prints once the trial can be opened."""
    accounts = "\n".join(f"    {role.value:<14}{role.label}" for role in ROLES)
    return (
        f"\n  The trial is running at {address}   (Ctrl-C stops it; its data stay)\n\n"
        f"  Accounts, all with the password {settings.DEMO_PASSWORD}\n{accounts}\n"
    )
