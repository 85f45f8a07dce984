"""In which order the screening form asks, and which criteria stand beside each question."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from enrollment.forms.answers import (
    COUNTS,
    GROUPS,
    TESTS,
    infection_date_field,
    infection_field,
    infection_reason_field,
)
from enrollment.forms.steroids import RULE
from trial_site.protocol.definition import InfectionGroup, InfectionTest, TestsNeeded

Cell = tuple[str, str]  # a field's name, and its width in the grid

WIDE, HALF, PAIR = "wide", "half", "half pair"
STEROID_DAYS = RULE.window_last_day - RULE.window_first_day + 1
HINTS = {
    TestsNeeded.EVERY_REQUIRED: "",
    TestsNeeded.ANY: _("One of these is enough"),
    TestsNeeded.IF_FEBRILE: _("Needed while there is fever"),
}


@dataclass(frozen=True)
class TestLine:
    """One line of the table of infections: the fields of a test's result and of its day."""

    code: str
    result: str
    on: str


@dataclass(frozen=True)
class Group:
    """The tests of one infection, and the field of the reason why it is not active."""

    code: str
    title: Any
    hint: Any
    tests: tuple[TestLine, ...]
    reason: str

    @property
    def names(self) -> Iterator[str]:
        for test in self.tests:
            yield from (test.result, test.on)
        yield self.reason


@dataclass(frozen=True)
class Row:
    """One question: its fields, then groups or corticosteroid lines, then what follows them.

    ``criteria`` are those that the answers decide.  A single plain question needs no ``question``:
    the field's own label is it.
    """

    criteria: tuple[str, ...]
    question: Any = ""
    fields: tuple[Cell, ...] = ()
    groups: tuple[Group, ...] = ()
    has_steroids: bool = False
    of_women: bool = False  # not asked of men
    after: tuple[Cell, ...] = ()

    @property
    def code(self) -> str:
        """Names the row on its page."""
        return self.criteria[0]

    @property
    def names(self) -> Iterator[str]:
        """Every field, in the order of reading."""
        yield from (name for name, _width in self.fields)
        for group in self.groups:
            yield from group.names
        yield from (name for name, _width in self.after)


@dataclass(frozen=True)
class Section:
    code: str
    title: Any
    rows: tuple[Row, ...]


def _asked(criterion: str, name: str, *more: Cell) -> Row:
    """A plain yes-or-no question, and what a yes has to say."""
    return Row((criterion,), fields=((name, WIDE), *more))


def _infection_group(group: InfectionGroup) -> Group:
    tests = tuple(_test_line(test) for test in TESTS if test.group == group.code)
    reason = infection_reason_field(group.code)
    return Group(group.code, _(group.name), HINTS[group.needed], tests, reason)


def _test_line(test: InfectionTest) -> TestLine:
    return TestLine(test.code, infection_field(test.code), infection_date_field(test.code))


_PATIENT = Section(
    "patient",
    _("Patient and diagnosis"),
    (
        Row(
            ("A1", "A2"),
            _("What are the date of birth and the sex at birth?"),
            (("birth_date", HALF), ("sex", HALF), ("birth_day_known", WIDE)),
        ),
        Row(
            ("I1",),
            _("Which rheumatic disease, and by which criteria?"),
            (
                ("diagnosis", HALF),
                ("criteria_set", HALF),
                ("diagnosis_on", HALF),
                ("diagnosis_text", HALF),
                ("diagnosis_attested", WIDE),
            ),
        ),
    ),
)
_INFECTION = Section(
    "infection",
    _("Infection and treatment"),
    (
        Row(
            ("I2", "E1"),
            _("What is the latest CMV-DNA result?"),
            (
                ("cmv_operator", HALF),
                ("cmv_value", "pair"),
                ("cmv_unit", "pair"),
                ("cmv_specimen", HALF),
                ("cmv_collected_on", HALF),
                ("cmv_assay", HALF),
                ("cmv_lloq", "pair"),
                ("cmv_lod", "pair"),
            ),
        ),
        Row(
            ("I3",),
            format_lazy(
                _("Which systemic corticosteroid, on the highest of the last {days} days?"),
                days=STEROID_DAYS,
            ),
            has_steroids=True,
            after=(("no_steroids", WIDE), ("weight_kg", PAIR), ("weight_on", PAIR)),
        ),
    ),
)
_ORGANS = Section(
    "organs",
    _("Kidney and liver"),
    (
        Row(
            ("E4b",),
            _("What is the serum creatinine?"),
            (
                ("creatinine", "pair"),
                ("creatinine_unit", "pair"),
                ("creatinine_collected_on", HALF),
            ),
        ),
        Row(
            ("E4c",),
            _("What are ALT and AST, and this laboratory’s upper limits (ULN)?"),
            (
                ("alt", PAIR),
                ("alt_uln", PAIR),
                ("ast", PAIR),
                ("ast_uln", PAIR),
                ("liver_collected_on", HALF),
            ),
        ),
        Row(
            ("E4d",),
            _("What are total bilirubin and its upper limit (ULN)?"),
            (("bilirubin", "pair"), ("bilirubin_uln", "pair"), ("bilirubin_unit", HALF)),
        ),
    ),
)
_OTHER_INFECTIONS = Section(
    "other-infections",
    _("Other infections"),
    (
        Row(
            ("E2",),
            _("Which infections were looked for, and what was found?"),
            (("febrile", WIDE),),
            groups=tuple(map(_infection_group, GROUPS)),
            after=(
                ("other_infection", WIDE),
                ("other_infection_text", WIDE),
            ),
        ),
    ),
)
_CONDITIONS = Section(
    "conditions",
    _("Other conditions"),
    (
        _asked("E3", "il2_allergy"),
        _asked("E4a", "heart_failure", ("nyha", HALF)),
        _asked("E4e", "other_severe_disease", ("other_severe_disease_text", WIDE)),
        _asked("E5", "malignancy", ("malignancy_override_reason", WIDE)),
        _asked("E6", "uncontrolled_psychiatric", ("uncontrolled_psychiatric_text", WIDE)),
        Row(
            ("E7",),
            _("If female at birth: is she pregnant or breast-feeding?"),
            (
                ("childbearing_potential", WIDE),
                ("hcg", HALF),
                ("hcg_on", HALF),
                ("breastfeeding", WIDE),
            ),
            of_women=True,
        ),
    ),
)
_GANCICLOVIR = Section(
    "ganciclovir",
    _("Safety of ganciclovir"),
    (
        Row(
            ("S1",),
            _("Does anything speak against ganciclovir?"),
            (
                ("ganciclovir_allergy", WIDE),
                *(
                    cell
                    for code in COUNTS
                    for cell in ((f"{code}_value", PAIR), (f"{code}_unit", PAIR))
                ),
            ),
        ),
    ),
)

SECTIONS = (_PATIENT, _INFECTION, _ORGANS, _OTHER_INFECTIONS, _CONDITIONS, _GANCICLOVIR)
