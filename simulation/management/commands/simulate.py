import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from oversight.refusals import Refused
from simulation.bulk import simulate_in_bulk
from simulation.trial import simulate

MORNING_ROUND = dt.time(9, 45)


class Command(BaseCommand):
    help = "Play fictional participants through the real actions, in a demo database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--participants", type=int, default=10)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--as-of", type=dt.date.fromisoformat, help="YYYY-MM-DD; today by default"
        )
        parser.add_argument(
            "--bulk", action="store_true", help="For many: play each kind of course once, copy it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Fictional participants belong in a demo database (DEMO=1) only")
        as_of = self._as_of(options["as_of"])
        try:
            run = simulate_in_bulk if options["bulk"] else simulate
            run(
                participants=options["participants"],
                seed=options["seed"],
                as_of=as_of,
                progress=self._progress if options["verbosity"] > 1 else str,
            )
        except Refused as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(
            self.style.SUCCESS(f"{options['participants']} participants are simulated")
        )

    @staticmethod
    def _as_of(day: dt.date | None) -> dt.datetime:
        """The morning round of ``day``, or of today, with the later doses still to be given."""
        now = timezone.localtime()
        round_ = dt.datetime.combine(day or now.date(), MORNING_ROUND, now.tzinfo)
        return round_ if day else min(now, round_)

    def _progress(self, day: str) -> None:
        self.stdout.write(day)
