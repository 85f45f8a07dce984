"""Creates an account: the first administrator's, who makes the others in the browser."""

import os
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from oversight.accounts import create_account, system_actor
from trial_site.models import Site
from trial_site.roles import PEOPLE

PASSWORD_VARIABLE = "ACCOUNT_PASSWORD"  # noqa: S105 - the name of a variable


class Command(BaseCommand):
    help = (
        "Create an account, for example: create_account li.na admin. Asks for the password, or "
        f"takes it from {PASSWORD_VARIABLE}: never from the command line, which others can read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("role", choices=sorted(PEOPLE))
        parser.add_argument("--site", action="append", default=[], help="a site's code; repeatable")

    def handle(self, *args: Any, **options: Any) -> None:
        sites = [_site(code) for code in options["site"]]
        try:
            user = create_account(
                username=options["username"],
                role=options["role"],
                sites=sites,
                password=_password(),
                by=system_actor(),
            )
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from None
        self.stdout.write(self.style.SUCCESS(f"{user.username} is {user.get_role_display()}"))


def _site(code: str) -> Site:
    try:
        return Site.objects.get(code=code)
    except Site.DoesNotExist:
        raise CommandError(f"There is no site {code}: open it with create_site") from None


def _password() -> str:
    password = os.environ.get(PASSWORD_VARIABLE)
    if password is None:
        password = getpass("Password: ")
        if password != getpass("The same again: "):
            raise CommandError("The two passwords differ")
    return password
