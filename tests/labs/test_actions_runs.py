"""A whole PCR run: all of it or nothing, once, in an order that cannot block."""

import datetime as dt
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enrollment.models import Participant
from labs.actions import Entry, RowsRefused, RunRow, Sample, record_run
from labs.models import FiredCheck, Result, Specimen
from labs.permissions import ENTER_RESULTS
from oversight.recording import AlreadyRecorded
from oversight.refusals import NeedsConfirmation, Refused
from oversight.trail import AuditEntry
from tests import factories
from tests.labs.examples import entered, hours_ago, pcr
from trial_site.models import Site, User
from trial_site.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(site: Site) -> list[Participant]:
    return [factories.enrolled(site) for _ in range(3)]


def row(number: int, participant: Participant, entry: Entry | None = None, **when: Any) -> RunRow:
    sample = Sample(Specimen.Kind.PLASMA, **({"collected_at": hours_ago(4)} | when))
    return RunRow(number, participant, sample, entry or pcr("52000", lod="200"))


def saved(rows: list[RunRow], by: User, *, confirmed: bool = False, key: UUID | None = None) -> Any:
    return record_run(rows, by=by, confirmed=confirmed, key=key or uuid4())


def test_every_row_becomes_a_result_of_its_own_specimen(
    people: list[Participant], lab: User
) -> None:
    values = [pcr("52000"), pcr("500", "<"), pcr(None, "ND", lod="200")]
    rows = [
        row(n, who, entry) for n, (who, entry) in enumerate(zip(people, values, strict=True), 1)
    ]
    results = saved(rows, lab)
    assert [(r.participant, r.printed) for r in results] == list(
        zip(people, ["52000", "<500", "not detected"], strict=True)
    )
    assert Specimen.objects.count() == 3
    for who in people:
        chain = AuditEntry.objects.filter(chain__name=f"participant:{who.pk}")
        assert {"labs.specimen", "labs.result"} <= set(chain.values_list("model", flat=True))


def test_one_bad_row_saves_none(people: list[Participant], lab: User) -> None:
    late = row(2, people[1], collected_at=hours_ago(-5))
    with pytest.raises(RowsRefused) as refused:
        saved([row(1, people[0]), late, row(3, people[2])], lab)
    assert [number for number, _ in refused.value.rows] == [2]
    assert "row 2" in str(refused.value.reasons[0])
    assert not Specimen.objects.exists()
    assert not Result.objects.exists()


def test_a_participant_at_one_time_twice_is_refused(people: list[Participant], lab: User) -> None:
    with pytest.raises(RowsRefused) as refused:
        saved([row(1, people[0]), row(4, people[1]), row(7, people[0])], lab)
    assert [(n, str(why)) for n, why in refused.value.rows] == [
        (7, "this sample stands in row 1 already")
    ]
    assert not Result.objects.exists()


def test_a_participant_at_two_times_is_two_samples(people: list[Participant], lab: User) -> None:
    later = row(2, people[0], collected_at=hours_ago(2))
    assert len(saved([row(1, people[0]), later], lab)) == 2
    assert Specimen.objects.count() == 2


def test_a_sample_with_a_result_is_refused(people: list[Participant], lab: User) -> None:
    entered(people[1], pcr("41000"), hours=4)
    with pytest.raises(RowsRefused) as refused:
        saved([row(1, people[0]), row(2, people[1])], lab)
    assert [(n, str(why)) for n, why in refused.value.rows] == [
        (2, "this sample has a result already; correct it instead")
    ]
    assert Result.objects.count() == 1


def test_blood_drawn_after_the_consent_was_withdrawn_is_refused(
    people: list[Participant], lab: User
) -> None:
    factories.withdraw(people[0])
    with pytest.raises(RowsRefused) as refused:
        saved([row(1, people[0], collected_at=hours_ago(0) + dt.timedelta(minutes=1))], lab)
    assert "consent was withdrawn" in str(refused.value.rows[0][1])


@pytest.mark.requirement("R07")
def test_doubts_of_all_rows_are_asked_before_anything_is_written(
    people: list[Participant], lab: User
) -> None:
    rows = [
        row(1, people[0], pcr("21000000")),
        row(2, people[1]),
        row(3, people[2], pcr("99")),
    ]
    key = uuid4()
    with pytest.raises(NeedsConfirmation) as doubt:
        saved(rows, lab, key=key)
    assert [code for code, _ in doubt.value.questions] == ["1-cmv_dna", "3-cmv_dna"]
    assert not Specimen.objects.exists()
    fired = FiredCheck.objects.filter(form_key=key)
    assert {(f.participant, f.printed) for f in fired} == {
        (people[0], "21000000"),
        (people[2], "99"),
    }
    first, second, third = saved(rows, lab, confirmed=True, key=key)
    assert [len(r.confirmed_checks) for r in (first, second, third)] == [1, 0, 1]
    assert first.form_key == key


def test_an_impossible_row_refuses_the_run(people: list[Participant], lab: User) -> None:
    with pytest.raises(Refused, match="cannot be true"):
        saved([row(1, people[0]), row(2, people[1], pcr("0"))], lab, confirmed=True)
    assert not Result.objects.exists()
    assert FiredCheck.objects.get().participant == people[1]


def test_a_run_sent_twice_is_saved_once(people: list[Participant], lab: User) -> None:
    rows, key = [row(1, people[0])], uuid4()
    saved(rows, lab, key=key)
    with pytest.raises(AlreadyRecorded):
        saved(rows, lab, key=key)
    assert Result.objects.count() == 1


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", sorted(set(Role) - ENTER_RESULTS.roles))
def test_nobody_else_enters_a_run(people: list[Participant], site: Site, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        saved([row(1, people[0])], factories.user(role, site))


@pytest.mark.requirement("R11")
def test_a_participant_of_another_site_stops_the_run(
    people: list[Participant], stranger: Participant, lab: User
) -> None:
    with pytest.raises(PermissionDenied):
        saved([row(1, people[0]), row(2, stranger)], lab)
    assert not Specimen.objects.exists()


def test_participants_are_locked_in_the_order_of_their_keys(
    people: list[Participant], lab: User
) -> None:
    rows = [row(n, who) for n, who in enumerate(reversed(people), 1)]
    with CaptureQueriesContext(connection) as queries:
        saved(rows, lab)
    reads = [q["sql"] for q in queries if 'FROM "enrollment_participant"' in q["sql"]]
    assert len(reads) == 1
    assert 'ORDER BY "enrollment_participant"."id" ASC' in reads[0]
