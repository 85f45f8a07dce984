"""What the columns of a laboratory's files mean, as one laboratory's mapping says it."""

from __future__ import annotations

from collections import abc
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from labs.rules.dates import DateOrder
from labs.rules.meanings import CONSTANTS, WIDE, Meaning
from labs.rules.printed import NumberStyle

_Texts = abc.Mapping[str, str]


@dataclass(frozen=True)
class Mapping:
    """How one laboratory's files are read.

    ``columns`` names the meaning of headers, ``column_units`` the units of ``value:`` columns;
    ``constants`` say what no column or an empty cell does, ``collected_time`` among them for files
    that give days only; an assay and its limits are then those of the one analyte, or of CMV-DNA
    among several.  ``analytes``, ``participants``, ``specimens`` and ``units`` translate the
    laboratory's words; an analyte translated to nothing is left out, as are rows that lack a value
    of ``filters``.  ``log10``: values of CMV-DNA are powers of ten.  ``not_detected``: what the
    file writes where nothing was detected.  Limits are in the unit of the result.
    """

    columns: _Texts = field(default_factory=dict)
    column_units: _Texts = field(default_factory=dict)
    constants: _Texts = field(default_factory=dict)
    analytes: _Texts = field(default_factory=dict)
    participants: _Texts = field(default_factory=dict)
    specimens: _Texts = field(default_factory=dict)
    units: _Texts = field(default_factory=dict)
    filters: _Texts = field(default_factory=dict)
    log10: bool = False
    not_detected: tuple[str, ...] = ()
    decimal_comma: bool = False
    thousands: bool = False
    excel_serials: bool = False
    date_order: DateOrder = DateOrder.ISO

    def header_of(self, meaning: Meaning) -> str | None:
        return next((name for name, held in self.columns.items() if held == meaning), None)

    def constant(self, meaning: Meaning) -> str:
        return self.constants.get(meaning, "").strip() if meaning in CONSTANTS else ""

    def gives(self, meaning: Meaning) -> bool:
        """Whether a column or a constant says ``meaning``."""
        return self.header_of(meaning) is not None or bool(self.constant(meaning))

    @property
    def wide(self) -> dict[str, str]:
        """The analyte of each ``value:`` column, by header."""
        return {
            name: held.removeprefix(WIDE)
            for name, held in self.columns.items()
            if held.startswith(WIDE)
        }

    @property
    def style(self) -> NumberStyle:
        return NumberStyle(self.decimal_comma, self.thousands)

    def to_json(self) -> dict[str, Any]:
        return {item.name: _to_json(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_json(cls, data: Any) -> Mapping:
        """What ``to_json`` gave; raises ``ValueError`` for anything else."""
        if not isinstance(data, dict) or not set(data) <= {item.name for item in fields(cls)}:
            raise ValueError("not a mapping of columns")
        return cls(**{name: _from_json(name, value) for name, value in data.items()})


def _to_json(value: Any) -> Any:
    if isinstance(value, abc.Mapping):
        return dict(value)
    if isinstance(value, tuple):
        return list(value)
    return value.value if isinstance(value, DateOrder) else value


def _from_json(name: str, value: Any) -> Any:
    if name == "date_order":
        return DateOrder(value)
    if name == "not_detected" and isinstance(value, list) and _all_text(value):
        return tuple(value)
    flags = ("log10", "decimal_comma", "thousands", "excel_serials")
    if name in flags and isinstance(value, bool):
        return value
    if (
        name not in (*flags, "not_detected")
        and isinstance(value, dict)
        and _all_text([*value, *value.values()])
    ):
        return dict(value)
    raise ValueError(f"{name} of a mapping of columns")


def _all_text(values: Sequence[Any]) -> bool:
    return all(isinstance(value, str) for value in values)
