"""Writes ``docs/protocol.md`` from the protocol in force, or checks that it is up to date."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from trial_site import protocol
from trial_site.protocol.document import render

DOCUMENT = Path(protocol.__file__).parents[2] / "docs" / "protocol.md"


class Command(BaseCommand):
    help = "Write docs/protocol.md from the protocol in force."
    requires_system_checks = ("protocol",)  # a page of a broken protocol is not for signing

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="fail when the file differs; write nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        text = render(protocol.current())
        if not options["check"]:
            DOCUMENT.parent.mkdir(exist_ok=True)
            DOCUMENT.write_text(text, encoding="utf-8")
        elif not DOCUMENT.exists() or DOCUMENT.read_text(encoding="utf-8") != text:
            raise CommandError("docs/protocol.md is out of date: run manage.py protocol_doc")
