"""``manage.py import_allocation_list FILE --by USERNAME``: seal a statistician's own list, once."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from enrollment.actions.allocation_lists import import_allocation_lists
from enrollment.management.by_statistician import account, told
from enrollment.rules.list_import import MOST_BYTES


class Command(BaseCommand):
    help = "Seal an allocation list from a CSV (position,arm[,stratum]); print its commitment."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--by", required=True, help="user name of a statistician")
        parser.add_argument("--confirmed", action="store_true", help="unequal arms are meant so")

    def handle(self, *, file: Path, by: str, confirmed: bool, **options: Any) -> None:
        try:
            with file.open("rb") as opened:
                content = opened.read(MOST_BYTES + 1)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from None
        with told(by):
            lists = import_allocation_lists(file=content, by=account(by), confirmed=confirmed)
        for made in lists:
            self.stdout.write(f"{made.label}: {made.length} places, sealed")
            self.stdout.write(f"SHA-256 {made.sha256}")
