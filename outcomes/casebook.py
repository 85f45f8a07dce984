"""One participant's timeline: everything from screening to the last flag, newest day first."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import groupby

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dosing import timeline as dosing
from dosing.models import Administration, DrugChoice
from enrollment import timeline as enrollment
from enrollment.models import Participant
from enrollment.states import ENDED, State
from labs import timeline as labs
from labs.models import Result
from outcomes.analysis import total_rows
from outcomes.models import Flag
from outcomes.schedule import conversion_of, pcr_results
from trial_site.access import may_open
from trial_site.messages import Message
from trial_site.models import User
from trial_site.presentation import TimelineEvent
from trial_site.protocol import current

KINDS = {
    "dose": _("Doses"),
    "lab": _("Laboratory"),
    "visit": _("Visits"),
    "state": _("Trial"),
}


@dataclass(frozen=True)
class Day:
    """The events of one calendar day of the site; ``number`` counts from the first dose."""

    date: dt.date
    number: int | None
    events: tuple[TimelineEvent, ...]


def days(participant: Participant, user: User, kind: str = "") -> list[Day]:
    """The timeline, newest first; ``kind`` narrows it to one of ``KINDS``."""
    events = [
        *enrollment.events(participant, user),
        *dosing.events(participant, user),
        *labs.events(participant, user),
        *_flag_events(participant),
    ]
    shown = [event for event in events if not kind or event.kind == kind]
    shown.sort(key=lambda event: event.at, reverse=True)
    day0 = timezone.localdate(participant.day0_at) if participant.day0_at else None
    return [
        Day(day, (day - day0).days if day0 else None, tuple(of_day))
        for day, of_day in groupby(shown, key=lambda event: timezone.localdate(event.at))
    ]


def _flag_events(participant: Participant) -> list[TimelineEvent]:
    return [
        TimelineEvent(
            at=flag.resolved_at or flag.raised_at,
            icon="flag",
            title=flag.title,
            why=Message.from_json(flag.rule),
            badge=("done", _("Resolved")) if flag.resolved_at else ("due", _("Open")),
            history=("outcomes.flag", flag.pk),
            kind="visit",
        )
        for flag in participant.flags.all()
    ]


# URL name, label, states in which the page has something to do.
_ACTIONS = [
    ("enrollment:allocate", _("Allocate"), {State.ENROLLED}),
    ("dosing:withdraw", _("Withdraw drugs"), {State.ON_TREATMENT}),
    ("enrollment:visits", _("Visits"), {State.ON_TREATMENT, State.FOLLOW_UP}),
    ("enrollment:disposition", _("End participation"), set(State) - ENDED),
]


def actions(participant: Participant, user: User) -> list[tuple[str, str]]:
    """``(label, url)`` of what this person may do about the participant now."""
    return [
        (str(label), reverse(name, args=[participant.subject]))
        for name, label, states in _ACTIONS
        if participant.state in states and may_open(user, name)
    ]


@dataclass(frozen=True)
class Summary:
    """What stands beside the timeline."""

    total: object
    il2_given: int
    conversion_steps: tuple[Message, ...]
    latest_pcr: Result | None
    latest_blood: tuple[Result, ...]
    open_flags: tuple[Flag, ...]


def summary(participant: Participant) -> Summary:
    results = pcr_results([participant])[participant.pk]
    conversion = conversion_of(participant, results)
    il2 = participant.administrations.filter(drug=DrugChoice.IL2)
    return Summary(
        total=total_rows([participant])[0].total,
        il2_given=il2.exclude(status=Administration.Status.NOT_GIVEN).count(),
        conversion_steps=conversion.steps if conversion else (),
        latest_pcr=results[-1] if results else None,
        latest_blood=_latest_blood(participant),
        open_flags=tuple(participant.flags.filter(resolved_at=None)),
    )


def _latest_blood(participant: Participant) -> tuple[Result, ...]:
    """The results of the newest safety panel."""
    safety = [analyte.code for analyte in current().analytes if analyte.group == "safety"]
    rows = participant.results.in_force().filter(analyte__in=safety).order_by("-collected_at")
    newest = rows.first()
    return tuple(rows.filter(specimen=newest.specimen_id).order_by("pk")) if newest else ()
