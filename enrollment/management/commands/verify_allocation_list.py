"""``manage.py verify_allocation_list FILE``: the published list against what was done with it."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from enrollment.allocations import list_publications, used_slots
from enrollment.models import AllocationList
from enrollment.rules.list_proof import findings
from oversight import verification
from trial_site.protocol import current


class Command(BaseCommand):
    help = (
        "Prove that a published allocation list is the one that was committed to and that every "
        "allocation followed it.  Ends with 1 and one line a finding where it does not hold."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--stratum", default=current().allocation.whole_trial.code)

    def handle(self, *, file: Path, stratum: str, **options: Any) -> None:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from None
        found = AllocationList.objects.filter(stratum=stratum).first()
        if found is None:
            raise CommandError(f"There is no list of stratum {stratum}")
        used = used_slots(found)
        published = list_publications(found)
        proof = findings(content, stored=found.sha256, published=published, used=used)
        wrong = [*map(str, verification.chains()), *map(str, proof)]
        for line in wrong:
            self.stderr.write(line)
        if wrong:
            raise CommandError(f"{len(wrong)} findings: the list is not proved")
        self.stdout.write(f"{found.label}: {len(used)} allocations follow the list in order")
        self.stdout.write(f"SHA-256 {found.sha256}, as published before the first of them")
