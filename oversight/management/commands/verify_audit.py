from typing import Any

from django.core.management.base import BaseCommand, CommandError

from oversight import verification


class Command(BaseCommand):
    help = "Compute every audit chain again and compare each live row with its last version."

    def handle(self, *args: Any, **options: Any) -> None:
        findings = 0
        for finding in verification.verify():
            findings += 1
            self.stderr.write(str(finding))
        counted = verification.summary()
        self.stdout.write(f"{counted['entries']} entries in {counted['chains']} chains")
        if findings:
            raise CommandError(f"{findings} findings: the record is not as it was written")
        self.stdout.write(self.style.SUCCESS("The record is as it was written"))
