"""A document set as PDF by Typst, its figures drawn by Vega: both in a process of their own.

The two engines would stay in a web worker for good (some 150 MB).  In their own process they end
with the report, and nothing that a worker has done before can reach its bytes::

    python -m outcomes.report.press < document.json > report.pdf

The fonts are those of two packages alone, whatever the machine has: of ``typst`` itself, and of
``pylopdf-fonts-zh-cn``.  The file claims PDF/A-2a (to be kept for decades) and PDF/UA-1 (to be read
aloud); Typst refuses to write it where it is neither.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from outcomes.figures.theme import FONT
from outcomes.report.document import Document

PROJECT = Path(__file__).resolve().parents[2]
TEMPLATE = PROJECT / "templates" / "outcomes" / "report.typ"
TIMEOUT_SECONDS = 120
FIGURE_FONT = "Noto Sans SC"
# Points of the largest figure that a page holds beside its caption, and of a pixel.
WIDEST, TALLEST, PIXEL = 481.0, 610.0, 0.75


class ReportNotSet(Exception):
    """The typesetting process failed or took too long; the text says which, and why."""


def press(document: Document, moment: dt.datetime) -> bytes:
    """``document`` as PDF, dated ``moment``: the same bytes for the same two.

    Raises ``ReportNotSet``.
    """
    job = {"document": document.as_data(), "timestamp": int(moment.timestamp())}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "outcomes.report.press"],
            input=json.dumps(job, ensure_ascii=False).encode(),
            capture_output=True,
            cwd=PROJECT,
            timeout=TIMEOUT_SECONDS,
            check=True,
        )
    except subprocess.TimeoutExpired as error:
        raise ReportNotSet(f"no report after {error.timeout:g} seconds") from error
    except subprocess.CalledProcessError as error:
        raise ReportNotSet(error.stderr.decode(errors="replace").strip()) from error
    return done.stdout


# --- inside the typesetting process ---------------------------------------------------------


def _main() -> None:
    import typst
    import vl_convert
    from pylopdf_fonts_zh_cn import sans_path

    job = json.load(sys.stdin)
    fonts = sans_path().parent
    vl_convert.register_font_directory(str(fonts))  # figures are measured in what they are set in
    document = job["document"]
    document["blocks"] = [_drawn(block) for block in document["blocks"]]
    try:
        pdf = typst.compile(
            TEMPLATE,
            format="pdf",
            ignore_system_fonts=True,
            font_paths=[fonts],
            sys_inputs={"report": json.dumps(document, ensure_ascii=False)},
            pdf_standards=["a-2a", "ua-1"],
            timestamp=job["timestamp"],
        )
    except typst.TypstError as error:
        sys.exit(f"{error.message}\n{error.diagnostic}")
    assert isinstance(pdf, bytes)  # noqa: S101 - a PDF is one file, however many pages
    sys.stdout.buffer.write(pdf)


def _drawn(block: dict[str, Any]) -> dict[str, Any]:
    """A figure with its drawing and its width in points; any other block as it is."""
    if block["kind"] != "figure":
        return block
    svg = block["svg"] or _svg(block["spec"])
    svg = svg.replace(FONT, FIGURE_FONT)
    size = ElementTree.fromstring(svg).attrib  # noqa: S314 - our own drawing
    width, height = (float(size[name]) * PIXEL for name in ("width", "height"))
    scale = min(1.0, WIDEST / width, TALLEST / height)
    return {**block, "spec": None, "svg": svg, "width": width * scale}


def _svg(spec: dict[str, Any]) -> str:
    import vl_convert

    return vl_convert.vegalite_to_svg(_in_our_font(spec), allowed_base_urls=[])


def _in_our_font(part: Any) -> Any:
    match part:
        case dict():
            return {name: _in_our_font(inner) for name, inner in part.items()}
        case list():
            return [_in_our_font(inner) for inner in part]
    return FIGURE_FONT if part == FONT else part


if __name__ == "__main__":
    _main()
