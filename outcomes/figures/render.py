"""A Vega-Lite specification drawn as SVG or PDF, for print and for pages without scripts.

``vl_convert`` carries a JavaScript engine: drawing one figure adds 95 MB to a process for good.
It therefore runs in a process of its own that ends with the drawing (about half a second), and a
web worker that draws stays as small as one that does not::

    python -m outcomes.figures.render svg < specification.json > figure.svg
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

Format = Literal["svg", "pdf", "svg-to-pdf"]

PROJECT = Path(__file__).resolve().parents[2]
TIMEOUT_SECONDS = 30
# vl_convert takes this for the base of every relative address; our links stay relative.
FOREIGN_BASE = "https://vega.github.io/vega-datasets/"


class FigureNotDrawn(Exception):
    """The drawing process failed or took too long; the text says which, and why."""


def svg(spec: Mapping[str, Any]) -> bytes:
    """``spec`` as an SVG document.  Raises ``FigureNotDrawn``."""
    return _drawn(spec, "svg")


def pdf(spec: Mapping[str, Any]) -> bytes:
    """``spec`` as a PDF document of one page.  Raises ``FigureNotDrawn``."""
    return _drawn(spec, "pdf")


def pdf_of(drawing: str) -> bytes:
    """A ready SVG document as a PDF document of one page.  Raises ``FigureNotDrawn``."""
    return _run(drawing, "svg-to-pdf")


def _drawn(spec: Mapping[str, Any], form: Format) -> bytes:
    return _run(json.dumps(spec), form)


def _run(source: str, form: Format) -> bytes:
    try:
        drawing = subprocess.run(  # noqa: S603 - our own module; the spec goes through stdin
            [sys.executable, "-m", "outcomes.figures.render", form],
            input=source.encode(),
            capture_output=True,
            cwd=PROJECT,
            timeout=TIMEOUT_SECONDS,
            check=True,
        )
    except subprocess.TimeoutExpired as error:
        raise FigureNotDrawn(f"no {form} after {error.timeout:g} seconds") from error
    except subprocess.CalledProcessError as error:
        reason = error.stderr.decode(errors="replace").strip()
        raise FigureNotDrawn(f"no {form}: {reason}") from error
    return drawing.stdout


# --- inside the drawing process -------------------------------------------------------------


def _draw(form: str, source: str) -> bytes:
    import vl_convert

    if form == "svg-to-pdf":
        return vl_convert.svg_to_pdf(source)
    # No base address is allowed, so that a specification can never make the server fetch one.
    if form == "pdf":
        return vl_convert.vegalite_to_pdf(source, allowed_base_urls=[])
    drawing = vl_convert.vegalite_to_svg(source, allowed_base_urls=[])
    return drawing.replace(FOREIGN_BASE, "").encode()


def _main() -> None:
    try:
        drawing = _draw(sys.argv[1], sys.stdin.read())
    except ValueError as error:
        # The lines of the engine's own stack say nothing about the specification.
        sys.exit(" ".join(line for line in str(error).splitlines() if "    at " not in line))
    sys.stdout.buffer.write(drawing)


if __name__ == "__main__":
    _main()
