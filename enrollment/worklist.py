"""What this room asks of a coordinator or an investigator."""

from collections.abc import Iterator

from django.urls import reverse

from enrollment.models import Participant, Screening
from enrollment.permissions import ALLOCATE, CONFIRM, ENROL, SCREEN
from enrollment.rules.verdicts import CriterionVerdict
from enrollment.states import State
from trial_site.messages import Message
from trial_site.models import User
from trial_site.presentation import WorkRow
from trial_site.protocol.definition import gettext_noop


def rows(user: User) -> Iterator[WorkRow]:
    """Open screenings and participants who wait for allocation, at the user's sites."""
    if SCREEN.allows(user) or CONFIRM.allows(user):
        open_ones = Screening.objects.visible_to(user).filter(participant=None)
        for screening in open_ones.exclude(status=Screening.Status.FAILED):
            yield from _screening_rows(screening, user)
    if ALLOCATE.allows(user):
        waiting = Participant.objects.visible_to(user).filter(state=State.ENROLLED)
        for participant in waiting:
            yield _to_allocate(participant)


def _screening_rows(screening: Screening, user: User) -> Iterator[WorkRow]:
    status = Screening.Status
    match screening.status:
        case status.DRAFT if SCREEN.allows(user):
            yield _row(
                screening, "due", gettext_noop("Due"), gettext_noop("Screening is a draft"),
                Message(gettext_noop("Nothing is judged until it is submitted")),
                gettext_noop("Continue screening"), "screening-edit",
            )  # fmt: skip
        case status.BLOCKED:
            yield _row(
                screening, "blocked", gettext_noop("Blocked"),
                gettext_noop("Screening is undecided"), _missing(screening),
                gettext_noop("Open screening"), "screening",
            )  # fmt: skip
        case status.ELIGIBLE if screening.confirmed_at is None:
            yield _to_confirm(screening, user)
        case status.ELIGIBLE if ENROL.allows(user):
            yield _row(
                screening, "due", gettext_noop("Due"), gettext_noop("Enrol the patient"),
                Message(gettext_noop("Eligible, and confirmed by the investigator")),
                gettext_noop("Open screening"), "screening",
            )  # fmt: skip


def _to_confirm(screening: Screening, user: User) -> WorkRow:
    mine = CONFIRM.allows(user)
    return _row(
        screening,
        "due" if mine else "blocked",
        gettext_noop("Due") if mine else gettext_noop("Blocked"),
        gettext_noop("Confirm eligibility")
        if mine
        else gettext_noop("Waiting for the investigator’s confirmation"),
        Message(gettext_noop("All criteria pass")),
        gettext_noop("Open screening"),
        "screening",
    )


def _missing(screening: Screening) -> Message:
    verdicts = screening.verdict
    needed = [text for verdict in verdicts.unknown for text in _needed(verdict)]
    return needed[0] if needed else Message(gettext_noop("A criterion is unknown"))


def _needed(verdict: CriterionVerdict) -> Iterator[Message]:
    for text in verdict.needed:
        params: dict[str, str | Message] = {"criterion": verdict.criterion_id, "needed": text}
        yield Message(gettext_noop("%(criterion)s needs %(needed)s"), params)


def _row(
    screening: Screening, state: str, badge: str, title: str, why: Message, action: str, page: str
) -> WorkRow:
    url = reverse(f"enrollment:{page}", args=[screening.number])
    return WorkRow(
        state=state,
        badge=Message(badge),
        when="",
        subject=screening.number,
        subject_url=reverse("enrollment:screening", args=[screening.number]),
        title=Message(title),
        why=why,
        action=Message(action),
        url=url,
        sort=(screening.started_at.date(), screening.started_at.date(), screening.number),
    )


def _to_allocate(participant: Participant) -> WorkRow:
    enrolled = participant.enrolled_at.date()
    return WorkRow(
        state="due",
        badge=Message(gettext_noop("Due")),
        when="",
        subject=participant.subject,
        subject_url=reverse("outcomes:casebook", args=[participant.subject]),
        title=Message(gettext_noop("Allocate an arm")),
        why=Message(gettext_noop("Enrolled; screening values expire with time")),
        action=Message(gettext_noop("Allocate")),
        url=reverse("enrollment:allocate", args=[participant.subject]),
        sort=(enrolled, enrolled, participant.subject),
    )
