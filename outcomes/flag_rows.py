"""Flags in words: how each stands, the one thing to do about it, and the rows that it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format

from outcomes.flag_actions import may_answer
from outcomes.follow_up import OpenFlag
from outcomes.models import Flag
from outcomes.permissions import READ_CASEBOOK
from outcomes.rules.attention import HARM
from outcomes.rules.flags import Urgency
from trial_site import clock
from trial_site.access import may_open
from trial_site.messages import Message
from trial_site.models import User
from trial_site.presentation import WorkRow
from trial_site.protocol.definition import gettext_noop

_RECORD_DOSES = gettext_noop("Record the doses")
_SEE_DOSES = gettext_noop("See the doses")
_DAYS = gettext_noop("%(number)s days from %(first)s to %(last)s, and nothing is recorded of them")
_ACKNOWLEDGED = gettext_noop("Acknowledged by %(who)s on %(day)s: %(why)s")
_SNOOZED = gettext_noop("Snoozed to %(until)s by %(who)s on %(day)s: %(why)s")


@dataclass(frozen=True)
class FlagLine:
    """A row of the list of flags: with its evidence, and what somebody said about it.

    ``rules`` are those of the days that are folded into it.
    """

    row: WorkRow
    kind: str
    rules: tuple[Message, ...]
    evidence: tuple[tuple[str, str], ...]
    said: Message | None
    answer_url: str


def flag_rows(flags: Iterable[OpenFlag], user: User) -> dict[int, WorkRow]:
    """Rows of work for ``user``, by the primary key of the first flag of each."""
    return {key: line.row for key, line in flag_lines(flags, user).items()}


def flag_lines(flags: Iterable[OpenFlag], user: User) -> dict[int, FlagLine]:
    """The same with what the list shows beside them, in one query."""
    wanted = list(flags)
    keys = [one.key for flag in wanted for one in flag.whole]
    rows = Flag.objects.visible_to(user).filter(pk__in=keys)
    rows = rows.select_related("participant__screening", "site", "answered_by")
    heavy = ("facts", "eligibility")
    found: Mapping[int, Flag] = {
        row.pk: row for row in rows.defer(*(f"participant__screening__{name}" for name in heavy))
    }
    return {
        flag.key: _line(flag, [found[one.key] for one in flag.whole if one.key in found], user)
        for flag in wanted
        if flag.key in found
    }


def _line(seen: OpenFlag, flags: list[Flag], user: User) -> FlagLine:
    first = flags[0]
    evidence = dict.fromkeys(name for flag in flags for name in flag.evidence)
    may = all(may_answer(user, flag) for flag in flags)
    return FlagLine(
        row=_row(seen, flags, user),
        kind=first.get_kind_display(),
        rules=tuple(Message.from_json(flag.rule) for flag in flags) if len(flags) > 1 else (),
        evidence=tuple(filter(None, (_evidence(name, first, user) for name in evidence))),
        said=_said(first) if seen.is_quiet else None,
        answer_url=reverse("outcomes:flag-answer", args=[first.pk]) if may else "",
    )


def _row(seen: OpenFlag, flags: list[Flag], user: User) -> WorkRow:
    flag, state = flags[0], seen.state
    action, url = _action(flag, state, user)
    why = _days(flags) if len(flags) > 1 else Message.from_json(flag.rule)
    return WorkRow(
        state=state.value,
        badge=_badge(seen, state),
        when=_when(flag, state),
        subject=flag.subject,
        subject_url=_owner_url(flag, user),
        title=Message(flag.title),
        why=why,
        action=action,
        url=url,
        sort=seen.sort,
    )


def _days(flags: list[Flag]) -> Message:
    days = {"first": flags[0].due_on.isoformat(), "last": flags[-1].due_on.isoformat()}
    return Message(_DAYS, {"number": str(len(flags)), **days})


def _badge(seen: OpenFlag, state: Urgency) -> Message:
    if seen.is_quiet:
        return Message(str(Flag.Answer(seen.answer).label))
    if seen.escalated_at is not None:
        return Message(gettext_noop("Escalated"))
    late = str((clock.today() - seen.window_closes).days)
    return {
        Urgency.LATE: Message(gettext_noop("Late %(days)s d"), {"days": late}),
        Urgency.DUE: Message(gettext_noop("Due")),
        Urgency.SOON: Message(gettext_noop("Planned")),
    }[state]


def _when(flag: Flag, state: Urgency) -> Message:
    if flag.kind in HARM:
        return _on(gettext_noop("since %(day)s"), flag.window_opens)
    if clock.today() > flag.window_closes:
        return _on(gettext_noop("closed %(day)s"), flag.window_closes)
    if state is Urgency.SOON:
        return _on("%(day)s", flag.due_on)
    return _on(gettext_noop("until %(day)s"), flag.window_closes)


def _on(text: str, day: Any) -> Message:
    return Message(text, {"day": date_format(day, "MONTH_DAY_FORMAT")})


def _owner_url(flag: Flag, user: User) -> str:
    if not flag.participant:
        return reverse("enrollment:sites") if may_open(user, "enrollment:sites") else ""
    return subject_url(flag.participant.subject, user)


def subject_url(subject: str, user: User) -> str:
    """The casebook, or the results for whoever may not see an arm."""
    if READ_CASEBOOK.allows(user):
        return reverse("outcomes:casebook", args=[subject])
    return f"{reverse('labs:index')}?participant={subject}"


def _said(flag: Flag) -> Message:
    """Who answered, when and why."""
    if flag.answered_by is None or flag.answered_on is None:
        raise ValueError(f"{flag} is quiet although nobody answered")
    words: dict[str, str | Message] = {
        "who": flag.answered_by.get_username(),
        "day": flag.answered_on.isoformat(),
        "why": flag.answer_why,
    }
    if flag.snoozed_until:
        return Message(_SNOOZED, words | {"until": flag.snoozed_until.isoformat()})
    return Message(_ACKNOWLEDGED, words)


# --- what to do about it ----------------------------------------------------------------------

_Do = tuple[Message, str]


def _action(flag: Flag, state: Urgency, user: User) -> _Do:
    """Doing it, once its window is open and for whoever may; else reading what is known."""
    if flag.participant is None:
        url = reverse("enrollment:sites") if may_open(user, "enrollment:sites") else ""
        return Message(gettext_noop("Open sites")), url
    do = _ACTIONS.get(Flag.Kind(flag.kind))
    done = do(flag, state, user) if do else None
    casebook = reverse("outcomes:casebook", args=[flag.participant.subject])
    return done or (Message(gettext_noop("Open casebook")), casebook)


def _doses(flag: Flag, state: Urgency, user: User) -> _Do | None:
    if not may_open(user, "dosing:sheet"):
        return None
    url = f"{reverse('dosing:sheet')}?date={flag.due_on}#{flag.subject}"
    return Message(_RECORD_DOSES if may_open(user, "dosing:record") else _SEE_DOSES), url


def _entry(page: str) -> Callable[[Flag, Urgency, User], _Do | None]:
    def enter(flag: Flag, state: Urgency, user: User) -> _Do | None:
        if not may_open(user, page):
            return None
        return Message(gettext_noop("Enter result")), f"{reverse(page)}?participant={flag.subject}"

    return enter


def _visit(flag: Flag, state: Urgency, user: User) -> _Do | None:
    if state is Urgency.SOON or not may_open(user, "enrollment:visit-record"):
        return None
    code = flag.key.partition(":")[2]
    url = reverse("enrollment:visit-record", args=[flag.subject, code])
    return Message(gettext_noop("Record visit")), url


def _viral_load(flag: Flag, state: Urgency, user: User) -> _Do | None:
    if flag.key.startswith("relapse:") and may_open(user, "enrollment:rescue"):
        url = reverse("enrollment:rescue", args=[flag.subject])
        return Message(gettext_noop("Decide on rescue")), url
    return Message(gettext_noop("See the course")), reverse("outcomes:course", args=[flag.subject])


def _end(flag: Flag, state: Urgency, user: User) -> _Do | None:
    if state is Urgency.SOON or not may_open(user, "enrollment:disposition"):
        return None
    url = reverse("enrollment:disposition", args=[flag.subject])
    return Message(gettext_noop("Close it")), url


def _consent(flag: Flag, state: Urgency, user: User) -> _Do | None:
    if flag.participant is None or not may_open(user, "enrollment:screening-consent"):
        return None
    url = reverse("enrollment:screening-consent", args=[flag.participant.screening.number])
    return Message(gettext_noop("Record consent")), url


_ACTIONS: Mapping[str, Callable[[Flag, Urgency, User], _Do | None]] = {
    Flag.Kind.VISIT: _visit,
    Flag.Kind.PCR_CHECK: _entry("labs:pcr-new"),
    Flag.Kind.CONFIRMATION: _entry("labs:pcr-new"),
    Flag.Kind.NK_SAMPLE: _entry("labs:cytotoxicity-new"),
    Flag.Kind.BLOODS: _entry("labs:safety-new"),
    Flag.Kind.DOSES: _doses,
    Flag.Kind.RELAPSE: _viral_load,
    Flag.Kind.REFRACTORY: _viral_load,
    Flag.Kind.END: _end,
    Flag.Kind.CONSENT: _consent,
}


# --- the rows that it rests on ----------------------------------------------------------------

# What a row of evidence is called, its page, and what the page is found by.
_EVIDENCE: Mapping[str, tuple[str, str, Callable[[str, Flag], list[Any]]]] = {
    "result": (gettext_noop("Result"), "labs:result", lambda key, flag: [int(key)]),
    "visit": (gettext_noop("Visit"), "enrollment:visits", lambda key, flag: [flag.subject]),
    "participant": (
        gettext_noop("First and last dose"),
        "outcomes:casebook",
        lambda key, flag: [flag.subject],
    ),
    "order": (gettext_noop("Order"), "dosing:orders", lambda key, flag: [flag.subject]),
    "consent": (
        gettext_noop("Signed consent"),
        "enrollment:screening",
        lambda key, flag: [flag.participant.screening.number] if flag.participant else [],
    ),
    "approval": (gettext_noop("Approval"), "enrollment:sites", lambda key, flag: []),
}


def _evidence(name: str, flag: Flag, user: User) -> tuple[str, str] | None:
    """What a row is called and where it stands; None where the reader may not open it."""
    model, _, key = name.partition(":")
    label, page, found_by = _EVIDENCE[model]
    if not may_open(user, page):
        return None
    return label, reverse(page, args=found_by(key, flag))
