"""What is entered: a specimen, and one value of one analyte as it was printed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from labs.models import Laboratory, ResultStatus
from labs.rules.pcr import printed_text


@dataclass(frozen=True)
class Entry:
    """One value of one analyte, as printed.  ``value`` and all limits are in ``unit``.

    ``replicates`` are the readings, as printed, that ``value`` is the mean of.
    """

    analyte: str
    unit: str
    value: Decimal | None
    operator: str = "="
    assay: str = ""
    lloq: Decimal | None = None
    lod: Decimal | None = None
    uloq: Decimal | None = None
    lln: Decimal | None = None
    uln: Decimal | None = None
    kit_lot: str = ""
    note: str = ""
    replicates: tuple[str, ...] = ()
    status: str = ResultStatus.FINAL

    @property
    def printed(self) -> str:
        return printed_text(self.operator, self.value)


@dataclass(frozen=True)
class Sample:
    """Which specimen the values are of; moments are aware."""

    kind: str
    collected_at: dt.datetime
    received_at: dt.datetime | None = None
    laboratory: Laboratory | None = None
    accession: str = ""
    visit: str = ""


@dataclass(frozen=True)
class Origin:
    """The row of a file that a value came from; ``file`` is its primary key."""

    file: int
    row: int
