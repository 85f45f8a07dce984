"""Compiles the translations that Django reads (``.mo``) from those that people edit (``.po``).

Django's own command needs GNU gettext, which a newcomer's machine may lack; Babel is a package::

    python -m trial_site.catalogues
"""

import os
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).resolve().parent.parent / "locale"


def compile_catalogues(folder: Path = LOCALE) -> list[Path]:
    """Compile every catalogue under ``folder`` that is newer than its compiled form.

    Returns the files written.  Fuzzy entries are guesses of a tool, so they stay untranslated.
    """
    written = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime <= source.stat().st_mtime:
            _compile(source, target)
            written.append(target)
    return written


def _compile(source: Path, target: Path) -> None:
    """Write aside first: another process may be reading, or compiling, at this moment."""
    with source.open("rb") as po:
        catalogue = read_po(po, abort_invalid=True)
    aside = target.with_suffix(f".{os.getpid()}")
    with aside.open("wb") as mo:
        write_mo(mo, catalogue, use_fuzzy=False)
    aside.replace(target)


if __name__ == "__main__":
    for file in compile_catalogues():
        print(f"Compiled {file.relative_to(LOCALE.parent)}")
