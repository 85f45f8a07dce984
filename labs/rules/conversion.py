"""Days from the first ganciclovir dose to CMV-DNA conversion; relapse; refractory rise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from fractions import Fraction

from labs.rules.pcr import Operator, PcrClass, PcrValue, canonical, classify
from trial_site.messages import Message
from trial_site.protocol.definition import PcrRule, gettext_noop


@dataclass(frozen=True)
class PcrObservation:
    """One sample: ``collected_at`` is aware, ``key`` is the caller's name of its row."""

    collected_at: datetime
    value: PcrValue
    key: int | str


@dataclass(frozen=True)
class DatedResult:
    """An observation, its class, and its day: whole calendar days at the site since day 0."""

    observation: PcrObservation
    days: int
    pcr_class: PcrClass


@dataclass(frozen=True)
class Relapse:
    """CMV-DNA above the threshold again after the first conversion.

    ``first`` is the first of the successive results that confirm it, or, while they do not
    (``confirmed`` is False: suspected), the first single one.  ``late_onset``: after withdrawal.
    """

    first: DatedResult
    confirmed: bool
    late_onset: bool


@dataclass(frozen=True)
class Conversion:
    """When CMV-DNA became negative, or how long it was followed without becoming so.

    ``first_negative`` is the registry's event; ``confirmed`` the first negative that the later
    one ``confirmed_by`` upholds.  ``last_positive`` is the last result at or above the threshold
    before the first negative, baseline included: the true date lies between the two.
    """

    baseline: tuple[DatedResult, ...]
    post_baseline: tuple[DatedResult, ...]
    first_negative: DatedResult | None
    confirmed: DatedResult | None
    confirmed_by: DatedResult | None
    last_positive: DatedResult | None
    first_above_after_first_negative: DatedResult | None
    relapse: Relapse | None
    refractory: DatedResult | None

    @property
    def converted(self) -> bool:
        return self.first_negative is not None

    @property
    def censored_at(self) -> int | None:
        """The day of the last PCR, 0 without one after day 0; ``None`` once converted."""
        if self.converted:
            return None
        return self.post_baseline[-1].days if self.post_baseline else 0

    @property
    def days(self) -> int:
        """Days from day 0 to the first negative if ``converted``, else to censoring."""
        if self.first_negative is not None:
            return self.first_negative.days
        return self.censored_at or 0

    @property
    def interval(self) -> tuple[int | None, int] | None:
        """The days between which the true conversion lies; open to the left without a positive."""
        if self.first_negative is None:
            return None
        since = None if self.last_positive is None else self.last_positive.days
        return since, self.first_negative.days

    @property
    def steps(self) -> tuple[Message, ...]:
        """The findings in words, in the order of time."""
        return tuple(_steps(self))


def assess_conversion(
    observations: Iterable[PcrObservation],
    *,
    day0: datetime,
    rule: PcrRule,
    tz: tzinfo,
    withdrawal: datetime | None = None,
) -> Conversion:
    """Read one participant's series of CMV-DNA results, given in any order.

    ``day0`` is the first ganciclovir dose and ``withdrawal`` the last of the first course; days
    are whole calendar days in ``tz``, the zone of the site.  A sample of day 0 itself is baseline.
    Raises ``ValueError`` for a moment without a zone.  Sources: DOMAIN 6 and 12.
    """
    first_day = _local_date(day0, tz)
    last_day = None if withdrawal is None else (_local_date(withdrawal, tz) - first_day).days
    series = _dated(observations, first_day, rule, tz)
    baseline = tuple(result for result in series if result.days <= 0)
    post = tuple(result for result in series if result.days > 0)
    first_negative = _first(post, PcrClass.NEGATIVE)
    confirmed, confirmed_by = _confirmed(post, rule.confirmation_days)
    before = series[: series.index(first_negative)] if first_negative else series
    after = post[post.index(first_negative) + 1 :] if first_negative else ()
    return Conversion(
        baseline=baseline,
        post_baseline=post,
        first_negative=first_negative,
        confirmed=confirmed,
        confirmed_by=confirmed_by,
        last_positive=_first(before[::-1], PcrClass.ABOVE, PcrClass.AT_THRESHOLD),
        first_above_after_first_negative=_first(after, PcrClass.ABOVE),
        relapse=_relapse(after, rule.relapse_results, last_day),
        refractory=_refractory(baseline, post, rule, last_day),
    )


