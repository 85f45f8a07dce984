"""A check in a process of its own, which may fork and kill others, on the database of the test.

``python -m tests.apart tests.labs.killed:killed 100`` calls that function of numbers and words, and
prints what it came to as its last line.
"""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.db import connection


def came_to(function: str, *arguments: int | str, folder: Path) -> dict[str, int]:
    """What ``function`` (``module:name``) returned; also kept where ``VALIDATION_REPORT`` says."""
    environment = {
        "DATABASE_URL": _database_url(folder),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "SECRET_KEY": settings.SECRET_KEY,
        "ALLOCATION_KEY": settings.ALLOCATION_KEY,
    }
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-m", "tests.apart", function, *map(str, arguments)],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    figures: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    if report := os.environ.get("VALIDATION_REPORT"):
        Path(report).write_text(json.dumps(figures))
    return figures


def _database_url(folder: Path) -> str:
    """The database of this test; of one in memory, a copy in a file."""
    at = connection.settings_dict
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(folder / "apart.sqlite3")])
        return f"sqlite:///{folder / 'apart.sqlite3'}"
    password = f":{at['PASSWORD']}" if at["PASSWORD"] else ""
    place = f"{at['HOST'] or 'localhost'}:{at['PORT'] or 5432}/{at['NAME']}"
    return f"postgres://{at['USER']}{password}@{place}"


def _called(function: str, *arguments: str) -> Any:
    module, name = function.split(":")
    values = [int(one) if one.isdecimal() else one for one in arguments]
    return getattr(importlib.import_module(module), name)(*values)


if __name__ == "__main__":
    django.setup()
    print(json.dumps(_called(*sys.argv[1:])))
