"""What every template may use: icons, badges, numbers, dates and translated sentences.

A template built-in (``settings.TEMPLATES``), so no page loads it.  Numbers are written the same in
every language; only words and dates follow the reader.
"""

import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

from django import template
from django.utils import dateformat, timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext

from trial_site import protocol
from trial_site.messages import Message
from trial_site.units import spelled

register = template.Library()

Number = Decimal | Fraction | int | float | str

MINUS = "\u2212"
NO_BREAK_SPACE = "\u00a0"
MOST_DECIMALS = 30  # where to stop looking for the end of a number
LONGEST_FRACTION = 6  # decimals shown of one that has none, such as 1/3

# The icon of a state is fixed, so that a state is recognised without its colour.
STATUS_ICONS = {
    "met": "check",
    "bad": "stop",
    "blocked": "block",
    "unknown": "question",
    "due": "clock",
    "late": "alert",
    "held": "pause",
    "done": "check",
    "planned": "circle",
}
NOTICE_ICONS = {"info": "info", "done": "check", "warn": "alert", "bad": "stop", "held": "pause"}
ARM_CLASSES = {"il2_gcv": "arm--il2", "gcv": "arm--gcv"}


# --- marks ------------------------------------------------------------------------------------


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """A decorative icon of ``components/sprite.html``; the word beside it carries the meaning."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="#i-{}"></use></svg>',
        name,
    )


@register.simple_tag
def status(kind: str, text: Any) -> SafeString:
    """A state as icon and word.  Raises ``KeyError`` for a kind that the design does not know."""
    return format_html(
        '<span class="status status--{}">{}{}</span>', kind, icon(STATUS_ICONS[kind]), say(text)
    )


@register.simple_tag
def arm(code: str | None) -> SafeString:
    """The arm by shape, colour and name; nothing for a participant without one (or hidden)."""
    if not code:
        return SafeString()
    label = say(protocol.current().arm(code).short_label)
    return format_html('<span class="arm {}">{}</span>', ARM_CLASSES[code], label)


@register.simple_block_tag
def notice(content: str, kind: str = "info", role: str = "") -> SafeString:
    """A boxed sentence; ``kind``: info, done, warn (a question), bad (a refusal) or held."""
    return format_html(
        '<div class="notice notice--{}"{}>{}<div>{}</div></div>',
        kind,
        format_html(' role="{}"', role) if role else "",
        icon(NOTICE_ICONS[kind]),
        content,
    )


@register.simple_block_tag
def table_scroll(content: str, label: str) -> SafeString:
    """A table's own scrolling region, which a keyboard can reach; ``label`` names it."""
    return format_html(
        '<div class="table-scroll" role="region" tabindex="0" aria-label="{}">{}</div>',
        label,
        content,
    )


# --- sentences --------------------------------------------------------------------------------


@register.filter
def say(value: Message | Mapping[str, Any] | str | Promise | None) -> str:
    """A rule's message, as an object or as it is stored, in the reader's language."""
    if not value:
        return ""  # gettext("") would answer with the catalogue's header
    if isinstance(value, Mapping):
        value = Message.from_json(value)
    if isinstance(value, Message):
        return value.render(gettext)
    return gettext(str(value))


# --- numbers ----------------------------------------------------------------------------------


@register.filter
def exact(value: Number | None, places: int | None = None) -> str:
    """``52000`` → ``52,000``; ``60.0`` → ``60``, with ``places=1`` → ``60.0``.

    Only what is shown is rounded, half up (DOMAIN: compare raw, show rounded).  Without ``places``
    every decimal is shown, and a fraction that never ends is cut to ``LONGEST_FRACTION`` of them.
    """
    sign, digits = _written(value, places)
    return f"{MINUS}{digits}" if sign < 0 else digits


@register.filter
def signed(value: Number | None, places: int | None = None) -> str:
    """A change: ``+9.3``, ``−1.6``, and ``0`` without a sign."""
    sign, digits = _written(value, places)
    return f"{'' if sign == 0 else '+' if sign > 0 else MINUS}{digits}"


@register.filter
def quantity(value: Number | None, unit: str) -> str:
    """Number and unit on one line for good: ``300 mg``.  A text is taken as already written."""
    if value is None or value == "":
        return ""
    number = value if isinstance(value, str) else exact(value)
    return f"{number} {spelled(unit)}".strip().replace(" ", NO_BREAK_SPACE)


def _written(value: Number | None, places: int | None) -> tuple[int, str]:
    """The sign of what is shown (0 when it rounds to nothing) and its digits."""
    if value is None or value == "":
        return 0, ""
    amount = Fraction(str(value)) if isinstance(value, float) else Fraction(value)
    if places is None:
        places = _decimals(amount)
    units = math.floor(abs(amount) * 10**places + Fraction(1, 2))
    sign = 0 if units == 0 else 1 if amount > 0 else -1
    whole, rest = divmod(units, 10**places)
    return sign, f"{whole:,}.{rest:0{places}}" if places else f"{whole:,}"


def _decimals(amount: Fraction) -> int:
    """How many decimals write ``amount`` in full."""
    finite = (n for n in range(MOST_DECIMALS) if (amount * 10**n).denominator == 1)
    return next(finite, LONGEST_FRACTION)


# --- dates ------------------------------------------------------------------------------------


@register.filter
def local_datetime(value: datetime | None) -> SafeString:
    """``17 Mar 2026 08:10``, on the site's clock.  Raises ``ValueError`` for a naive value."""
    # Translators: a date format in the letters of Django's "date" filter, not a sentence
    return _time(value, pgettext("date format", "j M Y H:i"))


@register.filter
def local_date(value: date | None) -> SafeString:
    """``17 Mar 2026``; of a moment, its day on the site's clock."""
    # Translators: a date format in the letters of Django's "date" filter, not a sentence
    return _time(value, pgettext("date format", "j M Y"))


@register.filter
def local_day(value: date | None) -> SafeString:
    """``Tue 17 Mar 2026``, where the day of the week matters."""
    # Translators: a date format in the letters of Django's "date" filter, not a sentence
    return _time(value, pgettext("date format", "D j M Y"))


@register.filter
def local_time(value: datetime | None) -> SafeString:
    """``08:10``, beside a heading that says the day."""
    return _time(value, "H:i")


def _time(value: date | None, style: str) -> SafeString:
    if value is None:
        return SafeString()
    if isinstance(value, datetime):
        value = timezone.localtime(value)
    return format_html(
        '<time datetime="{}">{}</time>', value.isoformat(), dateformat.format(value, style)
    )
