"""Builds the script that draws interactive figures in the browser."""

from importlib.metadata import version
from pathlib import Path

import vl_convert
from django.conf import settings
from django.core.management.base import BaseCommand

SNIPPET = "window.vegaEmbed = vegaEmbed;"


class Command(BaseCommand):
    """Writes ``static/bundle/vega.js``: Vega, Vega-Lite and Vega-Embed as ``window.vegaEmbed``.

    The libraries come out of the installed vl-convert, so a build needs neither a network nor
    Node, and the browser draws with the very versions that draw the printed figures.  A bundle of
    that version is left alone.
    """

    help = "Builds static/bundle/vega.js from the installed vl-convert-python."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own spelling

    def handle(self, *args: object, **options: object) -> None:
        target = settings.BASE_DIR / "static" / "bundle" / "vega.js"
        stamp = f"/* vl-convert-python {version('vl-convert-python')}: {SNIPPET} */\n"
        if _starts_with(target, stamp):
            self.stdout.write("The figure bundle is up to date.")
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_suffix(".part")
        unfinished.write_text(stamp + vl_convert.javascript_bundle(SNIPPET), encoding="utf-8")
        unfinished.replace(target)
        self.stdout.write(f"Wrote {target.relative_to(settings.BASE_DIR)}.")


def _starts_with(path: Path, text: str) -> bool:
    if not path.exists():
        return False
    with path.open(encoding="utf-8") as file:
        return file.readline() == text
