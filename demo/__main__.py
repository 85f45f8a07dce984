"""``make demo``: prepare the demo database where there is none, then serve it.

The database is built under another name and takes its own only when it is complete, so that a
setup that was broken off is simply begun again, and one that was finished is repeated only when the
tables have changed their shape.
"""

import os
import sqlite3
import sys
from contextlib import closing
from io import StringIO
from pathlib import Path
from zlib import crc32

PROJECT = Path(__file__).resolve().parent.parent
VAR = PROJECT / "var"
DATABASE = VAR / "demo.sqlite3"
UNFINISHED = VAR / "demo.sqlite3.unfinished"
PARTICIPANTS, SEED = 10, 1


def main(arguments: list[str]) -> None:
    for folder in (VAR, PROJECT / "staticfiles"):  # the second stays empty, but is looked for
        folder.mkdir(exist_ok=True)
    if "--reset" in arguments:
        remove(DATABASE)
    elif DATABASE.exists() and made_for(DATABASE) != shape():
        print("The records have another shape now: the demo begins anew", flush=True)
        remove(DATABASE)
    if DATABASE.exists():
        use(DATABASE)
        bring_up_to_date()
    else:
        remove(UNFINISHED)
        use(UNFINISHED)
        bring_up_to_date()
        simulate()
        finish()
    serve()


def shape() -> int:
    """A number for the shape of the tables: fictional data are made again rather than migrated."""
    migrations = sorted(PROJECT.glob("*/migrations/0*.py"))
    return crc32(b"".join(migration.read_bytes() for migration in migrations)) & 0x7FFFFFFF


def made_for(database: Path) -> int:
    """The shape that the data of ``database`` were made for."""
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def use(database: Path) -> None:
    """Point the settings, not yet read, at ``database``: the demo never touches another one."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "trial_site.settings"
    os.environ["DEMO"] = "1"
    os.environ["DATABASE_URL"] = f"sqlite:///{database}"


def bring_up_to_date() -> None:
    """What a newer version of the code may bring: migrations, translations, drawing code."""
    import django
    from django.core.management import call_command

    from trial_site.catalogues import compile_catalogues

    compile_catalogues()
    django.setup()
    call_command("build_figures_bundle", stdout=StringIO())
    call_command("migrate", verbosity=0)


def simulate() -> None:
    """One site, one account a role, and participants in every state."""
    from django.core.management import call_command

    print(f"Simulating {PARTICIPANTS} participants", flush=True)
    call_command("simulate", participants=PARTICIPANTS, seed=SEED, stdout=StringIO())


def finish() -> None:
    """Fold SQLite's write-ahead log into the file, and give the file its name."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA user_version = {shape()}")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    UNFINISHED.rename(DATABASE)
    remove(UNFINISHED)


def remove(database: Path) -> None:
    for part in VAR.glob(f"{database.name}*"):
        part.unlink()


def serve() -> None:
    """Become the server: web, Celery worker and beat (``demo/gunicorn.py``)."""
    use(DATABASE)
    sys.stdout.flush()
    command = [sys.executable, "-m", "gunicorn", "-c", "python:demo.gunicorn", "trial_site.wsgi"]
    os.execv(sys.executable, command)  # noqa: S606 - our own arguments


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit("\nStopped; the same command goes on from here.")
