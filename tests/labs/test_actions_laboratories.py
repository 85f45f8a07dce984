"""Setting up laboratories: ranges that never overlap, assays with their source."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from hypothesis import given
from hypothesis import strategies as st

from labs.actions.laboratories import (
    add_range,
    correct_assay,
    correct_range,
    register_assay,
    register_laboratory,
    rename_laboratory,
)
from labs.models import Laboratory, ReferenceRange
from labs.permissions import SET_UP
from labs.rules.ranges import RangeRow, in_force, overlaps
from labs.rules.setup import AssayRow
from oversight.models import AuditEntry
from oversight.recording import AlreadyRecorded, ReasonRequired
from oversight.records import StaleRecord
from oversight.refusals import Refused
from tests import factories
from tests.labs.examples import entered, safety
from trial_site.models import Site, User
from trial_site.roles import Role

pytestmark = pytest.mark.django_db

NEW_YEAR, APRIL = dt.date(2026, 1, 1), dt.date(2026, 4, 1)
ANC = RangeRow("anc", "", "10^9/L", Decimal("1.8"), Decimal("6.3"), NEW_YEAR, None)
PCR = AssayRow("cmv_dna", "PCR-CMV-2", "copies/mL", lod=Decimal(200), lloq=Decimal(500))
OTHERS = sorted(set(Role) - SET_UP.roles - {Role.SYSTEM})


@pytest.fixture
def laboratory(site: Site, lab: User) -> Laboratory:
    return register_laboratory(site, name="Central laboratory", by=lab)


def days(laboratory: Laboratory) -> list[tuple[dt.date, dt.date | None]]:
    return list(laboratory.ranges.values_list("valid_from", "valid_to"))


# --- laboratories -----------------------------------------------------------------------------


def test_a_laboratory_is_registered_at_its_site(site: Site, lab: User) -> None:
    made = register_laboratory(site, name=" Central laboratory ", by=lab)
    assert (made.site, made.name) == (site, "Central laboratory")
    entry = AuditEntry.objects.get(model="labs.laboratory", object_id=made.pk)
    assert (entry.actor_name, entry.site) == (lab.get_username(), site)


def test_a_site_names_each_laboratory_once(laboratory: Laboratory, lab: User) -> None:
    with pytest.raises(ValidationError, match="already"):
        register_laboratory(laboratory.site, name="Central laboratory", by=lab)


def test_a_name_is_corrected_with_a_reason(laboratory: Laboratory, lab: User) -> None:
    changed = rename_laboratory(laboratory, name="Central lab", reason="Typo", version=1, by=lab)
    assert (changed.name, changed.version) == ("Central lab", 2)
    with pytest.raises(ReasonRequired):
        rename_laboratory(laboratory, name="Other", reason=" ", version=2, by=lab)
    with pytest.raises(StaleRecord):
        rename_laboratory(laboratory, name="Other", reason="Typo", version=1, by=lab)


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", OTHERS)
def test_nobody_else_sets_up(laboratory: Laboratory, staff: dict[Role, User], role: Role) -> None:
    by = staff[role]
    with pytest.raises(PermissionDenied):
        register_laboratory(laboratory.site, name="Second", by=by)
    with pytest.raises(PermissionDenied):
        rename_laboratory(laboratory, name="Second", reason="Typo", version=1, by=by)
    with pytest.raises(PermissionDenied):
        add_range(laboratory, row=ANC, by=by)
    with pytest.raises(PermissionDenied):
        register_assay(laboratory, row=PCR, by=by)


@pytest.mark.requirement("R11")
def test_another_sites_laboratory_is_left_alone(
    laboratory: Laboratory, other_site: Site, lab: User
) -> None:
    stranger = factories.user(Role.LAB, other_site)
    saved = add_range(laboratory, row=ANC, by=lab)
    assay = register_assay(laboratory, row=PCR, by=lab)
    with pytest.raises(PermissionDenied):
        register_laboratory(laboratory.site, name="Second", by=stranger)
    with pytest.raises(PermissionDenied):
        add_range(laboratory, row=replace(ANC, analyte="wbc"), by=stranger)
    correction: dict[str, Any] = {"reason": "Typo", "version": 1, "by": stranger}
    with pytest.raises(PermissionDenied):
        correct_range(saved, row=replace(ANC, low=Decimal(2)), **correction)
    with pytest.raises(PermissionDenied):
        correct_assay(assay, row=replace(PCR, lod=Decimal(100)), **correction)


# --- ranges -----------------------------------------------------------------------------------


def test_a_range_is_kept_digit_for_digit(laboratory: Laboratory, lab: User) -> None:
    row = replace(ANC, low=Decimal("1.80"))
    saved = ReferenceRange.objects.get(pk=add_range(laboratory, row=row, by=lab).pk)
    assert (str(saved.low), str(saved.high), saved.unit) == ("1.80", "6.3", "10^9/L")


@pytest.mark.parametrize(
    ("first", "last", "refused"),
    [
        (dt.date(2025, 12, 1), dt.date(2025, 12, 31), False),  # ends the day before
        (dt.date(2025, 12, 1), dt.date(2026, 1, 1), True),  # on the first day
        (dt.date(2026, 2, 1), dt.date(2026, 2, 28), True),  # inside
        (dt.date(2026, 3, 31), None, True),  # on the last day
        (dt.date(2026, 4, 1), None, False),  # the day after
    ],
)
def test_ranges_never_overlap(
    laboratory: Laboratory, lab: User, first: dt.date, last: dt.date | None, refused: bool
) -> None:
    add_range(laboratory, row=replace(ANC, valid_to=dt.date(2026, 3, 31)), by=lab)
    row = replace(ANC, valid_from=first, valid_to=last)
    if refused:
        with pytest.raises(Refused, match="holds on these days already") as refusal:
            add_range(laboratory, row=row, by=lab)
        (which,) = map(str, refusal.value.reasons)
        assert "from 2026-01-01 to 2026-03-31" in which
    else:
        add_range(laboratory, row=row, by=lab)
    assert laboratory.ranges.count() == 1 + (not refused)


def test_a_range_of_a_sex_stands_beside_one_for_both(laboratory: Laboratory, lab: User) -> None:
    add_range(laboratory, row=ANC, by=lab)
    add_range(laboratory, row=replace(ANC, sex="female"), by=lab)
    with pytest.raises(Refused):
        add_range(laboratory, row=replace(ANC, sex="female", unit="/µL"), by=lab)


def test_the_open_range_before_it_ends_the_day_before(laboratory: Laboratory, lab: User) -> None:
    before = add_range(laboratory, row=ANC, by=lab)
    add_range(laboratory, row=replace(ANC, valid_from=APRIL), ends_open=True, by=lab)
    assert days(laboratory) == [(NEW_YEAR, dt.date(2026, 3, 31)), (APRIL, None)]
    entry = AuditEntry.objects.filter(model="labs.referencerange", object_id=before.pk).last()
    assert entry is not None
    assert entry.reason == "Replaced from 2026-04-01 on"
    assert entry.changes == {"valid_to": [None, "2026-03-31"]}


@pytest.mark.parametrize("first", [NEW_YEAR, dt.date(2025, 12, 31)])
def test_an_open_range_that_begins_later_is_not_before_it(
    laboratory: Laboratory, lab: User, first: dt.date
) -> None:
    add_range(laboratory, row=ANC, by=lab)
    with pytest.raises(Refused):
        add_range(laboratory, row=replace(ANC, valid_from=first), ends_open=True, by=lab)
    assert days(laboratory) == [(NEW_YEAR, None)]


def test_only_the_range_it_follows_is_ended(laboratory: Laboratory, lab: User) -> None:
    add_range(laboratory, row=replace(ANC, analyte="wbc"), by=lab)
    add_range(laboratory, row=replace(ANC, sex="male"), by=lab)
    add_range(laboratory, row=replace(ANC, valid_from=APRIL), ends_open=True, by=lab)
    assert laboratory.ranges.filter(valid_to=None).count() == 3


def test_a_range_is_ended_with_a_reason(laboratory: Laboratory, lab: User) -> None:
    saved = add_range(laboratory, row=ANC, by=lab)
    ended = replace(ANC, valid_to=dt.date(2026, 3, 31))
    correct_range(saved, row=ended, reason="New analyser", version=1, by=lab)
    assert days(laboratory) == [(NEW_YEAR, dt.date(2026, 3, 31))]
    with pytest.raises(ReasonRequired):
        correct_range(saved, row=ANC, reason="", version=2, by=lab)
    with pytest.raises(StaleRecord):
        correct_range(saved, row=ANC, reason="Typo", version=1, by=lab)
    with pytest.raises(Refused, match="Nothing differs"):
        correct_range(saved, row=ended, reason="Typo", version=2, by=lab)


def test_a_corrected_range_overlaps_no_other(laboratory: Laboratory, lab: User) -> None:
    march = replace(ANC, valid_to=dt.date(2026, 3, 31))
    saved = add_range(laboratory, row=march, by=lab)
    add_range(laboratory, row=replace(ANC, valid_from=APRIL), by=lab)
    with pytest.raises(Refused, match="holds on these days already"):
        correct_range(saved, row=ANC, reason="Typo", version=1, by=lab)


def test_a_range_that_contradicts_itself_is_refused(laboratory: Laboratory, lab: User) -> None:
    with pytest.raises(Refused) as refused:
        add_range(laboratory, row=replace(ANC, high=Decimal("1.8")), by=lab)
    assert [str(reason) for reason in refused.value.reasons] == [
        "the upper limit must be above the lower one"
    ]


def test_a_form_sent_twice_is_saved_once(laboratory: Laboratory, lab: User) -> None:
    key = uuid4()
    add_range(laboratory, row=ANC, by=lab, key=key)
    with pytest.raises(AlreadyRecorded):
        add_range(laboratory, row=ANC, by=lab, key=key)
    assert laboratory.ranges.count() == 1


DAYS = st.dates(dt.date(2026, 1, 1), dt.date(2026, 1, 20))


@given(ranges=st.lists(st.tuples(DAYS, DAYS | st.none()), max_size=6), day=DAYS)
def test_on_no_day_do_two_accepted_ranges_speak(
    ranges: list[tuple[dt.date, dt.date | None]], day: dt.date
) -> None:
    accepted: list[RangeRow] = []
    for first, last in ranges:
        row = replace(ANC, valid_from=first, valid_to=last)
        if (last is None or last >= first) and not any(overlaps(row, one) for one in accepted):
            accepted.append(row)
    speaking = [row for row in accepted if in_force([row], analyte="anc", sex="", day=day)]
    assert len(speaking) <= 1


# --- assays -----------------------------------------------------------------------------------


def test_an_assay_is_registered_once(laboratory: Laboratory, lab: User) -> None:
    register_assay(laboratory, row=PCR, by=lab)
    with pytest.raises(ValidationError, match="registered already"):
        register_assay(laboratory, row=PCR, by=lab)


def test_a_factor_needs_its_source(laboratory: Laboratory, lab: User) -> None:
    with pytest.raises(Refused) as refused:
        register_assay(laboratory, row=replace(PCR, copies_per_iu=Decimal("1.1")), by=lab)
    assert str(refused.value.reasons[0]) == "A factor and its source belong together"


def test_saved_results_keep_what_was_in_force(laboratory: Laboratory, lab: User) -> None:
    row = replace(PCR, unit="IU/mL", copies_per_iu=Decimal("1.1"), factor_source="Instructions")
    assay = register_assay(laboratory, row=row, by=lab)
    reference = add_range(laboratory, row=ANC, by=lab)
    (result,) = entered(
        factories.enrolled(laboratory.site), safety("anc", "1.7", "10^9/L", lln="1.8")
    )
    correct_range(reference, row=replace(ANC, low=Decimal(2)), reason="Typo", version=1, by=lab)
    changed = replace(row, copies_per_iu=Decimal("1.2"))
    assert correct_assay(
        assay, row=changed, reason="New lot", version=1, by=lab
    ).copies_per_iu == Decimal("1.2")
    result.refresh_from_db()
    assert (result.lln, result.grade, result.version) == (Decimal("1.8"), 1, 1)
