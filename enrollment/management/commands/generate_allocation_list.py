"""``manage.py generate_allocation_list --by USERNAME``: seal the list of each stratum, once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand

from enrollment.actions.allocation_lists import generate_allocation_lists
from enrollment.management.by_statistician import account, told
from trial_site.protocol import current


class Command(BaseCommand):
    help = "Generate the sealed allocation list and print its commitment, never what it holds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        rule = current().allocation
        parser.add_argument("--by", required=True, help="user name of a statistician")
        parser.add_argument(
            "--length",
            type=int,
            default=rule.usual_list,
            help="places at least; the last block is completed (default: %(default)s, beyond the "
            f"enrolment target, so that the end cannot be foreseen; at least {rule.shortest_list})",
        )
        parser.add_argument(
            "--block-sizes",
            type=int,
            nargs="+",
            default=list(rule.block_sizes),
            help="one or more of the protocol's sizes (default: %(default)s)",
        )

    def handle(self, *, by: str, length: int, block_sizes: list[int], **options: Any) -> None:
        with told(by):
            lists = generate_allocation_lists(
                by=account(by), length=length, block_sizes=block_sizes
            )
        for made in lists:
            self.stdout.write(f"{made.label}: {made.length} places, sealed")
            self.stdout.write(f"SHA-256 {made.sha256}")
