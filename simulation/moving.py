"""Moving a course to other days."""

from __future__ import annotations

import datetime as dt
import json
import re
from bisect import bisect_right
from typing import Any

from django.utils import timezone

from enrollment.rules.calendar import plan
from trial_site.protocol import current
from trial_site.protocol.definition import Anchor

_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


def holds_date(value: Any) -> bool:
    """Whether a column's ``value`` is a moment or a day, or JSON with a day somewhere in it."""
    return isinstance(value, dt.date) or (
        isinstance(value, dict | list) and bool(_DATE.search(json.dumps(value)))
    )


class Moved:
    """Dates of a course that began on ``begins``, moved so that it begins on ``start``.

    Calendar months differ in length, so from the window of a monthly visit on everything moves with
    that visit, and each planned date is still the one that the protocol's calendar gives.
    """

    def __init__(self, begins: dt.date, withdrawn_on: dt.date | None, start: dt.date) -> None:
        by = start - begins
        steps = [(dt.date.min, by)]
        if withdrawn_on:
            for rule in current().visits:
                if rule.anchor is Anchor.WITHDRAWAL and rule.offset_months:
                    before, after = plan(rule, withdrawn_on), plan(rule, withdrawn_on + by)
                    steps.append((before.opens, after.opens - before.opens))
        steps.sort()
        self._from = [day for day, _ in steps]
        self._by = [by for _, by in steps]
        self._zone = timezone.get_default_timezone()

    def day(self, day: dt.date) -> dt.date:
        return day + self._by[bisect_right(self._from, day) - 1]

    def moment(self, moment: dt.datetime) -> dt.datetime:
        """The same time of the site's clock on the moved day."""
        local = moment.astimezone(self._zone)
        return dt.datetime.combine(self.day(local.date()), local.timetz())

    def value(self, value: Any) -> Any:
        """``value`` of a column with every date in it moved; also those inside JSON."""
        match value:
            case dt.datetime():
                return self.moment(value)
            case dt.date():
                return self.day(value)
            case dict():
                return {key: self._inside(item) for key, item in value.items()}
            case list():
                return [self._inside(item) for item in value]
        return value

    def _inside(self, value: Any) -> Any:
        if isinstance(value, str):
            return _DATE.sub(lambda found: str(self.day(dt.date.fromisoformat(found[0]))), value)
        return self.value(value)
