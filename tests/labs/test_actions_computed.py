"""Counts that follow from percentages: computed with their steps, and kept current."""

import datetime as dt
from decimal import Decimal
from uuid import uuid4

import pytest

from enrollment.models import Participant
from labs.actions import Entry, Sample, correct_result, mark_in_error, record_results
from labs.actions.receipts import correct_specimen
from labs.models import Correction, Result, ResultStatus, Specimen
from oversight.refusals import Refused
from oversight.trail import AuditEntry
from tests.labs.examples import hours_ago
from trial_site.models import User

pytestmark = pytest.mark.django_db


def entry(analyte: str, value: str, unit: str = "%", operator: str = "=") -> Entry:
    return Entry(analyte, unit, Decimal(value), operator)


def drawn(
    participant: Participant, lab: User, *entries: Entry, at: dt.datetime | None = None
) -> list[Result]:
    sample = Sample(Specimen.Kind.WHOLE_BLOOD, at or hours_ago(4))
    return record_results(
        participant, sample=sample, entries=entries, by=lab, confirmed=True, key=uuid4()
    )


def counts() -> dict[str, str]:
    rows = Result.objects.in_force().filter(source=Result.Source.COMPUTED)
    return {row.analyte: row.printed for row in rows}


def count(analyte: str) -> Result:
    found: Result = Result.objects.in_force().get(analyte=analyte)
    return found


def corrected(result: Result, value: str, lab: User, operator: str = "=") -> Result:
    new = Entry(result.analyte, result.unit, Decimal(value), operator)
    return correct_result(
        result, entry=new, reason="Misread", version=result.version, by=lab, key=uuid4()
    )


def noon() -> dt.datetime:
    """Yesterday at noon at the site: hours before and after it are of the same day."""
    return (hours_ago(24)).replace(hour=4, minute=0)


def test_the_worked_example(participant: Participant, lab: User) -> None:
    drawn(
        participant, lab,
        entry("lymphocytes", "1.20", "10^9/L"), entry("nk_percent", "11.5"),
        entry("nk_bright_percent", "6"), entry("nk_dim_percent", "90.0"),
    )  # fmt: skip
    assert {name: Decimal(value) for name, value in counts().items()} == {
        "nk_count": Decimal("138"),
        "nk_bright_count": Decimal("8.28"),
        "nk_dim_count": Decimal("124.2"),
    }
    saved = count("nk_count")
    assert (saved.unit, saved.canonical_value) == ("cells/µL", Decimal("138"))
    step, source = (remark["text"] for remark in saved.remarks)
    assert "÷ 100 =" in step
    assert source == "lymphocytes %(value)s of this specimen"
    assert AuditEntry.objects.filter(model="labs.result", object_id=str(saved.pk)).count() == 1


@pytest.mark.parametrize(
    ("percent", "operator", "printed"),
    [("11.5", "=", "138"), ("0", "=", "0"), ("0.5", "<", "<6"), ("90", ">", ">1080")],
)
def test_a_bound_gives_a_bound(
    participant: Participant, lab: User, percent: str, operator: str, printed: str
) -> None:
    nk = entry("nk_percent", percent, operator=operator)
    drawn(participant, lab, entry("lymphocytes", "1.20", "10^9/L"), nk)
    saved = count("nk_count")
    assert saved.operator == (printed[0] if printed[0] in "<>" else "=")
    assert saved.value == Decimal(printed.strip("<>"))


def test_without_lymphocytes_or_with_no_number_there_is_no_count(
    participant: Participant, lab: User
) -> None:
    drawn(participant, lab, entry("nk_percent", "11.5"), at=hours_ago(100))
    unevaluable = Entry("nk_percent", "%", None, "NE", note="Too few cells")
    drawn(participant, lab, entry("lymphocytes", "1.20", "10^9/L"), unevaluable)
    assert counts() == {}


def test_lymphocytes_come_from_the_nearest_blood_count_of_the_day(
    participant: Participant, lab: User
) -> None:
    at = noon()
    drawn(participant, lab, entry("lymphocytes", "2", "10^9/L"), at=at - dt.timedelta(hours=5))
    drawn(participant, lab, entry("lymphocytes", "1.20", "10^9/L"), at=at + dt.timedelta(hours=1))
    drawn(participant, lab, entry("lymphocytes", "9", "10^9/L"), at=at - dt.timedelta(days=1))
    drawn(participant, lab, entry("nk_percent", "11.5"), at=at)
    assert count("nk_count").value == Decimal("138")
    remark = count("nk_count").remarks[1]
    assert remark["text"] == "lymphocytes %(value)s of the blood count collected %(when)s"
    assert remark["params"]["when"].endswith("13:00")


