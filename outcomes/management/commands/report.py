import datetime as dt
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from outcomes.report.issue import issue, latest_cut_off
from outcomes.report.press import ReportNotSet
from trial_site.models import User


class Command(BaseCommand):
    help = "Write the report of an account's sites as PDF, as the page /outcomes/report/ makes it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="whose sites, and who is noted in the audit trail")
        parser.add_argument(
            "--as-of",
            type=dt.datetime.fromisoformat,
            help="the data cut-off, a moment with its offset; the last minute that is over",
        )
        parser.add_argument("--language", choices=dict(settings.LANGUAGES), default="en")
        parser.add_argument("--output", type=Path, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        moment = options["as_of"] or latest_cut_off()
        try:
            user = User.objects.get(username=options["username"])
            issued = issue(user, moment, options["language"])
        except (User.DoesNotExist, ValueError, ReportNotSet) as error:
            raise CommandError(str(error)) from None
        options["output"].write_bytes(issued.pdf)
        self.stdout.write(f"{issued.sha256}  {options['output']}")
