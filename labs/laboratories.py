"""Laboratories as pages read them: ranges by analyte and the day that they hold, assays."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from labs.models import Assay, Laboratory, ReferenceRange
from labs.rules.setup import limits_text
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

# How a range stands on a day: the kind of its badge, and the word in it.
IN_FORCE = ("met", gettext_noop("In force"))
ENDED = ("done", gettext_noop("Ended"))
TO_COME = ("planned", gettext_noop("To come"))


@dataclass(frozen=True)
class RangeLine:
    """A range with its limits in words, and how it stands on ``today``."""

    range: ReferenceRange
    today: dt.date

    @property
    def limits(self) -> str:
        return limits_text(self.range.low, self.range.high, self.range.unit)

    @property
    def badge(self) -> tuple[str, str]:
        if self.range.covers(self.today):
            return IN_FORCE
        return TO_COME if self.range.valid_from > self.today else ENDED


@dataclass(frozen=True)
class AssayLine:
    """An assay with what its numbers are held against, in words."""

    assay: Assay

    @property
    def limits(self) -> list[tuple[Message, str]]:
        """The limits that it declares, named, each in the assay's unit."""
        names = {
            "lod": gettext_noop("detects from"),
            "lloq": gettext_noop("quantifies from"),
            "uloq": gettext_noop("quantifies to"),
            "grey_from": gettext_noop("grey zone from"),
            "positive_from": gettext_noop("positive from"),
        }
        found = ((text, getattr(self.assay, name)) for name, text in names.items())
        return [(Message(text), value) for text, value in found if value is not None]


def laboratories_of(user: User) -> QuerySet[Laboratory]:
    """The laboratories of the user's sites, with how much each has declared."""
    found: QuerySet[Laboratory] = Laboratory.objects.visible_to(user).select_related("site")
    counts = {
        "range_count": Count("ranges", distinct=True),
        "assay_count": Count("assays", distinct=True),
    }
    return found.annotate(**counts).order_by("site__code", "name")


def laboratories_visible_to(user: User) -> QuerySet[Laboratory]:
    found: QuerySet[Laboratory] = Laboratory.objects.visible_to(user).select_related("site")
    return found


def ranges_visible_to(user: User) -> QuerySet[ReferenceRange]:
    found: QuerySet[ReferenceRange] = ReferenceRange.objects.visible_to(user)
    return found.select_related("laboratory")


def assays_registered(user: User) -> QuerySet[Assay]:
    found: QuerySet[Assay] = Assay.objects.visible_to(user)
    return found.select_related("laboratory")


def range_lines(laboratory: Laboratory) -> list[RangeLine]:
    """In the order of the protocol's analytes, for both sexes first, the newest range first."""
    order = {analyte.code: place for place, analyte in enumerate(current().analytes)}
    rows = laboratory.ranges.order_by("sex", "-valid_from")
    today = clock.today()
    return [RangeLine(row, today) for row in sorted(rows, key=lambda row: order[row.analyte])]


def assay_lines(laboratory: Laboratory) -> list[AssayLine]:
    order = {analyte.code: place for place, analyte in enumerate(current().analytes)}
    rows = sorted(laboratory.assays.all(), key=lambda row: (order[row.analyte], row.name))
    return [AssayLine(row) for row in rows]
