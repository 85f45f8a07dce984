"""What may be done about a dose, as the buttons of its card."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone

from dosing.bedside import can_be_undone
from dosing.day import Slot
from dosing.models import Administration
from dosing.permissions import ADMINISTER, ORDER
from dosing.rules.timing import SlotState, is_open
from trial_site.models import User
from trial_site.protocol.definition import gettext_noop

MAIN, PLAIN, UNDO, HALF = "btn-primary btn-big", "btn-plain", "btn-big", "btn-half"


@dataclass(frozen=True)
class Button:
    """A way on from a card; ``posts``: one tap that does it, without a page between."""

    label: str
    url: str
    look: str = ""
    posts: bool = False


def buttons(
    slot: Slot, recorded: Administration | None, recorder: str, *, now: dt.datetime, user: User
) -> Iterator[Button]:
    """What ``user`` may do ``now`` about a dose that ``recorder`` (a name) recorded, or nobody."""
    if ADMINISTER.allows(user):
        if recorded is not None:
            is_fresh = can_be_undone(recorded, user, now, recorder=recorder)
            yield from _of_recorded(recorded, is_fresh=is_fresh)
        elif is_open(slot.at, now):
            yield from _recording(slot, today=timezone.localdate(now))
    if ORDER.allows(user) and recorded is None:
        url = reverse("dosing:order-new", args=[slot.subject, slot.drug])
        yield Button(gettext_noop("Change the order"), url, look=PLAIN)


def _of_recorded(recorded: Administration, *, is_fresh: bool) -> Iterator[Button]:
    """What was just recorded is undone with one tap; later it is corrected."""
    if is_fresh:
        url = reverse("dosing:undo", args=[recorded.pk])
        yield Button(gettext_noop("Undo"), url, look=UNDO, posts=True)
    ways = [(gettext_noop("Vital signs"), "vital-signs")]
    ways += [(gettext_noop("Reaction"), "reaction")] if recorded.delivered else []
    ways.append((gettext_noop("Correct"), "correct"))
    for label, name in ways:
        yield Button(label, reverse(f"dosing:{name}", args=[recorded.pk]), look=HALF)


def _recording(slot: Slot, *, today: dt.date) -> Iterator[Button]:
    """One main action at most; a held dose has none, a dose of another day needs its own time."""
    give, record = (
        reverse(f"dosing:{name}", args=[slot.order_id, slot.at]) for name in ("give", "record")
    )
    if slot.day != today:
        yield Button(gettext_noop("Record what happened"), f"{record}?outcome=given", look=MAIN)
        return
    if slot.state is SlotState.HELD:
        yield Button(gettext_noop("Record not given: held"), f"{record}?outcome=held")
    else:
        yield Button(gettext_noop("Given as ordered"), give, look=MAIN)
    yield Button(gettext_noop("Something else happened"), record)
