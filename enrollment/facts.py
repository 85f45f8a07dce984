"""What one screening form collects, raw as it was typed, with units and dates.

These values are frozen on the screening record, so that a verdict can be explained years later,
whatever happens to the laboratory results afterwards.  Every field may be ``None``: missing is a
state of its own and never "no".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, Self, get_args, get_origin, get_type_hints

NYHA_CLASSES = (1, 2, 3, 4)
DOSE_CYCLES = (1, 2)


class Sex(StrEnum):
    """Sex at birth, which the clearance formula and the pregnancy criterion need."""

    FEMALE = "female"
    MALE = "male"


class Operator(StrEnum):
    """How a PCR reports: a number, a bound, or no detection at all."""

    EQUAL = "="
    BELOW = "<"
    ABOVE = ">"
    NOT_DETECTED = "ND"


class QualitativeResult(StrEnum):
    """The answer of a test that reports no number."""

    NEGATIVE = "negative"
    POSITIVE = "positive"
    NOT_DONE = "not_done"


@dataclass(frozen=True)
class Facts:
    """Values that survive JSON unchanged; a "number" that is none is refused."""

    def __post_init__(self) -> None:
        """Raises ``ValueError`` for NaN and infinity, which no comparison could judge."""
        for entry in fields(self):
            value = getattr(self, entry.name)
            if isinstance(value, Decimal) and not value.is_finite():
                raise ValueError(f"{entry.name} must be a finite number, not {value}")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: decimals as strings, so that 1.0 and 1.00 stay what was typed."""
        return {entry.name: _encode(getattr(self, entry.name)) for entry in fields(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The exact inverse of ``to_json``.  Raises ``ValueError`` for a field it does not know."""
        kind: type = cls
        hints = _hints(kind)
        if unknown := data.keys() - hints.keys():
            raise ValueError(f"{cls.__name__} has no {', '.join(sorted(unknown))}")
        return cls(**{name: _decode(hints[name], value) for name, value in data.items()})


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _set_code(facts: Facts, name: str, kind: type[StrEnum]) -> None:
    """Accept a code as a plain string; raises ``ValueError`` for one that ``kind`` lacks."""
    code = getattr(facts, name)
    if code is not None:
        object.__setattr__(facts, name, kind(code))


def _encode(value: Any) -> Any:
    match value:
        case Facts():
            return value.to_json()
        case Decimal():
            return str(value)
        case date():
            return value.isoformat()
        case StrEnum():
            return value.value
        case tuple():
            return [_encode(item) for item in value]
        case Mapping():
            return {key: _encode(item) for key, item in value.items()}
        case _:
            return value


def _decode(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    arguments = get_args(hint)
    if isinstance(hint, UnionType):  # always "X | None" here
        return _decode(arguments[0], value)
    if get_origin(hint) is tuple:
        return tuple(_decode(arguments[0], item) for item in value)
    if get_origin(hint) is Mapping:
        return {key: _decode(arguments[1], item) for key, item in value.items()}
    if issubclass(hint, Facts):
        return hint.from_json(value)
    return date.fromisoformat(value) if hint is date else hint(value)


@dataclass(frozen=True)
class ViralLoad(Facts):
    """One CMV-DNA result.  ``value`` goes with =, < and >; ``lod`` decides what ND means."""

    operator: Operator | None = None
    value: Decimal | None = None
    unit: str | None = None
    specimen: str | None = None
    assay: str | None = None
    lloq: Decimal | None = None
    lod: Decimal | None = None
    collected_on: date | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _set_code(self, "operator", Operator)


@dataclass(frozen=True)
class SteroidDose(Facts):
    """A systemic corticosteroid dose given on one calendar day, in mg of ``agent``.

    ``every_days`` is 2 for alternate-day treatment, which is averaged over its two days.  Longer
    cycles are refused: they would average a pulse away, and pulses count (DOMAIN 2).
    """

    on: date
    agent: str
    dose_mg: Decimal
    every_days: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.every_days not in DOSE_CYCLES:
            raise ValueError("a corticosteroid dose is daily (1) or on alternate days (2)")


@dataclass(frozen=True)
class Measurement(Facts):
    """One laboratory number in the unit that the laboratory printed."""

    value: Decimal
    unit: str


@dataclass(frozen=True)
class ScreeningFacts(Facts):
    """Everything a screening form collects.  DOMAIN 1.1, 2 and 3 say what each value is for."""

    birth_date: date | None = None
    birth_day_known: bool = True
    sex: Sex | None = None
    weight_kg: Decimal | None = None
    weight_on: date | None = None

    diagnosis: str | None = None
    diagnosis_text: str = ""
    criteria_set: str | None = None
    diagnosis_on: date | None = None
    diagnosis_attested: bool | None = None

    cmv: ViralLoad | None = None

    steroids: tuple[SteroidDose, ...] = ()
    no_steroids: bool | None = None  # True: explicitly none in the whole window

    creatinine: Decimal | None = None
    creatinine_unit: str | None = None
    creatinine_collected_on: date | None = None

    alt: Decimal | None = None  # ALT, AST and their limits in U/L
    alt_uln: Decimal | None = None
    ast: Decimal | None = None
    ast_uln: Decimal | None = None
    bilirubin: Decimal | None = None
    bilirubin_uln: Decimal | None = None
    bilirubin_unit: str | None = None  # of the result and of its limit
    liver_collected_on: date | None = None

    infections: Mapping[str, QualitativeResult] = field(default_factory=dict)  # test code -> result
    infection_dates: Mapping[str, date] = field(default_factory=dict)  # test code -> collected on
    infection_reasons: Mapping[str, str] = field(default_factory=dict)
    """Infection group -> the investigator's reason: past, treated or discordant."""
    febrile: bool | None = None
    other_infection: bool | None = None
    other_infection_text: str = ""

    il2_allergy: bool | None = None
    ganciclovir_allergy: bool | None = None
    heart_failure: bool | None = None
    nyha: int | None = None  # class 1 to 4
    other_severe_disease: bool | None = None
    other_severe_disease_text: str = ""
    malignancy: bool | None = None
    malignancy_override_reason: str = ""
    uncontrolled_psychiatric: bool | None = None
    uncontrolled_psychiatric_text: str = ""

    childbearing_potential: bool | None = None
    hcg: QualitativeResult | None = None
    hcg_on: date | None = None
    breastfeeding: bool | None = None

    anc: Measurement | None = None
    hemoglobin: Measurement | None = None
    platelets: Measurement | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _set_code(self, "sex", Sex)
        _set_code(self, "hcg", QualitativeResult)
        results = {test: QualitativeResult(result) for test, result in self.infections.items()}
        object.__setattr__(self, "infections", results)
        if self.nyha is not None and self.nyha not in NYHA_CLASSES:
            raise ValueError(f"NYHA class {self.nyha} does not exist")
