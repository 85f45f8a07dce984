"""What may be done next with a screening, and what doing it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enrollment.actions.gates import consent_problem
from enrollment.actions.screening import judge
from enrollment.lists import ScreeningLine
from enrollment.models import Screening
from enrollment.permissions import ALLOCATE, ASSIGN, CONFIRM, ENROL, SCREEN
from enrollment.rules.verdicts import Eligibility
from enrollment.states import State
from trial_site import clock
from trial_site.models import User
from trial_site.roles import Permission


@dataclass(frozen=True, eq=False)  # each is itself: translated labels hash differently by language
class Step:
    """The one next thing to do with a screening: a link, or a button that posts."""

    permission: Permission
    label: Any
    page: str
    note: Any = ""
    posts: bool = False

    def url(self, line: ScreeningLine) -> str:
        at = line.participant.subject if self in ARM_STEPS and line.participant else str(line)
        return reverse(f"enrollment:{self.page}", args=[at])


CONSENT = Step(
    SCREEN, _("Record consent"), "screening-consent", _("The consent precedes the verdict.")
)
RENEWAL = Step(
    SCREEN,
    _("Record the renewed consent"),
    "screening-consent",
    _("A newer version of the form replaces the one that was signed."),
)
SUBMISSION = Step(SCREEN, _("Submit for confirmation"), "screening-submit", posts=True)
CONFIRMATION = Step(
    CONFIRM,
    _("Confirm eligibility"),
    "screening-confirm",
    _("The next page says what you sign."),
)
ENROLMENT = Step(
    ENROL,
    _("Enrol the patient"),
    "screening-enrol",
    _("The patient gets a subject number; no arm is revealed yet."),
    posts=True,
)
ALLOCATION = Step(
    ALLOCATE, _("Allocate an arm"), "allocate", _("The next page shows what will happen.")
)
ASSIGNMENT = Step(
    ASSIGN, _("Assign an arm"), "assign", _("You choose the arm there, with a reason.")
)
AGAIN = Step(
    SCREEN,
    _("Go through the screening again"),
    "screening-edit",
    _("Answers grow old: they are checked, judged and confirmed again."),
)
ARM_STEPS = (ALLOCATION, ASSIGNMENT)
NEED_FRESH_VALUES = (CONFIRMATION, ENROLMENT, *ARM_STEPS)


def step_today(line: ScreeningLine) -> tuple[Step | None, Eligibility | None]:
    """What the screening waits for, and today's verdict where that is no longer good enough."""
    step = next_step(line)
    if step not in NEED_FRESH_VALUES or (line.participant and line.participant.arm):
        return step, None
    today = judge(line.screening, clock.today())
    return (step, None) if today.eligible else (AGAIN, today)


def next_step(line: ScreeningLine) -> Step | None:
    """What comes next as long as no value is too old; ``None`` when nothing is left to do."""
    screening, participant = line.screening, line.participant
    if screening.has_ended or screening.repeated_as:
        return None
    if not line.consent:
        return CONSENT
    if participant and participant.has_ended:
        return None
    if consent_problem(screening, clock.today()):
        return RENEWAL
    if participant and participant.arm:
        unconfirmed = screening.status == Screening.Status.ELIGIBLE and not screening.confirmed_at
        return CONFIRMATION if unconfirmed else None
    if screening.is_draft:
        return SUBMISSION
    if screening.status != Screening.Status.ELIGIBLE:
        return None
    if not screening.confirmed_at:
        return CONFIRMATION
    if participant is None:
        return ENROLMENT
    if participant.state != State.ENROLLED:
        return None
    return ASSIGNMENT if line.is_assigned else ALLOCATION


def consequence(eligibility: Eligibility) -> str:
    """What submitting would record now."""
    if eligibility.eligible:
        return gettext("All criteria pass; the investigator confirms next.")
    if eligibility.failed:
        text = gettext("Submitting now records a screen failure on %(criteria)s.")
    else:
        text = gettext("Submitting now records an undecided screening: %(criteria)s.")
    blocking = eligibility.failed or eligibility.unknown
    return text % {"criteria": ", ".join(verdict.criterion_id for verdict in blocking)}


def save_bar(line: ScreeningLine | None, eligibility: Eligibility | None) -> dict[str, Any]:
    """The end of the form: what its buttons are called, and what pressing them means."""
    if line is None or eligibility is None or not line.consent:
        return {
            "primary": _("Save and record consent"),
            "draft": _("Save draft"),
            "note": _("The consent precedes the verdict; nothing is final until submitted."),
        }
    if line.screening.is_draft:
        return {
            "primary": _("Submit for confirmation"),
            "draft": _("Save draft"),
            "note": gettext("As last saved: %s") % consequence(eligibility),
        }
    note = _("The screening is judged again, and the investigator confirms again.")
    return {"primary": _("Save correction"), "note": note}


def may_edit(line: ScreeningLine, user: User) -> bool:
    """What is submitted may be corrected for ever, a draft as long as it goes on."""
    screening = line.screening
    goes_on = not screening.has_ended and not screening.repeated_as
    return SCREEN.allows(user) and (goes_on or not screening.is_draft)
