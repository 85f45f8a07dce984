"""One participant's timeline: everything from screening to the last flag, newest day first."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from itertools import groupby

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dosing import timeline as dosing
from dosing.models import DrugChoice
from dosing.reviews import TREATED
from dosing.rules.totals import Total
from dosing.selectors import holds_in_force
from dosing.totals import ganciclovir_total
from dosing.wording import hold_text
from enrollment import timeline as enrollment
from enrollment.models import Participant
from enrollment.selectors import consents
from enrollment.states import ENDED, State
from labs import timeline as labs
from labs.models import Result
from labs.readings import Reading, read
from labs.rules.stops import deciding_value, hold_reasons
from labs.series import conversion_of
from outcomes.models import Flag
from oversight.kept import kept
from oversight.selectors import first_entries
from safety import timeline as safety
from trial_site import clock
from trial_site.access import may_open
from trial_site.messages import Message
from trial_site.models import User
from trial_site.presentation import TimelineEvent
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

ENTERED = {"dosing.administration", "dosing.bodyweight", "labs.result", "labs.cytotoxicityassay"}
KINDS = {
    "dose": _("Doses"),
    "lab": _("Laboratory"),
    "safety": _("Safety"),
    "visit": _("Visits"),
    "state": _("Trial"),
}


_OPEN = ("due", Message(gettext_noop("Open")))
_RESOLVED = ("done", Message(gettext_noop("Resolved")))


@dataclass(frozen=True)
class Day:
    """The events of one calendar day of the site; ``number`` counts from the first dose."""

    date: dt.date
    number: int | None
    events: tuple[TimelineEvent, ...]


def participant_named(user: User, subject: str) -> Participant:
    """The participant with what every part of its casebook needs.  Raises ``DoesNotExist``."""
    people: QuerySet[Participant] = Participant.objects.visible_to(user).prefetch_related("flags")
    screening = ("submitted_by", "confirmed_by", "consent_withdrawal")
    people = people.select_related(
        "allocation",
        "allocation_error__noted_by",
        "site",
        *(f"screening__{name}" for name in screening),
    )
    return people.prefetch_related(consents("screening__")).get(subject=subject)


def days(participant: Participant, user: User, kind: str = "") -> list[Day]:
    """The timeline, newest first; ``kind`` narrows it to one of ``KINDS``.  Kept for each role
    until the record changes: it reads every kind of record that there is."""
    name = f"casebook:{participant.pk}:{user.role}:{kind}:{clock.today()}:{get_language()}"
    return kept(user, name, lambda: _days(participant, user, kind))


def _days(participant: Participant, user: User, kind: str) -> list[Day]:
    events = [
        *enrollment.events(participant, user),
        *dosing.events(participant, user),
        *labs.events(participant, user),
        *safety.events(participant, user),
        *_flag_events(participant),
    ]
    shown = [event for event in events if not kind or event.kind == kind]
    shown = _signed(shown, participant)
    shown.sort(key=lambda event: event.at, reverse=True)
    day0 = timezone.localdate(participant.day0_at) if participant.day0_at else None
    return [
        Day(day, (day - day0).days if day0 else None, tuple(of_day))
        for day, of_day in groupby(shown, key=lambda event: timezone.localdate(event.at))
    ]


def _signed(events: list[TimelineEvent], participant: Participant) -> list[TimelineEvent]:
    """With who entered each dose and result first: one question for all of them."""
    first = first_entries(participant.audit_chain)

    def signed(event: TimelineEvent) -> TimelineEvent:
        model, key = event.history or ("", 0)
        if model not in ENTERED:
            return event
        return replace(event, by=first[model, str(key)][0])

    return [signed(event) for event in events]


def _flag_events(participant: Participant) -> list[TimelineEvent]:
    return [
        TimelineEvent(
            at=flag.resolved_at or flag.raised_at,
            icon="flag",
            title=Message(flag.title),
            why=Message.from_json(flag.rule),
            badge=_RESOLVED if flag.resolved_at else _OPEN,
            history=("outcomes.flag", flag.pk),
            kind="dose" if flag.kind == Flag.Kind.DOSES else "visit",
        )
        for flag in participant.flags.all()
    ]


# URL name, label, states in which the page has something to do.
_ACTIONS = [
    ("enrollment:allocate", _("Allocate"), {State.ENROLLED}),
    ("dosing:orders", _("Orders"), set(State) - {State.ENROLLED}),
    ("dosing:withdraw", _("Withdraw drugs"), {State.ON_TREATMENT}),
    ("enrollment:visits", _("Visits"), set(State)),
    ("outcomes:course", _("Laboratory course"), set(State)),
    ("safety:medication", _("Medication and history"), set(State)),
    ("enrollment:rescue", _("Rescue treatment"), {State.FOLLOW_UP}),
    ("dosing:rescue-end", _("End rescue treatment"), {State.RESCUE}),
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

    total: Total | None
    il2_given: int
    conversion_steps: tuple[Message, ...]
    latest_pcr: Result | None
    latest_blood: tuple[Reading, ...]
    holds: tuple[Message, ...]
    open_flags: tuple[Flag, ...]


def summary(participant: Participant) -> Summary:
    results = list(participant.results.in_force())
    pcr = [result for result in results if result.analyte == current().pcr.analyte]
    conversion = conversion_of(participant, pcr)
    administrations = list(participant.administrations.in_force())
    return Summary(
        total=ganciclovir_total(participant, administrations),
        il2_given=sum(dose.drug == DrugChoice.IL2 and dose.delivered for dose in administrations),
        conversion_steps=conversion.steps if conversion else (),
        latest_pcr=pcr[-1] if pcr else None,
        latest_blood=_latest_blood(results),
        holds=_holds(participant, results),
        open_flags=tuple(flag for flag in participant.flags.all() if flag.resolved_at is None),
    )


def _latest_blood(results: list[Result]) -> tuple[Reading, ...]:
    """The newest safety panel, read; ``results`` are in the order of collection."""
    safety = {analyte.code for analyte in current().analytes if analyte.group == "safety"}
    graded = [result for result in results if result.analyte in safety]
    return tuple(read(r) for r in graded if r.specimen_id == graded[-1].specimen_id)


def _holds(participant: Participant, results: list[Result]) -> tuple[Message, ...]:
    """Why ganciclovir is held now; nothing for a participant who is not treated."""
    if participant.state not in TREATED:
        return ()
    bounds = {hold.analyte: hold.bound for hold in current().ganciclovir.holds}
    latest = {
        result.analyte: deciding_value(
            result.operator, result.canonical_value, bounds[result.analyte]
        )
        for result in results
        if result.analyte in bounds
    }
    known = {analyte: value for analyte, value in latest.items() if value is not None}
    hold = holds_in_force([participant.pk], clock.now()).get(
        (participant.pk, DrugChoice.GANCICLOVIR)
    )
    return (*([hold_text(hold)] if hold else []), *hold_reasons(known, current()))
