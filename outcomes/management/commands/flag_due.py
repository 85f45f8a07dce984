from typing import Any

from django.core.management.base import BaseCommand

from outcomes.tasks import flag_due


class Command(BaseCommand):
    help = "Raise and resolve follow-up flags now, as the scheduled task does."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(flag_due())
