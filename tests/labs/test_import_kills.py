"""An import that dies at any moment loses nothing and doubles nothing; nor do two at once.

A few kills here; ``make validate`` makes more, by ``IMPORT_KILLS``, and keeps what they came to in
the file that ``VALIDATION_REPORT`` names.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from labs.actions import import_runs
from labs.actions.imports import run_import
from labs.models import ImportFile, Laboratory, Result
from oversight import verification
from tests import factories
from tests.enrollment.crowd import at_once, one_crowd_at_a_time
from tests.labs.examples import hours_ago
from tests.labs.sent import as_csv, at, brought, confirmed, laboratory_of, outcomes, row
from trial_site.models import Site

KILLS = int(os.environ.get("IMPORT_KILLS", "4"))
ROWS, WORKERS = 60, 4

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("R26")]


@pytest.fixture
def laboratory(transactional_db: None) -> Laboratory:
    site: Site = factories.site()
    for _ in range(3):
        factories.enrolled(site)
    return laboratory_of(site)


def database_url(folder: Path) -> str:
    """The database of this test; of one in memory, a copy in a file."""
    at = connection.settings_dict
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(folder / "kills.sqlite3")])
        return f"sqlite:///{folder / 'kills.sqlite3'}"
    password = f":{at['PASSWORD']}" if at["PASSWORD"] else ""
    place = f"{at['HOST'] or 'localhost'}:{at['PORT'] or 5432}/{at['NAME']}"
    return f"postgres://{at['USER']}{password}@{place}"


def test_workers_killed_at_random_moments_lose_and_double_nothing(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    environment = {
        "DATABASE_URL": database_url(tmp_path),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "SECRET_KEY": settings.SECRET_KEY,
        "ALLOCATION_KEY": settings.ALLOCATION_KEY,
    }
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-m", "tests.labs.killed", str(KILLS)],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    came_to = json.loads(done.stdout.splitlines()[-1])
    assert came_to["kills"] >= KILLS
    if report := os.environ.get("VALIDATION_REPORT"):
        Path(report).write_text(json.dumps(came_to))


@pytest.mark.postgres
def test_workers_at_one_file_and_at_two_files_of_the_same_people_write_every_row_once(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers a file; the files name the same participants, in opposite orders."""
    monkeypatch.setattr(import_runs, "CHUNK", 5)
    subjects = list(laboratory.site.participants.values_list("subject", flat=True))

    def rows(hours: int) -> list[dict[str, str]]:
        return [
            row(subjects[turn % 3], Collected=at(hours_ago(hours + turn))) for turn in range(ROWS)
        ]

    files = [
        confirmed(brought(laboratory, as_csv(lines), name=name), takes_doubtful=True)
        for lines, name in ((rows(1), "one.csv"), (rows(100)[::-1], "two.csv"))
    ]

    def work(number: int) -> str:
        run_import(files[number % 2].pk)
        return "done"

    with one_crowd_at_a_time():
        at_once(work, WORKERS)
    assert Result.objects.count() == 2 * ROWS
    for file in files:
        assert set(outcomes(file).values()) == {"written"}
        assert ImportFile.objects.get(pk=file.pk).status == ImportFile.Status.DONE
        assert Result.objects.filter(import_file=file).count() == ROWS
    assert not list(verification.verify())
