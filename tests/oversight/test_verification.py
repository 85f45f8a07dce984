"""Tampering is found: triggers dropped by hand, rows changed behind the application's back."""

from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from enrollment.models import Participant
from oversight import triggers, verification
from tests import factories
from trial_site.models import Site

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R02")]


@pytest.fixture
def participant(site: Site) -> Participant:
    return factories.on_treatment(site)


@pytest.fixture
def tamper(participant: Participant) -> Callable[[str], None]:
    def run(sql: str) -> None:
        triggers.remove(connection)
        with connection.cursor() as cursor:
            cursor.execute(sql)
            assert cursor.rowcount > 0

    return run


def found() -> str:
    return "\n".join(map(str, verification.verify()))


def test_an_untouched_record_has_no_findings(participant: Participant) -> None:
    assert found() == ""
    call_command("verify_audit")


@pytest.mark.parametrize(
    ("sql", "finding"),
    [
        ("UPDATE dosing_historicaladministration SET amount = '299'", "history row was altered"),
        ("DELETE FROM dosing_historicaladministration", "history row is missing"),
        ("UPDATE dosing_administration SET amount = '299'", "differs from its last version"),
        ("UPDATE oversight_auditentry SET reason = 'x' WHERE sequence = 1", "was altered after"),
        ("DELETE FROM oversight_auditentry WHERE chain_id = 'trial' AND sequence = 2", "missing"),
        (
            "DELETE FROM oversight_auditentry WHERE chain_id = 'trial' AND sequence = "
            "(SELECT MAX(sequence) FROM oversight_auditentry WHERE chain_id = 'trial')",
            "does not end where its head says",
        ),
    ],
)
def test_tampering_is_found(tamper: Callable[[str], None], sql: str, finding: str) -> None:
    tamper(sql)
    assert finding in found()
    with pytest.raises(CommandError):
        call_command("verify_audit")


@pytest.mark.requirement("R03")
def test_a_row_inserted_by_sql_is_found(tamper: Callable[[str], None]) -> None:
    columns = "screening_id, participant_id, before, after, at, by_id, why, version"
    tamper(
        f"INSERT INTO enrollment_move ({columns}) SELECT {columns} FROM enrollment_move"  # noqa: S608
    )
    assert "live row without a version" in found()
