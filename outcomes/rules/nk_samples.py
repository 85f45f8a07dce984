"""The sample that the primary endpoint needs: NK cytotoxicity of day 7 (DOMAIN 1.2, 7, 9)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from outcomes.rules.flags import (
    DatedRecord,
    DueFlag,
    FlagKind,
    PlannedVisit,
    flag_of,
    visit_derivation,
)
from trial_site.messages import Message
from trial_site.protocol.definition import Protocol, gettext_noop

_PANEL = "cytotoxicity"
_TITLE = gettext_noop("NK cytotoxicity sample")
_BEFORE_DOSES = gettext_noop("%(derivation)s (drawn before that day’s doses)")


def nk_samples(
    visits: Iterable[PlannedVisit],
    plates: Iterable[DatedRecord],
    decided: Collection[str],
    protocol: Protocol,
) -> Iterator[DueFlag]:
    """One flag for each visit after the first dose whose window holds no plate that counts.

    ``plates`` are dated by their sample.  The baseline is not among them: after the first dose it
    can no longer be drawn.  A visit that was missed, or whose sample the investigator has
    ``decided`` about, asks for nothing.
    """
    days = [plate.on for plate in plates]
    for visit in visits:
        rule = protocol.visit(visit.code)
        after_baseline = rule.offset_days > 0 or rule.offset_months > 0
        if _PANEL not in rule.panels or not after_baseline:
            continue
        if visit.missed or visit.code in decided or any(map(visit.window.contains, days)):
            continue
        yield flag_of(
            FlagKind.NK_SAMPLE,
            f"nk:{visit.code}",
            _TITLE,
            visit.window,
            Message(_BEFORE_DOSES, {"derivation": visit_derivation(visit, rule)}),
            evidence=(visit.record, visit.anchor.record),
        )
