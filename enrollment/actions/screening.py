"""Screening, from the first draft to the investigator's confirmation."""

import datetime as dt
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from enrollment.actions.gates import check_consent, check_goes_on, check_site
from enrollment.actions.moves import move_screening, record_move
from enrollment.facts import ScreeningFacts
from enrollment.models import Allocation, Screening
from enrollment.permissions import CONFIRM, END_PARTICIPATION, SCREEN
from enrollment.rules.eligibility import evaluate
from enrollment.rules.entry import Doubt, impossible, new_doubts
from enrollment.rules.verdicts import Eligibility
from enrollment.states import BEFORE_ENROLMENT, State
from oversight.recording import ReasonRequired, event, recorded
from oversight.records import locked
from oversight.refusals import NeedsConfirmation, Refused
from oversight.signing import Signature
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import Site, User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

DRAFT_CONTINUED = "Draft continued"
SCREENED_AGAIN_FROM = (State.SCREEN_FAILED, State.WITHDREW, State.LOST, State.STOPPED)
ENDS_BEFORE_ENROLMENT = (State.LOST, State.DIED, State.STOPPED)
# What a person keeps for life; everything else is asked again when a patient is screened again.
LASTING = (
    "birth_date",
    "birth_day_known",
    "sex",
    "diagnosis",
    "diagnosis_text",
    "criteria_set",
    "diagnosis_on",
)


def locked_screening(screening: Screening, *, by: User, version: int | None = None) -> Screening:
    """The screening's row under a lock, if ``by`` works at its site.

    Raises ``PermissionDenied``: to other sites it does not exist.  Raises ``StaleRecord``.
    """
    visible = Screening.objects.visible_to(by).filter(pk=screening.pk)
    try:
        found: Screening = locked(visible, version=version)
    except Screening.DoesNotExist:
        raise PermissionDenied(f"{by} does not work at this screening's site") from None
    return found


def start_screening(
    *,
    site: Site,
    facts: ScreeningFacts,
    by: User,
    confirmed: bool = True,
    key: UUID | None = None,
) -> Screening:
    """Open a screening as a draft under the next free number.

    Values outside a soft limit are asked about first unless ``confirmed``.  Raises
    ``PermissionDenied``, ``Refused`` for a site that is not ``by``'s or has no approval (R23), or
    values that cannot be true; ``NeedsConfirmation``, ``AlreadyRecorded``.
    """
    SCREEN.check(by)
    _refuse_impossible(facts)
    unusual = _unusual(facts, ScreeningFacts(), confirmed=confirmed)
    with recorded(by=by, key=key):
        if not by.sites.filter(pk=site.pk).exists():
            raise Refused(Message(gettext_noop("You do not work at this site")))
        check_site(site, clock.today())
        screening = _begin(site, facts, by)
        _keep_answers(screening, unusual)
        return screening


def rescreen(screening: Screening, *, by: User, key: UUID | None = None) -> Screening:
    """Screen the patient of a screening that led nowhere again, as a new one beside it.

    What lasts (birth, sex, diagnosis) is taken over; the rest, and the consent, is asked again.
    Raises ``Refused`` while the screening goes on, after an enrolment, or where it was repeated
    before; ``AlreadyRecorded``, ``PermissionDenied``.
    """
    SCREEN.check(by)
    with recorded(by=by, key=key):
        screening = locked_screening(screening, by=by)
        if screening.state not in SCREENED_AGAIN_FROM:
            raise Refused(
                Message(
                    gettext_noop("Only a patient whose screening led nowhere is screened again")
                )
            )
        if screening.repeated_as:
            check_goes_on(screening)
        check_site(screening.site, clock.today())
        answers = screening.answers
        lasting = ScreeningFacts(**{name: getattr(answers, name) for name in LASTING})
        return _begin(screening.site, lasting, by, previous=screening)


def save_screening(
    screening: Screening,
    *,
    facts: ScreeningFacts,
    version: int,
    by: User,
    reason: str = "",
    confirmed: bool = True,
    key: UUID | None = None,
) -> Screening:
    """Save the facts again.  A draft goes on freely; a submitted screening needs a reason (R04),
    is judged again and loses its confirmation, also after allocation: the allocation stands, and
    the verdict is that of its day.

    ``version`` is the one that the form was opened on.  Values newly outside a soft limit are asked
    about first unless ``confirmed``.  Raises ``StaleRecord``, ``ReasonRequired``,
    ``NeedsConfirmation``, ``Refused`` for impossible values and for a draft that has ended;
    ``AlreadyRecorded``, ``PermissionDenied``.
    """
    SCREEN.check(by)
    _refuse_impossible(facts)
    why = reason.strip() or (DRAFT_CONTINUED if screening.is_draft else "")
    with recorded(by=by, reason=why, key=key):
        screening = locked_screening(screening, by=by, version=version)
        if screening.is_draft:
            check_goes_on(screening)
        if not screening.is_draft and not reason.strip():
            raise ReasonRequired(screening)
        _keep_answers(screening, _unusual(facts, screening.answers, confirmed=confirmed))
        screening.facts = facts.to_json()
        if not screening.is_draft:
            _judge(screening, by, why)
        screening.save()
        return screening


def submit_screening(
    screening: Screening, *, version: int, by: User, key: UUID | None = None
) -> Screening:
    """Freeze facts, verdicts and protocol version, and say what they come to.

    Raises ``Refused`` without a consent that holds, after an end, or when submitted before;
    ``StaleRecord``, ``AlreadyRecorded``, ``PermissionDenied``.
    """
    SCREEN.check(by)
    with recorded(by=by, reason="Submitted", key=key):
        screening = locked_screening(screening, by=by, version=version)
        if not screening.is_draft:
            raise Refused(Message(gettext_noop("This screening was submitted already")))
        check_goes_on(screening)
        check_consent(screening, clock.today())
        _judge(screening, by, "Submitted")
        screening.save()
        return screening


