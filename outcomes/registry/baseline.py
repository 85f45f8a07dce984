"""Baseline characteristics of the analysed, by arm and in total."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from django.utils import timezone

from enrollment.facts import Sex
from enrollment.models import Participant
from outcomes.analysis import ConversionRow
from outcomes.levels import level_of
from outcomes.registry import words
from outcomes.registry.content import Baseline, Measure, MeasureClass, Texts
from outcomes.registry.measuring import (
    MEAN_SD,
    MEDIAN_QUARTILES,
    MEDIAN_RANGE,
    Form,
    count_class,
    level_class,
    number_class,
)
from outcomes.registry.population import ByArm, Population, arm_groups, with_total
from outcomes.rules.baseline import Characteristics, characteristics
from outcomes.rules.levels import Level
from outcomes.sets import Analysed
from trial_site.messages import Message
from trial_site.protocol import current
from trial_site.protocol.definition import Number, gettext_noop

_NOT_HELD = gettext_noop("Race and ethnicity are not collected.")
_AGE = gettext_noop("Completed years at enrolment.")
_SCREENED = gettext_noop("As answered in the screening.")
_SEX = gettext_noop("Sex at birth, as answered in the screening.")
_CLEARANCE = gettext_noop(
    "Cockcroft–Gault from the creatinine of the screening and the actual weight."
)
_PREDNISONE = gettext_noop(
    "Prednisone equivalent: the highest day of the seven before allocation, per kilogram."
)
_CMV = gettext_noop(
    "The last result up to the first dose, or without one that of the screening. Below a limit of "
    "the assay a value ranks lowest."
)
_LYSIS = gettext_noop("Specific lysis, the last sample up to the first dose.")
_SEXES = {Sex.FEMALE.value: gettext_noop("Female"), Sex.MALE.value: gettext_noop("Male")}
PER_KG = "mg/kg/d"


class Builder:
    """The measures of one population, each with a column an arm and one for all."""

    def __init__(
        self, chosen: Population, rows: Sequence[Analysed], conversions: Sequence[ConversionRow]
    ) -> None:
        self.chosen = chosen
        self.groups = with_total(arm_groups("B"))
        self.known = {person.pk: _known(person) for person in chosen.people}
        self.lysis = {row.participant.pk: row.lysis.baseline.value for row in rows}
        self.loads = {row.participant.pk: _baseline_load(row) for row in conversions}

    def measures(self) -> tuple[Measure, ...]:
        return (
            self._numbers("Age, Continuous", _AGE, "years", MEAN_SD, 1, lambda k: k.age),
            self._numbers("Age, Continuous", _AGE, "years", MEDIAN_RANGE, 0, lambda k: k.age),
            self._answers("Sex: Female, Male", _SEX, _SEXES, lambda k: k.sex),
            self._answers(
                gettext_noop("Diagnosis"),
                _SCREENED,
                current().diagnosis_names,
                lambda k: k.diagnosis,
            ),
            self._load(),
            self._numbers(
                gettext_noop("Weight"), _SCREENED, "kg", MEAN_SD, 1, lambda k: k.weight_kg
            ),
            self._numbers(
                gettext_noop("Creatinine clearance"),
                _CLEARANCE,
                "mL/min",
                MEAN_SD,
                1,
                lambda k: k.clearance,
            ),
            self._numbers(
                gettext_noop("Corticosteroid"),
                _PREDNISONE,
                PER_KG,
                MEDIAN_QUARTILES,
                2,
                lambda k: k.prednisone,
            ),
            self._lysis(),
        )

    def _numbers(
        self,
        title: str,
        description: str,
        unit: str,
        form: Form,
        places: int,
        of: Callable[[Characteristics], Number | None],
    ) -> Measure:
        values = self.chosen.by_arm(lambda person: of(self.known[person.pk]))
        row = number_class(self.groups, values, form, places)
        return _measure(title, description, unit, form, row)

    def _answers(
        self,
        title: str,
        description: str,
        names: Mapping[str, str],
        of: Callable[[Characteristics], str | None],
    ) -> Measure:
        answers = self.chosen.by_arm(lambda person: of(self.known[person.pk]))
        given = {answer for column in answers.values() for answer in column}
        categories = [(code, Message(name)) for code, name in names.items() if code in given]
        form = Form(words.PARTICIPANTS, "", "")
        row = count_class(self.groups, answers, categories)
        return _measure(title, description, words.UNIT_PARTICIPANTS, form, row)

    def _load(self) -> Measure:
        levels: ByArm[Level | None] = self.chosen.by_arm(
            lambda person: self.loads.get(person.pk) or self.known[person.pk].cmv_dna
        )
        row = level_class(self.groups, levels, 0)
        return _measure("CMV-DNA", _CMV, current().pcr.unit, MEDIAN_QUARTILES, row)

    def _lysis(self) -> Measure:
        values = self.chosen.by_arm(lambda person: self.lysis[person.pk])
        row = number_class(self.groups, values, MEAN_SD, 2)
        return _measure(gettext_noop("NK cytotoxicity"), _LYSIS, "%", MEAN_SD, row)


def baseline(
    chosen: Population,
    told: Texts,
    rows: Sequence[Analysed],
    conversions: Sequence[ConversionRow],
) -> Baseline:
    """``told`` says who ``chosen`` are."""
    builder = Builder(chosen, rows, conversions)
    return Baseline(
        population=(*told, Message(_NOT_HELD)),
        groups=builder.groups,
        analysed=chosen.counts(builder.groups),
        measures=builder.measures(),
    )


def _measure(title: str, description: str, unit: str, form: Form, row: MeasureClass) -> Measure:
    return Measure(
        title=Message(title),
        description=(Message(description),),
        unit=unit,
        parameter=form.parameter,
        dispersion=form.dispersion,
        classes=(row,),
    )


def _known(person: Participant) -> Characteristics:
    return characteristics(
        person.screening.answers,
        enrolled_on=timezone.localdate(person.enrolled_at),
        allocated_on=timezone.localdate(person.allocation.allocated_at),
        protocol=current(),
    )


def _baseline_load(row: ConversionRow) -> Level | None:
    """The last result up to the first dose that can be read in the protocol's unit."""
    known = {result.pk: result for result in row.results}
    found = row.conversion.baseline if row.conversion else ()
    levels = [level_of(known[int(dated.observation.key)]) for dated in found]
    inside = [level for level in levels if level and level.unit == current().pcr.unit]
    return inside[-1] if inside else None
