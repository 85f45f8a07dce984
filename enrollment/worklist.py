"""What this room asks of a coordinator or an investigator.  Due visits come from the flags."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from enrollment import selectors
from enrollment.lists import ScreeningLine
from enrollment.models import Screening
from enrollment.next_step import (
    AGAIN,
    ALLOCATION,
    ASSIGNMENT,
    CONFIRMATION,
    CONSENT,
    ENROLMENT,
    RENEWAL,
    SUBMISSION,
    Step,
    step_today,
)
from enrollment.permissions import CONFIRM, MANAGE_SITES, SCREEN
from enrollment.rules.verdicts import CriterionVerdict, Eligibility
from trial_site.messages import Message
from trial_site.models import User
from trial_site.presentation import WorkRow
from trial_site.protocol.definition import gettext_noop

TITLES = {
    CONSENT: gettext_noop("Screening is a draft without consent"),
    RENEWAL: gettext_noop("Consent is to be renewed"),
    SUBMISSION: gettext_noop("Screening is a draft"),
    CONFIRMATION: gettext_noop("Eligibility is to be confirmed"),
    ENROLMENT: gettext_noop("Patient is to be enrolled"),
    ALLOCATION: gettext_noop("Participant is to be allocated"),
    ASSIGNMENT: gettext_noop("An arm is to be assigned"),
    AGAIN: gettext_noop("Screening values grew old"),
}
REASONS = {
    CONSENT: gettext_noop("The consent precedes the verdict"),
    RENEWAL: gettext_noop("A newer version of the consent form replaces the signed one"),
    SUBMISSION: gettext_noop("Nothing is judged until it is submitted"),
    CONFIRMATION: gettext_noop("All criteria pass; the investigator confirms"),
    ENROLMENT: gettext_noop("Eligible, and confirmed by the investigator"),
    ALLOCATION: gettext_noop("Enrolled; screening values expire with time"),
    ASSIGNMENT: gettext_noop("The investigator chooses; screening values expire with time"),
}
OPEN, CONTINUE = gettext_noop("Open screening"), gettext_noop("Continue screening")


def rows(user: User) -> Iterator[WorkRow]:
    """Every screening at the user's sites that waits for somebody: for the user, or for whom."""
    if SCREEN.allows(user) or CONFIRM.allows(user):
        for screening in selectors.waiting_screenings(user):
            line = ScreeningLine.of(screening)
            step, expired = step_today(line)
            if step is not None:
                yield from _waiting(line, step, expired, user)
            elif line.participant and line.participant.arm and not screening.verdict.eligible:
                yield _allocated_ineligible(line, screening.verdict)
            elif screening.status == Screening.Status.BLOCKED:
                yield _undecided(line, screening.verdict)
    yield from _approvals(user)


def _allocated_ineligible(line: ScreeningLine, verdict: Eligibility) -> WorkRow:
    """A correction after allocation took the eligibility away: somebody has to look at it."""
    title = gettext_noop("Allocated, but not eligible by the corrected answers")
    row = _row(line, title, _missing(verdict))
    return replace(row, state="late", badge=Message(gettext_noop("Look at it")))


def _approvals(user: User) -> Iterator[WorkRow]:
    """Sites whose approval is missing, has expired or expires soon."""
    if not any(can.allows(user) for can in (SCREEN, CONFIRM, MANAGE_SITES)):
        return
    for line in selectors.site_lines(user):
        if line.problem or line.expires_soon:
            yield _approval(line)


def _approval(line: selectors.SiteLine) -> WorkRow:
    until = line.in_force.expires_on if line.in_force else line.today
    expiring = Message(
        gettext_noop("Expires on %(day)s; enrolment stops then"), {"day": until.isoformat()}
    )
    late = line.problem is not None
    return WorkRow(
        state="late" if late else "due",
        badge=Message(gettext_noop("Blocked") if late else gettext_noop("Due")),
        when=Message("%(day)s", {"day": date_format(until, "MONTH_DAY_FORMAT")}),
        subject=line.site.code,
        subject_url=reverse("enrollment:sites"),
        title=Message(gettext_noop("Ethics approval of the site")),
        why=line.problem or expiring,
        action=Message(gettext_noop("Open sites")),
        url=reverse("enrollment:sites"),
        sort=(until, until, line.site.code),
    )


def _waiting(
    line: ScreeningLine, step: Step, expired: Eligibility | None, user: User
) -> Iterator[WorkRow]:
    """Due for whoever takes the step; blocked while the coordinator waits for the investigator."""
    why = _missing(expired) if expired else Message(REASONS[step])
    row = _row(line, TITLES[step], why)
    if step.permission.allows(user):
        action, url = _action(line, step)
        yield replace(row, state="due", badge=Message(gettext_noop("Due")), action=action, url=url)
    elif step in (CONFIRMATION, ASSIGNMENT):
        yield row


def _undecided(line: ScreeningLine, verdict: Eligibility) -> WorkRow:
    return _row(line, gettext_noop("Screening is undecided"), _missing(verdict))


def _action(line: ScreeningLine, step: Step) -> tuple[Message, str]:
    """A draft is continued on its form; what is pressed is pressed where the verdict stands."""
    if step is SUBMISSION:
        return Message(CONTINUE), reverse("enrollment:screening-edit", args=[line.screening.number])
    if step.posts:
        return Message(OPEN), _page(line)
    return Message(str(step.label)), step.url(line)


def _missing(verdict: Eligibility) -> Message:
    """The first thing that stands in the way; the page lists them all."""
    blocking = next(v for v in verdict.verdicts if v.blocks)
    return Message(
        gettext_noop("%(criterion)s: %(why)s"),
        {"criterion": blocking.criterion_id, "why": _why(blocking)},
    )


def _why(verdict: CriterionVerdict) -> Message:
    if verdict.needed:
        return Message(gettext_noop("needs %(needed)s"), {"needed": verdict.needed[0]})
    return verdict.steps[-1]


def _row(line: ScreeningLine, title: str, why: Message) -> WorkRow:
    """A row that waits for somebody else or for a value, until it is said to be due."""
    since = timezone.localdate(_since(line))
    return WorkRow(
        state="blocked",
        badge=Message(gettext_noop("Blocked")),
        when=Message(
            gettext_noop("since %(day)s"), {"day": date_format(since, "MONTH_DAY_FORMAT")}
        ),
        subject=line.participant.subject if line.participant else line.screening.number,
        subject_url=_page(line),
        title=Message(title),
        why=why,
        action=Message(OPEN),
        url=_page(line),
        sort=(since, since, line.screening.number),
    )


def _since(line: ScreeningLine) -> dt.datetime:
    if line.participant:
        return line.participant.enrolled_at
    screening = line.screening
    return screening.confirmed_at or screening.submitted_at or screening.started_at


def _page(line: ScreeningLine) -> str:
    return reverse("enrollment:screening", args=[line.screening.number])
