"""The protocol's own terms in words, for the page that shows it to staff."""

from django import template
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from trial_site.protocol.definition import (
    Anchor,
    Bound,
    ClearanceBand,
    Comparison,
    Frequency,
    GradeBound,
    VisitRule,
)
from trial_site.templatetags.trial import exact, quantity, signed
from trial_site.units import spelled

register = template.Library()

ANCHORS = {
    Anchor.ALLOCATION: _("allocation"),
    Anchor.DAY0: _("the first ganciclovir dose"),
    Anchor.WITHDRAWAL: _("the last ganciclovir dose"),
}
FREQUENCIES = {
    Frequency.EVERY_12_HOURS: _("every 12 hours"),
    Frequency.EVERY_24_HOURS: _("every 24 hours"),
    Frequency.THREE_TIMES_A_WEEK: _("three times a week"),
}
SIGNS = {
    Comparison.AT_LEAST: "≥",
    Comparison.ABOVE: ">",
    Comparison.AT_MOST: "≤",
    Comparison.BELOW: "<",
}


@register.filter
def anchor(code: Anchor) -> str:
    """The event that a visit is counted from."""
    return str(ANCHORS[code])


@register.filter
def frequency(code: Frequency) -> str:
    """How often a drug is given."""
    return str(FREQUENCIES[code])


@register.filter
def window(visit: VisitRule) -> str:
    """``−1 to +2 d``: the days around the target on which the visit counts."""
    if not visit.days_before and not visit.days_after:
        return gettext("on that day only")
    days = {"before": signed(-visit.days_before), "after": signed(visit.days_after)}
    return gettext("%(before)s to %(after)s d") % days


@register.filter
def bound(limit: Bound) -> str:
    """``< 0.5 ×10⁹/L``."""
    return f"{SIGNS[limit.comparison]} {quantity(limit.value, limit.unit)}"


@register.filter
def clearance(band: ClearanceBand) -> str:
    """``≥ 50 and < 70``: each band begins where the one below it ends."""
    if band.low is None:
        return f"< {exact(band.high)}"
    if band.high is None:
        return f"≥ {exact(band.low)}"
    limits = {"low": exact(band.low), "high": exact(band.high)}
    return gettext("≥ %(low)s and < %(high)s") % limits


@register.filter
def baseline(row: GradeBound) -> str:
    """For whom a row of the grades holds; nothing where it holds for everybody."""
    if row.baseline_abnormal is None:
        return ""
    return gettext("baseline abnormal") if row.baseline_abnormal else gettext("baseline normal")


@register.filter
def unit(code: str) -> str:
    """A unit as people write it."""
    return spelled(code)
