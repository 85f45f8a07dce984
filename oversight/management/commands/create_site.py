"""Opens a site.  A trial needs one before its first participant."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from oversight.accounts import create_site, system_actor


class Command(BaseCommand):
    help = 'Open a site, for example: create_site PKU "Peking University People\'s Hospital"'

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", help="two to eight capital letters; begins subject numbers")
        parser.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            site = create_site(code=options["code"], name=options["name"], by=system_actor())
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from None
        self.stdout.write(self.style.SUCCESS(f"{site.code} is open: {site.name}"))
