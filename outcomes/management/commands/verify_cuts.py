from typing import Any

from django.core.management.base import BaseCommand, CommandError

from outcomes.cuts.checking import check
from outcomes.models import DataCut


class Command(BaseCommand):
    help = "Hold every data cut against its signatures and the record as of its cut-off."

    def handle(self, *args: Any, **options: Any) -> None:
        failed = 0
        for cut in DataCut.objects.order_by("number"):
            found = check(cut)
            failed += not found.is_same
            self.stdout.write(f"{cut}: {'same as signed' if found.is_same else 'DIFFERS'}")
            for problem in found.problems:
                self.stderr.write(f"{cut}: {problem}")
            if found.differing and found.other_code:
                self.stderr.write(f"{cut}: frozen with the code {cut.code_version}")
        if failed:
            raise CommandError(f"{failed} data cuts are not what was signed")
        self.stdout.write(self.style.SUCCESS("Every data cut is what was signed"))
