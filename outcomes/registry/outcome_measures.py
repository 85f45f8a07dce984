"""The seven outcomes: what the analysed come to by arm, and how the arms compare."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal

from enrollment.models import Participant
from outcomes.analysis import ConversionRow, TotalRow
from outcomes.levels import BASELINE, AtVisit, Course, Point
from outcomes.pages import name_of
from outcomes.registry import words
from outcomes.registry.comparing import level_analysis, value_analysis
from outcomes.registry.content import Analysis, Measure, MeasureClass, Outcome, Texts
from outcomes.registry.conversion import conversion_measures
from outcomes.registry.measuring import (
    MEAN_SD,
    MEDIAN_QUARTILES,
    level_class,
    number_class,
)
from outcomes.registry.population import Population, arm_groups
from outcomes.sets import Analysed
from trial_site.messages import Message
from trial_site.protocol import current
from trial_site.protocol import definition as protocol
from trial_site.protocol.definition import Number, gettext_noop

PERCENTAGE_POINTS = gettext_noop("percentage points")
USUAL_PLACES = 2

_CHANGE = gettext_noop("change from baseline")
_CHANGES = gettext_noop("Change from baseline, by visit")
_LEVELS = gettext_noop("Level at each visit")
_PER_KG = gettext_noop("Total ganciclovir per kilogram of baseline weight")
_ROW = gettext_noop("%(analyte)s, %(visit)s")
_TITLE = gettext_noop("%(outcome)s %(measure)s (%(unit)s)")
_BEYOND = gettext_noop(
    "A value below a limit of the assay ranks lowest, and a quartile among such values is told as "
    "the limit."
)
_ONE_KIT = gettext_noop(
    "Changes are taken within one kit; a value beyond a limit of the assay has none and counts as "
    "missing."
)
_FINAL = gettext_noop("Whoever is still treated has no final total and counts as missing.")
_TYPE_7 = gettext_noop("Quartiles of type 7.")
_NOT_IMPUTED = gettext_noop("Nothing is imputed.")


class Builder:
    """The outcomes of one population."""

    def __init__(self, chosen: Population, told: Texts) -> None:
        self.chosen, self.told = chosen, told
        self.groups = arm_groups("O")

    def outcome(self, rule: protocol.Outcome, measures: Iterable[Measure]) -> Outcome:
        """``rule`` in the registry's words, with what was found."""
        return Outcome(
            type=words.PRIMARY if rule.kind == "primary" else words.SECONDARY,
            title=rule.title,
            description=rule.description,
            time_frame=rule.time_frame,
            reading=Message(rule.reading),
            page=name_of(rule),
            population=(*self.told, Message(_NOT_IMPUTED)),
            groups=self.groups,
            analysed=self.chosen.counts(self.groups),
            measures=tuple(measures),
        )

    def lysis(self, rows: Iterable[Analysed]) -> Outcome:
        """The primary outcome."""
        rule = current().outcome("nk_cytotoxicity")
        changes = {row.participant.pk: row.lysis.change for row in rows}
        row = self._numbers(lambda person: changes[person.pk], 2, Message(_CHANGE), mean=True)
        measure = Measure(
            Message(rule.title),
            (Message(rule.reading),),
            PERCENTAGE_POINTS,
            MEAN_SD.parameter,
            MEAN_SD.dispersion,
            (row,),
        )
        return self.outcome(rule, [measure])

    def totals(self, rows: Iterable[TotalRow]) -> Outcome:
        """Milligrams, and the same per kilogram, for the registry a measure of its own."""
        rule = current().outcome("total_ganciclovir")
        found = {row.participant.pk: row for row in rows}
        texts = (Message(rule.reading), Message(_FINAL))
        mg = self._numbers(lambda p: found[p.pk].final_mg, 1, Message(rule.short_title), mean=True)
        per_kg = self._numbers(
            lambda p: found[p.pk].final_mg_per_kg, 2, Message(_PER_KG), mean=True
        )
        form = (MEAN_SD.parameter, MEAN_SD.dispersion)
        return self.outcome(
            rule,
            [
                Measure(Message(rule.title), texts, "mg", *form, (mg,)),
                Measure(Message(_PER_KG), texts, "mg/kg", *form, (per_kg,)),
            ],
        )

    def conversions(self, rows: Sequence[ConversionRow]) -> Outcome:
        """Days to the first negative CMV-DNA."""
        rule = current().outcome("conversion_day")
        measures = conversion_measures(rule, self.groups, self.chosen, rows)
        return self.outcome(rule, measures)

    def measured(self, rule: protocol.Outcome, found: Sequence[Course]) -> Outcome:
        """An outcome of analytes: in each unit the changes, then the levels."""
        return self.outcome(rule, self._by_unit(rule, found))

    def _by_unit(self, rule: protocol.Outcome, found: Sequence[Course]) -> Iterator[Measure]:
        units = dict.fromkeys(course.unit for course in found)
        for number, unit in enumerate(units):
            inside = [course for course in found if course.unit == unit]
            named = {"outcome": rule.title, "unit": unit}
            title = Message(_TITLE, {**named, "measure": Message(_CHANGES)})
            texts = (Message(rule.reading), Message(_ONE_KIT), Message(_TYPE_7))
            yield self._analytes(
                Message(rule.title) if number == 0 else title, texts, unit, inside, self._change
            )
            title = Message(_TITLE, {**named, "measure": Message(_LEVELS)})
            texts = (Message(rule.reading), Message(_BEYOND), Message(_TYPE_7))
            yield self._analytes(title, texts, unit, inside, self._level)

    def _analytes(
        self,
        title: Message,
        texts: Texts,
        unit: str,
        found: Iterable[Course],
        row_of: Callable[[Course, AtVisit], MeasureClass | None],
    ) -> Measure:
        rows = [row_of(course, at) for course in found for at in course.visits]
        return Measure(
            title,
            texts,
            unit,
            MEDIAN_QUARTILES.parameter,
            MEDIAN_QUARTILES.dispersion,
            tuple(row for row in rows if row),
        )

    def _change(self, course: Course, at: AtVisit) -> MeasureClass | None:
        """The baseline itself has no change."""
        if at.visit.code == BASELINE:
            return None
        points = _by_person(at)

        def change(person: Participant) -> Decimal | None:
            point = points[person.pk]
            return point.change.value if point.change else None

        return self._numbers(change, _places(course), _row(course, at), titled=True)

    def _level(self, course: Course, at: AtVisit) -> MeasureClass:
        points, title, places = _by_person(at), _row(course, at), _places(course)
        levels = self.chosen.by_arm(lambda person: points[person.pk].level)
        analysis = level_analysis(self.groups, levels, title, places)
        return level_class(self.groups, levels, places, title=title, analyses=(analysis,))

    def _numbers(
        self,
        value_of: Callable[[Participant], Number | None],
        places: int,
        about: Message,
        *,
        mean: bool = False,
        titled: bool = False,
    ) -> MeasureClass:
        values = self.chosen.by_arm(value_of)
        analyses: tuple[Analysis, ...] = (value_analysis(self.groups, values, about, places),)
        form = MEAN_SD if mean else MEDIAN_QUARTILES
        title = about if titled else None
        return number_class(self.groups, values, form, places, title=title, analyses=analyses)


def _by_person(at: AtVisit) -> dict[int, Point]:
    return {point.participant.pk: point for point in at.points}


def _row(course: Course, at: AtVisit) -> Message:
    return Message(_ROW, {"analyte": Message(course.name), "visit": Message(at.visit.title)})


def _places(course: Course) -> int:
    """One more than a single value is told with, for what lies between two."""
    found = current().analyte(course.analyte).display_places
    return USUAL_PLACES if found is None else max(found, 1)
