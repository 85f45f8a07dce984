"""Whether the Chinese catalogue says everything that the English pages say (``make lint``).

Messages are collected as ``make messages`` collects them, but from a copy of the sources, so that
the check changes nothing.  Collecting needs GNU gettext; the rest is checked without it.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

PROJECT = Path(__file__).resolve().parent.parent
LANGUAGE = "zh_Hans"
CATALOGUE = Path("locale", LANGUAGE, "LC_MESSAGES", "django.po")


def main() -> int:
    if not (PROJECT / CATALOGUE).exists():
        sys.exit(f"{CATALOGUE} is missing: run make messages")
    catalogue = read(PROJECT / CATALOGUE)
    problems = list(unfinished(catalogue))
    if shutil.which("xgettext"):
        with TemporaryDirectory() as folder:
            problems += differences(collected(Path(folder)), catalogue)
    elif os.environ.get("CI") == "true":
        problems.append("gettext is required in CI")
    else:
        print("gettext is not installed: whether a message is missing was not checked")
    for problem in problems:
        print(f"{CATALOGUE}: {problem}")
    return len(problems) > 0


def read(file: Path) -> Catalog:
    with file.open("rb") as po:
        return read_po(po, abort_invalid=True)


def messages(catalogue: Catalog) -> dict[tuple[str | None, str], Message]:
    """By context and English text; the header, which has no text, is left out."""
    return {(message.context, text(message)): message for message in catalogue if message.id}


def text(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def plural(message: Message) -> str:
    """The form that Chinese, which has only one, translates."""
    return message.id if isinstance(message.id, str) else message.id[-1]


def chinese(message: Message) -> list[str]:
    """Its forms; an empty one where there is none yet."""
    forms = [message.string] if isinstance(message.string, str) else message.string or [""]
    return [form or "" for form in forms]


def placeholders(string: str) -> set[str]:
    """What is filled in: a number that got lost in translation is a number that nobody sees."""
    return set(re.findall(r"%\(\w+\)\w|\{\w*\}", string))


def unfinished(catalogue: Catalog) -> Iterator[str]:
    """Entries that a reader would see in English, or that would break a page."""
    for (_, english), message in messages(catalogue).items():
        strings = chinese(message)
        if not all(strings):
            yield f"not translated: {english!r}"
        elif message.fuzzy:
            yield f"only guessed (fuzzy): {english!r}"
        elif any(placeholders(string) != placeholders(plural(message)) for string in strings):
            yield f"other placeholders than the English: {english!r}"


def differences(now: Catalog, catalogue: Catalog) -> list[str]:
    """What the sources say and the catalogue lacks, and the other way round."""
    wanted, present = messages(now), messages(catalogue)
    return [
        *(f"missing, run make messages: {key[1]!r}" for key in wanted if key not in present),
        *(f"no longer used, run make messages: {key[1]!r}" for key in present if key not in wanted),
    ]


def collected(folder: Path) -> Catalog:
    """Every message of the sources, from a copy of them in ``folder``."""
    for name in tracked():
        if name.endswith((".py", ".html", ".txt", ".po")) and (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, folder / name)
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    subprocess.run(  # noqa: S603
        [sys.executable, "-m", "django", "makemessages", f"--locale={LANGUAGE}"],
        cwd=folder,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return read(folder / CATALOGUE)


def tracked() -> list[str]:
    """The project's own files: those in git, and new ones that it does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=PROJECT,
        check=True,
        capture_output=True,
        text=True,
    )
    unseen = ("tests/", "bench/")  # no user reads what they say
    return [name for name in listed.stdout.splitlines() if not name.startswith(unseen)]


if __name__ == "__main__":
    sys.exit(main())
