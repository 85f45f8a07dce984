"""Which sample counts for a time point, and how two arms compare.

Source: DOMAIN 1.2 (day 7), 10 (comparison); windows are those of the planned visits.
Nothing is imputed: what is missing stays missing, is counted, and says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum

from enrollment.rules.calendar import PlannedWindow
from outcomes.rules.statistics import (
    Description,
    RankSum,
    ShiftEstimate,
    Undefined,
    describe,
    hodges_lehmann,
    rank_sum_exact,
)
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop


@dataclass(frozen=True)
class DatedSample:
    """One result and when its sample was drawn.

    ``record`` names the row it came from; ``collected_at`` is aware; ``value`` is ``None`` while
    there is no usable result; ``after_dose`` says that the day's IL-2 had been given before the
    sample was drawn.  ``beyond`` marks a result that is known only to lie beyond a limit of its
    assay: it counts, without a number.
    """

    record: str
    collected_at: datetime
    value: Decimal | None
    after_dose: bool = False
    beyond: bool = False

    @property
    def has_result(self) -> bool:
        return self.value is not None or self.beyond


class Lack(StrEnum):
    """What a visit without a sample that counts lacks."""

    SAMPLE = "sample"
    NO_RESULT = "no_result"
    AFTER_DOSE = "after_dose"
    SET_ASIDE = "set_aside"  # by the investigator


@dataclass(frozen=True)
class SampleChoice:
    """The sample that counts, or ``None``; ``why`` explains either."""

    sample: DatedSample | None
    why: Message
    lack: Lack | None = None

    @property
    def value(self) -> Decimal | None:
        return self.sample.value if self.sample else None


@dataclass(frozen=True)
class ArmSummary:
    """``allocated`` participants of one arm, of whom ``missing`` have no value."""

    arm: str
    allocated: int
    missing: int
    description: Description


@dataclass(frozen=True)
class ArmComparison:
    """Both arms, and the first against the second."""

    arms: tuple[ArmSummary, ArmSummary]
    test: RankSum | Undefined
    shift: ShiftEstimate | Undefined


def baseline_sample(
    samples: Sequence[DatedSample], *, first_dose_at: datetime | None, tz: tzinfo
) -> SampleChoice:
    """The last sample with a result at or before the first ganciclovir dose (aware).

    ``tz`` is the zone of the site, in which the explanation gives its dates.
    """
    if first_dose_at is None:
        return SampleChoice(None, Message(_NO_FIRST_DOSE))
    before = [sample for sample in samples if sample.collected_at <= first_dose_at]
    latest = max(before, key=lambda s: (s.has_result, s.collected_at), default=None)
    if latest is None:
        return SampleChoice(None, Message(_NONE_BEFORE), Lack.SAMPLE)
    collected = {"collected": _day(latest, tz).isoformat()}
    if not latest.has_result:
        return SampleChoice(None, Message(_NO_RESULT, collected), Lack.NO_RESULT)
    return SampleChoice(latest, Message(_LAST_BEFORE, collected))


def sample_in_window(
    samples: Sequence[DatedSample], *, window: PlannedWindow, tz: tzinfo
) -> SampleChoice:
    """The usable sample nearest to the target day, the earlier of two equally near.

    Usable means: with a result, and drawn before that day's dose.  ``tz`` is the zone of the site,
    whose calendar days the window counts.
    """

    def nearness(sample: DatedSample) -> tuple[int, datetime]:
        return abs((_day(sample, tz) - window.target).days), sample.collected_at

    inside = sorted((s for s in samples if window.contains(_day(s, tz))), key=nearness)
    limits = {"opens": window.opens.isoformat(), "closes": window.closes.isoformat()}
    if not inside:
        return SampleChoice(None, Message(_NONE_INSIDE, limits), Lack.SAMPLE)
    usable = [sample for sample in inside if _fault(sample) is None]
    chosen = (usable or inside)[0]
    found = {
        "collected": _day(chosen, tz).isoformat(),
        "count": str(len(inside)),
        "target": window.target.isoformat(),
    }
    if fault := _fault(chosen):
        return SampleChoice(None, Message(_FAULTS[fault], found), fault)
    return SampleChoice(chosen, Message(_NEAREST, {**limits, **found}))


def nk_change(baseline: Decimal | None, day7: Decimal | None) -> Decimal | None:
    """The primary endpoint: specific lysis at day 7 minus baseline, in percentage points."""
    if baseline is None or day7 is None:
        return None
    return day7 - baseline


def compare(values_by_arm: Mapping[str, Sequence[Decimal | None]]) -> ArmComparison:
    """Describe both arms and test the first against the second, everyone as allocated.

    ``values_by_arm`` holds one entry a participant, ``None`` where the value is missing; its order
    decides which arm is first.  Raises ``ValueError`` unless there are exactly two arms.
    """
    present = {
        arm: [value for value in values if value is not None]
        for arm, values in values_by_arm.items()
    }
    (first, x), (second, y) = present.items()
    return ArmComparison(
        arms=(_summary(first, values_by_arm[first], x), _summary(second, values_by_arm[second], y)),
        test=rank_sum_exact(x, y),
        shift=hodges_lehmann(x, y),
    )


_NO_FIRST_DOSE = gettext_noop("no ganciclovir has been given yet")
_LAST_BEFORE = gettext_noop("collected %(collected)s, the last before the first dose")
_NONE_BEFORE = gettext_noop("no sample was collected before the first dose")
_NO_RESULT = gettext_noop("the sample of %(collected)s has no usable result")
_AFTER_DOSE = gettext_noop("the sample of %(collected)s was drawn after that day's dose")
_NONE_INSIDE = gettext_noop("no sample was collected from %(opens)s to %(closes)s")
_NEAREST = gettext_noop(
    "collected %(collected)s: of %(count)s in the window %(opens)s to %(closes)s, "
    "the nearest to %(target)s that counts"
)
_FAULTS = {Lack.NO_RESULT: _NO_RESULT, Lack.AFTER_DOSE: _AFTER_DOSE}


def _day(sample: DatedSample, tz: tzinfo) -> date:
    return sample.collected_at.astimezone(tz).date()


def _fault(sample: DatedSample) -> Lack | None:
    """Why a sample inside the window does not count."""
    if not sample.has_result:
        return Lack.NO_RESULT
    return Lack.AFTER_DOSE if sample.after_dose else None


def _summary(
    arm: str, allocated: Sequence[Decimal | None], present: Sequence[Decimal]
) -> ArmSummary:
    return ArmSummary(arm, len(allocated), len(allocated) - len(present), describe(present))
