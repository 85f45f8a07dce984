"""Words and numbers that several sections of the report use, in the reader's language.

Sentences that a page says too are the page's own, so that both read alike in either language.
"""

from __future__ import annotations

import datetime as dt

from django.utils import dateformat, timezone
from django.utils.translation import gettext, pgettext

from outcomes.rules.levels import Level
from outcomes.rules.statistics import Description, RankSum, ShiftEstimate, Undefined
from trial_site.messages import Message
from trial_site.protocol import current
from trial_site.templatetags.trial import Number, exact, say, signed


def arm(code: str | None) -> str:
    return say(current().arm(code).short_label) if code else ""


def day(value: dt.date) -> str:
    # Translators: a date format in the letters of Django's "date" filter, not a sentence
    return dateformat.format(value, pgettext("date format", "j M Y"))


def instant(moment: dt.datetime) -> str:
    """On the site's clock and with its offset, so that it is the same moment everywhere."""
    return timezone.localtime(moment).isoformat()


def why(message: Message | None) -> str:
    """Why something counts or not.  What somebody wrote, and who, is no part of a report (R27)."""
    if message is None:
        return ""
    if "who" in message.params:
        return gettext("decided by the investigator")
    return say(message)


def missing_or(value: Number | None, places: int | None = None) -> str:
    return gettext("missing") if value is None else exact(value, places)


def number(value: Number | None, places: int | None = None) -> str:
    """Nothing where there is no number: the table says so in its own way."""
    return "" if value is None else exact(value, places)


def change(value: Number | None, places: int | None = None) -> str:
    return "" if value is None else signed(value, places)


def mean_sd(found: Description, places: int, *, is_change: bool = False) -> str:
    """``+9.3 (3.3)``."""
    write = change if is_change else number
    if found.sd is None:
        return write(found.mean, places)
    return f"{write(found.mean, places)} ({exact(found.sd, places)})"


def interval(found: Description, places: int, *, is_change: bool = False) -> str:
    """The 95 % confidence interval of the mean."""
    write = change if is_change else number
    return spread(write(found.ci_low, places), write(found.ci_high, places))


def median_quartiles(found: Description, places: int, *, is_change: bool = False) -> str:
    write = change if is_change else number
    if found.n < 2:
        return write(found.median, places)
    quartiles = spread(write(found.q1, places), write(found.q3, places))
    return f"{write(found.median, places)} ({quartiles})"


def spread(low: str, high: str) -> str:
    """``2.7 to 12.7``; nothing without both ends."""
    if not (low and high):
        return ""
    return gettext("%(low)s to %(high)s") % {"low": low, "high": high}


def level(found: Level | None, places: int) -> str:
    """A number, or the limit that it lies beyond: ``<2.50``."""
    if found is None:
        return ""
    return f"{'' if found.is_number else found.operator}{exact(found.value, places)}"


def compared(of: str, test: RankSum | Undefined, shift: ShiftEstimate | Undefined) -> str:
    """The first arm against the second in a sentence; ``of`` is what is compared."""
    shifted = "" if isinstance(test, Undefined) else _shifted(shift)
    return f"{of[:1].upper()}{of[1:]}, {_tested(test)}{shifted}"


def _tested(test: RankSum | Undefined) -> str:
    if isinstance(test, Undefined):
        return gettext("no test: %(reason)s") % {"reason": say(test.reason)}
    return gettext(
        "exact Wilcoxon–Mann–Whitney p = %(p)s (U = %(u)s, %(favourable)s of %(arrangements)s)"
    ) % {
        "p": exact(test.p_two_sided, 4),
        "u": exact(test.u),
        "favourable": test.favourable,
        "arrangements": test.arrangements,
    }


def _shifted(shift: ShiftEstimate | Undefined) -> str:
    if isinstance(shift, Undefined):
        return f"; {say(shift.reason)}"
    estimate = gettext("Hodges–Lehmann %(estimate)s") % {"estimate": signed(shift.estimate, 2)}
    return f"; {estimate} ({_covered(shift)})"


def _covered(shift: ShiftEstimate) -> str:
    bounds = shift.interval
    if isinstance(bounds, Undefined):
        return say(bounds.reason)
    return gettext("%(low)s to %(high)s, true coverage %(coverage)s %%") % {
        "low": signed(bounds.low, 2),
        "high": signed(bounds.high, 2),
        "coverage": exact(bounds.coverage_percent, 1),
    }
