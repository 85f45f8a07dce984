"""From a row of a laboratory's file to results that wait to be recorded, or to what is wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from labs.rules.dates import UnreadableDate, looks_like_date, read_moment
from labs.rules.mapping import Mapping
from labs.rules.meanings import LIMITS, Meaning
from labs.rules.pcr import HALF_WIDTH, Operator, UnreadableResult
from labs.rules.row_cells import Prepared, RowCells
from labs.rules.tables import CellKind, Row
from labs.rules.units import limit_fault
from labs.rules.vocabulary import find_analyte, find_specimen, find_status, find_unit, folded
from trial_site.messages import Message
from trial_site.protocol.definition import Analyte, gettext_noop

# A cell count of 0 is a count; only what an assay detects can be "not detected" behind a number.
_DETECTED = ("pcr", "cytokine", "serology")
_LOG10 = "log10 "

_IS_DATE = gettext_noop("“%(text)s” is a date, not a participant: are columns swapped?")
_NOT_TAKEN = gettext_noop("“%(text)s” is not a unit that %(analyte)s is taken in")
_NO_LOG10 = gettext_noop("no power of ten of “%(text)s” is taken for %(analyte)s")
_CROSSED = gettext_noop("the lower limit, %(low)s, is not below the upper one, %(high)s")
_NO_RESULT = gettext_noop("The row has no result.")


@dataclass(frozen=True)
class Draft:
    """One result as a file says it.  Moments are aware; value and limits are in ``unit``.

    ``specimen`` is the code of a kind, ``status`` preliminary, final or corrected.  Whether the
    participant exists and the value can be is not asked here.
    """

    subject: str
    collected_at: dt.datetime
    received_at: dt.datetime | None
    accession: str
    specimen: str
    analyte: str
    operator: Operator
    value: Decimal | None
    unit: str
    assay: str
    kit_lot: str
    lod: Decimal | None
    lloq: Decimal | None
    uloq: Decimal | None
    lln: Decimal | None
    uln: Decimal | None
    status: str


@dataclass(frozen=True)
class RowReading:
    """Results, or problems and no result: a row is taken whole or not at all.

    ``left_out``: the mapping does not want the row, which is then neither good nor bad.
    """

    drafts: tuple[Draft, ...] = ()
    problems: tuple[Message, ...] = ()
    left_out: bool = False


class RowReader:
    """Reads the rows of a file under ``header`` by ``mapping``, for which ``check`` is silent.

    Moments without a zone are on the clock of ``tz``, the site's zone.
    """

    def __init__(self, mapping: Mapping, header: Sequence[str], tz: dt.tzinfo) -> None:
        self.prepared = Prepared(mapping, header)
        self.tz = tz

    def read(self, row: Row) -> RowReading:
        """The results of ``row``; never raises, whatever its cells hold."""
        reading = _Reading(self.prepared, row, self.tz)
        if reading.is_left_out:
            return RowReading(left_out=True)
        if row.problems:
            return RowReading(problems=row.problems)
        drafts = tuple(reading.drafts())
        if not drafts and not reading.problems:
            reading.problems.append(Message(_NO_RESULT))
        problems = tuple(reading.problems)
        return RowReading((), problems) if problems else RowReading(drafts)

    def subject_of(self, row: Row) -> str:
        """Whom ``row`` names, as ``read`` would say it; empty where it names nobody."""
        return _Reading(self.prepared, row, self.tz).subject()


class _Reading(RowCells):
    """One row being read."""

    def __init__(self, prepared: Prepared, row: Row, tz: dt.tzinfo) -> None:
        super().__init__(prepared, row)
        self.mapping, self.tz = prepared.mapping, tz

    @property
    def is_left_out(self) -> bool:
        if any(
            folded(self.cell(name).text) != wanted for name, wanted in self.prepared.filters.items()
        ):
            return True
        word = self.cell(self.prepared.headers[Meaning.ANALYTE]).text
        return self.prepared.words[Meaning.ANALYTE].get(folded(word)) == ""

    def drafts(self) -> Iterator[Draft]:
        sample = self._sample()
        for draft in self._wide() if self.prepared.wide else self._long():
            if sample and not self.problems:
                yield Draft(**sample, **draft)

    # --- the specimen -----------------------------------------------------------------------

    def _sample(self) -> dict[str, Any]:
        """What all results of the row share; empty when something is wrong with it."""
        shared: dict[str, Any] = {
            "subject": self.subject(),
            "collected_at": self._collected(),
            "received_at": self._moment(Meaning.RECEIVED),
            "accession": self.said(Meaning.ACCESSION),
            "specimen": self._specimen(),
            "kit_lot": self.said(Meaning.KIT_LOT),
            "status": self._status(),
        }
        return {} if self.problems else shared

    def subject(self) -> str:
        text = self.said(Meaning.PARTICIPANT, required=True)
        known = self.prepared.words[Meaning.PARTICIPANT].get(folded(text))
        if known:
            return known
        cell = self.cell(self.prepared.headers[Meaning.PARTICIPANT])
        if cell.kind is CellKind.DATE or looks_like_date(text):
            self.fault(self.column(Meaning.PARTICIPANT), _IS_DATE, text=text)
        return text

    def _collected(self) -> dt.datetime | None:
        if self.prepared.headers[Meaning.COLLECTED]:
            return self._moment(Meaning.COLLECTED, required=True)
        return self._moment(Meaning.COLLECTED_DATE, required=True)

    def _moment(self, meaning: Meaning, *, required: bool = False) -> dt.datetime | None:
        text = self.said(meaning, required=required)
        if not text:
            return None
        try:
            return read_moment(
                text,
                order=self.mapping.date_order,
                serials=self.mapping.excel_serials,
                tz=self.tz,
                **self._time_of_day(meaning),
            )
        except UnreadableDate as error:
            self.told(self.column(meaning), error.message)
        return None

    def _time_of_day(self, meaning: Meaning) -> dict[str, str]:
        """For a date, the time beside it; for a moment, the one to take where it has none."""
        if meaning is Meaning.COLLECTED_DATE:
            return {"time_of_day": self.said(Meaning.COLLECTED_TIME, required=True)}
        if meaning is Meaning.COLLECTED:
            return {"default_time": self.mapping.constant(Meaning.COLLECTED_TIME)}
        return {}

    def _specimen(self) -> str:
        text = self.said(Meaning.SPECIMEN, required=True)
        own = self.prepared.words[Meaning.SPECIMEN].get(folded(text), text)
        return self.found(Meaning.SPECIMEN, text, find_specimen(own))

    def _status(self) -> str:
        header = self.prepared.headers[Meaning.STATUS]
        if header is None:
            return "final"
        text = self.said(Meaning.STATUS, required=True)
        return self.found(Meaning.STATUS, text, find_status(text))

    # --- the results ------------------------------------------------------------------------

    def _long(self) -> Iterator[dict[str, Any]]:
        word = self.said(Meaning.ANALYTE, required=True)
        own = self.prepared.words[Meaning.ANALYTE].get(folded(word), word)
        code = self.found(Meaning.ANALYTE, word, find_analyte(own))
        header = self.prepared.headers[Meaning.VALUE] or ""
        printed = self.said(Meaning.VALUE, required=True)
        unit = self.said(Meaning.UNIT, required=True)
        if code and unit:
            analyte = self.prepared.analytes[code]
            yield self._result(analyte, header, printed, self.column(Meaning.UNIT), unit)

    def _wide(self) -> Iterator[dict[str, Any]]:
        for name, code in self.prepared.wide.items():
            printed = self.text(name)
            analyte = self.prepared.analytes.get(code)
            if printed and analyte:
                unit = self.mapping.column_units.get(name, "")
                yield self._result(analyte, name, printed, name, unit)

    def _result(
        self, analyte: Analyte, header: str, printed: str, column: str | Message, unit: str
    ) -> dict[str, Any]:
        taken = self._unit(analyte, column, unit)
        operator, value = self._value(analyte, header, printed, taken)
        lln, uln = self._normal()
        own = self._has_constants(analyte)
        limits = {limit: self._limit(limit, constant=own) for limit in LIMITS}
        for limit, number in limits.items():
            if fault := limit_fault(analyte, number, taken):
                self.told(self.column(limit), fault)
        self._ordered(Meaning.LLOQ, limits[Meaning.LLOQ], limits[Meaning.ULOQ])
        self._ordered(Meaning.RANGE, lln, uln)
        return {
            "analyte": analyte.code,
            "operator": operator,
            "value": value,
            "unit": taken,
            "assay": self.said(Meaning.ASSAY, constant=own),
            "lln": lln,
            "uln": uln,
            **{limit.value: number for limit, number in limits.items()},
        }

    def _has_constants(self, analyte: Analyte) -> bool:
        """Whether an assay or limits given for all rows are those of ``analyte``."""
        alone = bool(self.mapping.constant(Meaning.ANALYTE)) or len(self.prepared.wide) == 1
        return alone or analyte.group == "pcr"

    def _unit(self, analyte: Analyte, column: str | Message, printed: str) -> str:
        """The protocol's name of the unit; of its power of ten, where values are such."""
        own = self.prepared.words[Meaning.UNIT].get(folded(printed), printed)
        unit = find_unit(analyte, own)
        params: dict[str, str | Message] = {"text": printed[:60], "analyte": Message(analyte.name)}
        if not unit:
            self.fault(column, _NOT_TAKEN, **params)
        logs = [name for name in analyte.taken_units if name.startswith(_LOG10)]
        if not unit or not self.mapping.log10 or not logs or unit in logs:
            return unit
        if _LOG10 + unit not in logs:
            self.fault(column, _NO_LOG10, **params)
        return _LOG10 + unit

    def _value(
        self, analyte: Analyte, header: str, printed: str, unit: str
    ) -> tuple[Operator, Decimal | None]:
        if not printed:  # told where it is missing
            return Operator.EQUAL, None
        # "11.5 %" beside the unit % says it twice; beside another unit it is refused.
        text = printed.translate(HALF_WIDTH).rstrip("% ") if unit == "%" else printed
        try:
            operator, value = self.style(header).read(text)
        except UnreadableResult as error:
            if analyte.group in _DETECTED and folded(printed) in self.prepared.absent:
                return Operator.NOT_DETECTED, None
            self.told(header, error.message)
            return Operator.EQUAL, None
        if analyte.group in _DETECTED and self._is_absent(printed, operator, value):
            return Operator.NOT_DETECTED, None
        return operator, value

    def _is_absent(self, printed: str, operator: Operator, value: Decimal | None) -> bool:
        """Whether the mapping says that the file writes ``printed`` for "not detected"."""
        if folded(printed) in self.prepared.absent:
            return True
        return operator is Operator.EQUAL and value in self.prepared.absent_numbers

    def _normal(self) -> tuple[Decimal | None, Decimal | None]:
        header = self.prepared.headers[Meaning.RANGE]
        if header is None:
            return self._limit(Meaning.LLN), self._limit(Meaning.ULN)
        try:
            return self.prepared.style.read_range(self.text(header))
        except UnreadableResult as error:
            self.told(header, error.message)
        return None, None

    def _limit(self, meaning: Meaning, *, constant: bool = False) -> Decimal | None:
        text = self.said(meaning, constant=constant)
        try:
            return self.style(self.prepared.headers[meaning]).read_limit(text) if text else None
        except UnreadableResult as error:
            self.told(self.column(meaning), error.message)
        return None

    def _ordered(self, meaning: Meaning, low: Decimal | None, high: Decimal | None) -> None:
        if low is not None and high is not None and low >= high:
            self.fault(self.column(meaning), _CROSSED, low=f"{low:f}", high=f"{high:f}")