def test_a_blood_count_that_comes_later_completes_the_counts(
    participant: Participant, lab: User
) -> None:
    at = noon()
    drawn(participant, lab, entry("nk_percent", "11.5"), at=at)
    assert counts() == {}
    drawn(participant, lab, entry("lymphocytes", "1.20", "10^9/L"), at=at + dt.timedelta(hours=3))
    assert count("nk_count").value == Decimal("138")


def test_a_printed_count_stands_and_its_subsets_start_from_it(
    participant: Participant, lab: User
) -> None:
    drawn(
        participant, lab,
        entry("lymphocytes", "1.20", "10^9/L"), entry("nk_percent", "11.5"),
        entry("nk_count", "140", "cells/µL"), entry("nk_bright_percent", "6"),
    )  # fmt: skip
    assert not count("nk_count").is_computed
    assert counts() == {"nk_bright_count": "8.4"}


def test_a_computed_count_is_never_typed_over(participant: Participant, lab: User) -> None:
    at = hours_ago(4)
    drawn(
        participant, lab, entry("lymphocytes", "1.20", "10^9/L"), entry("nk_percent", "11.5"), at=at
    )
    with pytest.raises(Refused, match="computed"):
        corrected(count("nk_count"), "140", lab)
    with pytest.raises(Refused, match="results already"):
        drawn(participant, lab, entry("nk_count", "140", "cells/µL"), at=at)
    assert count("nk_count").value == Decimal("138")


@pytest.mark.requirement("R04")
def test_a_corrected_percentage_computes_its_counts_anew(
    participant: Participant, lab: User
) -> None:
    results = drawn(
        participant, lab,
        entry("lymphocytes", "1.20", "10^9/L"), entry("nk_percent", "11.5"),
        entry("nk_bright_percent", "6"),
    )  # fmt: skip
    first = count("nk_count")
    corrected(results[1], "12.5", lab)
    again = count("nk_count")
    assert again.pk == first.pk
    assert (again.value, again.status) == (Decimal("150"), ResultStatus.CORRECTED)
    assert count("nk_bright_count").value == Decimal("9")
    assert again.history.count() == 2
    assert AuditEntry.objects.filter(object_id=str(again.pk), model="labs.result").last().reason
    assert Correction.objects.count() == 1


def test_corrected_lymphocytes_of_the_day_compute_the_counts_anew(
    participant: Participant, lab: User
) -> None:
    at = noon()
    (lymphocytes,) = drawn(participant, lab, entry("lymphocytes", "2", "10^9/L"), at=at)
    drawn(participant, lab, entry("nk_percent", "11.5"), at=at + dt.timedelta(hours=2))
    assert count("nk_count").value == Decimal("230")
    corrected(lymphocytes, "1.20", lab)
    assert count("nk_count").value == Decimal("138")


def test_a_count_that_nothing_gives_any_more_is_in_error(
    participant: Participant, lab: User
) -> None:
    _, percent = drawn(
        participant, lab, entry("lymphocytes", "1.20", "10^9/L"), entry("nk_percent", "11.5")
    )
    mark_in_error(percent, reason="Wrong tube", version=percent.version, by=lab, key=uuid4())
    assert counts() == {}
    assert Result.objects.get(analyte="nk_count").status == ResultStatus.IN_ERROR


def test_what_counts_do_not_depend_on_computes_nothing(participant: Participant, lab: User) -> None:
    drawn(participant, lab, entry("anc", "3.2", "10^9/L"))
    assert Result.objects.count() == 1


def test_a_blood_count_moved_to_another_day_takes_its_counts_along(
    participant: Participant, lab: User
) -> None:
    at = noon()
    (lymphocytes,) = drawn(participant, lab, entry("lymphocytes", "1.20", "10^9/L"), at=at)
    drawn(participant, lab, entry("nk_percent", "11.5"), at=at + dt.timedelta(hours=2))
    tube = lymphocytes.specimen
    moved = Sample(tube.kind, at - dt.timedelta(days=2))
    correct_specimen(
        tube, sample=moved, unusable="", reason="Wrong day", version=tube.version, by=lab
    )
    assert counts() == {}
    tube.refresh_from_db()
    correct_specimen(
        tube, sample=Sample(tube.kind, at), unusable="", reason="It was right",
        version=tube.version, by=lab,
    )  # fmt: skip
    assert count("nk_count").value == Decimal("138")
