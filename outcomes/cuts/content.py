"""What a cut freezes: the value of every endpoint and the analysis sets, as text by participant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext

from enrollment.models import Participant
from labs.rules.conversion import DatedResult
from labs.rules.numbers import half_up
from outcomes.analysis import ConversionRow, NkRow, TotalRow, conversion_rows, total_rows
from outcomes.levels import Point, courses_of, visit_label
from outcomes.rules.sets import AnalysisSet, Membership
from outcomes.sets import analysed, set_name
from oversight.canonical import digest
from trial_site.models import Site
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

Content = dict[str, dict[str, str]]
PER_KG_PLACES = 3
IN, OUT, OPEN = "in", "out", "open"
SET, LEVEL = "set", "level"  # how the names of items begin

_ITEMS = {
    "arm": gettext_noop("Arm as allocated"),
    "nk:baseline": gettext_noop("NK cytotoxicity, baseline, %"),
    "nk:day7": gettext_noop("NK cytotoxicity, day 7, %"),
    "nk:change": gettext_noop("Change in NK cytotoxicity, percentage points"),
    "gcv:mg": gettext_noop("Total ganciclovir to withdrawal, mg"),
    "gcv:mg_per_kg": gettext_noop("Total ganciclovir to withdrawal, mg/kg"),
    "cmv:first_negative": gettext_noop("First negative CMV-DNA, day"),
    "cmv:confirmed": gettext_noop("Confirmed negative CMV-DNA, day"),
    "cmv:censored": gettext_noop("Censored without conversion, day"),
    "cmv:relapse": gettext_noop("Relapse, day"),
}
_STANDS = {
    IN: gettext_noop("In"),
    OUT: gettext_noop("Not in"),
    OPEN: gettext_noop("Not decided"),
}


def contents_of(sites: Iterable[Site]) -> dict[str, Content]:
    """What each allocated participant comes to in the record that is read now, by code of site."""
    of_site: dict[int, str] = {site.pk: site.code for site in sites}
    rows = Participant.objects.filter(site__in=of_site, allocation__isnull=False)
    people = list(rows.select_related("allocation", "screening").defer("screening__eligibility"))
    values = _values(people)
    found: dict[str, Content] = {code: {} for code in of_site.values()}
    for person in people:
        found[of_site[person.site_id]][person.subject] = values[person.pk]
    return found


def content_digest(contents: dict[str, Content]) -> str:
    """One hash over what the participants of all sites come to."""
    return digest(contents)


def together(contents: dict[str, Content]) -> Content:
    """Every participant, whatever the site: subjects are unique in the trial."""
    return {subject: values for part in contents.values() for subject, values in part.items()}


def item_label(item: str) -> str:
    """An item in words, in the active language."""
    kind, _, rest = item.partition(":")
    if kind == SET:
        chosen, _, arm = rest.partition(":")
        name = gettext(set_name(AnalysisSet(chosen)))
        return f"{name} · {gettext('Arm')}" if arm else name
    if kind == LEVEL:
        analyte, _, visit = rest.partition(":")
        return f"{gettext(current().analyte(analyte).name)} · {visit_label(visit)}"
    return gettext(_ITEMS[item])


def value_label(value: str) -> str:
    """A value as it is read: a standing or an arm in words, anything else as it was frozen."""
    words = _STANDS | {arm.code.value: arm.short_label for arm in current().arms}
    return gettext(words[value]) if value in words else value


def _values(people: list[Participant]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {
        person.pk: {"arm": person.allocation.arm} for person in people
    }
    for total in total_rows(people):
        found[total.participant.pk].update(_total(total))
    for conversion in conversion_rows(people):
        found[conversion.participant.pk].update(_conversion(conversion))
    for row in analysed(people):
        found[row.participant.pk].update(_nk(row.lysis))
        for chosen in (AnalysisSet.PER_PROTOCOL, AnalysisSet.SAFETY):
            found[row.participant.pk].update(_standing(chosen, row.sets[chosen]))
    measured = [outcome for outcome in current().outcomes if outcome.analytes]
    for _, courses in courses_of(measured, people):
        for course in courses:
            for at in course.visits:
                for point in at.points:
                    name = f"{LEVEL}:{course.analyte}:{point.visit}"
                    found[point.participant.pk][name] = _level(point)
    return found


def _nk(row: NkRow) -> Iterator[tuple[str, str]]:
    yield "nk:baseline", _number(row.baseline.value)
    yield "nk:day7", _number(row.day7.value if row.day7 else None)
    yield "nk:change", _number(row.change)


def _total(row: TotalRow) -> Iterator[tuple[str, str]]:
    yield "gcv:mg", _number(row.final_mg)
    yield "gcv:mg_per_kg", _per_kg(row.final_mg_per_kg)


def _conversion(row: ConversionRow) -> Iterator[tuple[str, str]]:
    course = row.conversion
    if course is None:
        return
    relapse = course.relapse
    yield "cmv:first_negative", _day(course.first_negative)
    yield "cmv:confirmed", _day(course.confirmed)
    yield "cmv:censored", "" if course.censored_at is None else str(course.censored_at)
    yield "cmv:relapse", _day(relapse.first if relapse and relapse.confirmed else None)


def _standing(chosen: AnalysisSet, membership: Membership) -> Iterator[tuple[str, str]]:
    stands = {True: IN, False: OUT, None: OPEN}[membership.included]
    yield f"{SET}:{chosen}", stands
    yield f"{SET}:{chosen}:arm", membership.arm or ""


def _level(point: Point) -> str:
    level = point.level
    if level is None:
        return ""
    sign = "" if level.is_number else level.operator
    return f"{sign}{_number(level.value)} {level.unit}"


def _number(value: Decimal | None) -> str:
    """One spelling, whichever database it was read from: no exponent, no zeros at the end."""
    return "" if value is None else f"{value.normalize():f}"


def _per_kg(value: Fraction | None) -> str:
    return "" if value is None else _number(half_up(value, PER_KG_PLACES))


def _day(result: DatedResult | None) -> str:
    return "" if result is None else str(result.days)