def _local_date(moment: datetime, tz: tzinfo) -> date:
    if moment.utcoffset() is None:
        raise ValueError(f"{moment} has no time zone")
    return moment.astimezone(tz).date()


def _dated(
    observations: Iterable[PcrObservation], first_day: date, rule: PcrRule, tz: tzinfo
) -> tuple[DatedResult, ...]:
    results = (
        DatedResult(
            observation,
            (_local_date(observation.collected_at, tz) - first_day).days,
            classify(observation.value, rule),
        )
        for observation in observations
    )
    # Two results of one moment: the negative comes last, so that it upholds no earlier one.
    return tuple(
        sorted(
            results,
            key=lambda result: (
                result.observation.collected_at,
                result.pcr_class is PcrClass.NEGATIVE,
            ),
        )
    )


def _first(results: Sequence[DatedResult], *classes: PcrClass) -> DatedResult | None:
    return next((result for result in results if result.pcr_class in classes), None)


def _confirmed(
    post: Sequence[DatedResult], apart: int
) -> tuple[DatedResult | None, DatedResult | None]:
    """The start of the first unbroken run of negatives that spans ``apart`` days, and its proof."""
    start: DatedResult | None = None
    for result in post:
        if result.pcr_class is not PcrClass.NEGATIVE:
            start = None
        elif start is None:
            start = result
        elif result.days - start.days >= apart:
            return start, result
    return None, None


def _relapse(after: Sequence[DatedResult], successive: int, last_day: int | None) -> Relapse | None:
    """``after`` are the results that follow the first negative."""
    suspected = _first(after, PcrClass.ABOVE)
    if suspected is None:
        return None
    runs = (after[i : i + successive] for i in range(len(after) - successive + 1))
    proof = next(
        (run for run in runs if all(result.pcr_class is PcrClass.ABOVE for result in run)), None
    )
    first = proof[0] if proof else suspected
    return Relapse(first, proof is not None, last_day is not None and first.days > last_day)


def _refractory(
    baseline: Sequence[DatedResult],
    post: Sequence[DatedResult],
    rule: PcrRule,
    last_day: int | None,
) -> DatedResult | None:
    """The first result, on treatment for long enough, that surely rose too far above baseline."""
    if not baseline:
        return None
    ceiling = _at_most(baseline[-1].observation.value, rule)
    if ceiling is None:
        return None
    limit = Fraction(ceiling) * Fraction(Decimal(10) ** rule.refractory_log10_rise)
    for result in post:
        treated = last_day is None or result.days <= last_day
        floor = _at_least(result.observation.value, rule)
        if treated and result.days >= rule.refractory_after_days and floor and floor > limit:
            return result
    return None


def _at_most(value: PcrValue, rule: PcrRule) -> Decimal | None:
    read = canonical(value, rule)
    known = read.unit == rule.unit and read.operator in (Operator.EQUAL, Operator.BELOW)
    return read.value if known else None


def _at_least(value: PcrValue, rule: PcrRule) -> Decimal | None:
    read = canonical(value, rule)
    known = read.unit == rule.unit and read.operator in (Operator.EQUAL, Operator.ABOVE)
    return read.value if known else None


def _step(text: str, result: DatedResult) -> Message:
    return Message(text, {"day": str(result.days), "result": result.observation.value.text})


def _steps(conversion: Conversion) -> Iterable[Message]:
    if conversion.last_positive:
        text = gettext_noop("last positive on day %(day)s: %(result)s")
        yield _step(text, conversion.last_positive)
    if conversion.first_negative:
        text = gettext_noop("first negative on day %(day)s: %(result)s")
        yield _step(text, conversion.first_negative)
    else:
        yield Message(
            gettext_noop("no negative result: censored on day %(day)s"),
            {"day": str(conversion.censored_at)},
        )
    if conversion.confirmed and conversion.confirmed_by:
        yield Message(
            gettext_noop("negative since day %(day)s, confirmed on day %(confirmed)s"),
            {"day": str(conversion.confirmed.days), "confirmed": str(conversion.confirmed_by.days)},
        )
    if conversion.relapse:
        text = (
            gettext_noop("relapse on day %(day)s: %(result)s")
            if conversion.relapse.confirmed
            else gettext_noop("relapse suspected on day %(day)s: %(result)s")
        )
        yield _step(text, conversion.relapse.first)
    if conversion.refractory:
        text = gettext_noop("refractory on day %(day)s: %(result)s")
        yield _step(text, conversion.refractory)