def confirm_eligibility(
    screening: Screening, *, version: int, signature: Signature, by: User, key: UUID | None = None
) -> Screening:
    """The investigator stands behind an eligible screening, signing with the password (R15).

    Raises ``Refused`` when it is not eligible or confirmed already, has ended, or its consent does
    not hold, and for somebody else's signature; ``StaleRecord``, ``AlreadyRecorded``,
    ``PermissionDenied``.
    """
    CONFIRM.check(by)
    signature.check(by)
    with recorded(by=by, reason="Eligibility confirmed", key=key):
        screening = locked_screening(screening, by=by, version=version)
        if screening.status != Screening.Status.ELIGIBLE:
            raise Refused(Message(gettext_noop("Only an eligible screening can be confirmed")))
        if screening.confirmed_at:
            raise Refused(Message(gettext_noop("Eligibility is confirmed already")))
        if allocated_on(screening) is None:
            check_goes_on(screening)
            check_consent(screening, clock.today())
        screening.confirmed_at, screening.confirmed_by = clock.now(), by
        screening.save()
        return screening


def end_screening(
    screening: Screening, *, after: State, why: str, by: User, key: UUID | None = None
) -> Screening:
    """End a screening that leads nowhere: lost, died, or stopped by the investigator.

    Withdrawn consent has an action of its own.  Raises ``Refused`` for another end, without a
    reason, once ended or enrolled; ``AlreadyRecorded``, ``PermissionDenied``.
    """
    END_PARTICIPATION.check(by)
    if after not in ENDS_BEFORE_ENROLMENT:
        raise Refused(Message(gettext_noop("Choose how the screening ended")))
    if not why.strip():
        raise Refused(Message(gettext_noop("Say why the screening ended")))
    with recorded(by=by, reason=why.strip(), key=key):
        screening = locked_screening(screening, by=by)
        check_goes_on(screening)
        if screening.state not in BEFORE_ENROLMENT:
            raise Refused(Message(gettext_noop("The patient is enrolled already")))
        move_screening(screening, after, by=by, why=why.strip())
        screening.save()
        return screening


def judge(screening: Screening, on: dt.date) -> Eligibility:
    """The verdict of the screening's facts as of the day ``on``; writes nothing.

    The facts of a submitted screening are those of the day that it was last submitted.
    """
    consent, submitted = screening.consent, screening.submitted_at
    return evaluate(
        screening.answers,
        consent_on=consent.signed_on if consent else None,
        judged_on=on,
        protocol=current(),
        answered_on=timezone.localdate(submitted) if submitted else on,
    )


def allocated_on(screening: Screening) -> dt.date | None:
    """The day of the allocation that rests on the screening."""
    found = Allocation.objects.filter(participant__screening=screening).first()
    return timezone.localdate(found.allocated_at) if found else None


def _begin(
    site: Site, facts: ScreeningFacts, by: User, previous: Screening | None = None
) -> Screening:
    screening = Screening(
        number=_next_number(),
        site=site,
        previous=previous,
        facts=facts.to_json(),
        protocol_version=current().version,
        started_at=clock.now(),
    )
    screening.save()
    record_move(screening, None, "", State.SCREENING, by)
    return screening


def _judge(screening: Screening, by: User, why: str) -> None:
    """Write the verdict down.  A confirmation rests on what was confirmed, so it falls.

    After allocation it is the verdict of that day: what is corrected then was true before.
    """
    screening.submitted_at, screening.submitted_by = clock.now(), by
    verdict = judge(screening, allocated_on(screening) or clock.today())
    status = Screening.Status
    if verdict.eligible:
        screening.status = status.ELIGIBLE
    else:
        screening.status = status.FAILED if verdict.failed else status.BLOCKED
    screening.eligibility = verdict.to_json()
    screening.protocol_version = verdict.protocol_version
    screening.confirmed_at = screening.confirmed_by = None
    after = Screening.STATES[status(screening.status)]
    if screening.state in BEFORE_ENROLMENT and screening.state != after:
        move_screening(screening, after, by=by, why=why)


def _unusual(facts: ScreeningFacts, saved: ScreeningFacts, *, confirmed: bool) -> list[Doubt]:
    """The values newly outside a soft limit; raises ``NeedsConfirmation`` for them once."""
    new = new_doubts(facts, saved, current())
    if new and not confirmed:
        raise NeedsConfirmation([(doubt.field, doubt.message) for doubt in new])
    return new


def _keep_answers(screening: Screening, unusual: list[Doubt]) -> None:
    """Unusual values that somebody called right stay on record."""
    if unusual:
        event(
            "unusual_values_confirmed",
            site=screening.site,
            screening=screening.number,
            questions=[str(doubt.message) for doubt in unusual],
        )


def _refuse_impossible(facts: ScreeningFacts) -> None:
    found = impossible(facts, current())
    if found:
        raise Refused(
            Message(gettext_noop("Some values cannot be true")), [doubt.message for doubt in found]
        )


def _next_number() -> str:
    """SCR-001 and on, one sequence for the trial; the first site's row is its gate."""
    Site.objects.select_for_update().order_by("pk").first()
    last = Screening.objects.order_by("-pk").values_list("number", flat=True).first()
    return f"SCR-{int(last.removeprefix('SCR-')) + 1 if last else 1:03}"
