"""An import that dies at any moment loses nothing and doubles nothing; nor do two at once.

A few kills here; ``make validate`` makes more, by ``IMPORT_KILLS``, and keeps what they came to in
the file that ``VALIDATION_REPORT`` names.
"""

import os
from pathlib import Path

import pytest

from labs.actions import import_runs
from labs.actions.imports import run_import
from labs.models import ImportFile, Laboratory, Result
from oversight import verification
from tests import factories
from tests.apart import came_to
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


def test_workers_killed_at_random_moments_lose_and_double_nothing(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    came = came_to("tests.labs.killed:killed", KILLS, folder=tmp_path)
    assert came["kills"] >= KILLS


@pytest.mark.postgres
def test_workers_at_one_file_and_at_two_files_of_the_same_people_write_every_row_once(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers a file, one a share; both files name the same people, in opposite orders."""
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
        run_import(files[number % 2].pk, number // 2)
        return "done"

    with one_crowd_at_a_time():
        at_once(work, WORKERS)
    assert Result.objects.count() == 2 * ROWS
    for file in files:
        assert set(outcomes(file).values()) == {"written"}
        assert ImportFile.objects.get(pk=file.pk).status == ImportFile.Status.DONE
        assert Result.objects.filter(import_file=file).count() == ROWS
    assert not list(verification.verify())
