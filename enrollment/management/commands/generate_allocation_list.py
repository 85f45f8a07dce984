"""``manage.py generate_allocation_list --by USERNAME [--length N]``: seal the list, once."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management import BaseCommand, CommandError

from enrollment.actions.allocation import generate_allocation_list
from oversight.refusals import Refused
from trial_site.models import User
from trial_site.protocol import current


class Command(BaseCommand):
    help = "Generate the sealed allocation list and print its commitment, never what it holds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        target = current().identification.enrolment_target
        parser.add_argument("--by", required=True, help="user name of a statistician")
        parser.add_argument(
            "--length",
            type=int,
            default=2 * target,
            help="places at least; the last block is completed (default: %(default)s, twice the "
            "enrolment target, so that the end cannot be foreseen)",
        )

    def handle(self, *, by: str, length: int, **options: Any) -> None:
        if length < 1:
            raise CommandError("The list needs at least one place")
        try:
            made = generate_allocation_list(by=User.objects.get(username=by), length=length)
        except User.DoesNotExist:
            raise CommandError(f"There is no account named {by}") from None
        except PermissionDenied:
            raise CommandError(f"{by} is no statistician, who alone generates the list") from None
        except Refused as refused:
            raise CommandError(str(refused.message)) from None
        self.stdout.write(f"{made.label}: {made.length} places, sealed")
        self.stdout.write(f"SHA-256 {made.sha256}")
