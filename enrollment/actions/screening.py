"""Screening, from the first draft to the investigator's confirmation."""

import datetime as dt
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from enrollment.facts import ScreeningFacts
from enrollment.models import Allocation, Consent, Screening
from enrollment.permissions import CONFIRM, SCREEN
from enrollment.rules.eligibility import evaluate
from enrollment.rules.entry import Doubt, doubts, impossible
from enrollment.rules.verdicts import Eligibility
from oversight.recording import ReasonRequired, event, recorded
from oversight.records import locked
from oversight.refusals import NeedsConfirmation, Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import Site, User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

DRAFT_CONTINUED = "Draft continued"


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
    ``PermissionDenied``, ``Refused`` for a site that is not ``by``'s or values that cannot be true,
    ``NeedsConfirmation``, ``AlreadyRecorded`` for a form that was saved before.
    """
    SCREEN.check(by)
    _refuse_impossible(facts)
    unusual = _unusual(facts, ScreeningFacts(), confirmed=confirmed)
    with recorded(by=by, key=key):
        if not by.sites.filter(pk=site.pk).exists():
            raise Refused(Message(gettext_noop("You do not work at this site")))
        screening = Screening(
            number=_next_number(),
            site=site,
            facts=facts.to_json(),
            protocol_version=current().version,
            started_at=clock.now(),
        )
        screening.save()
        _keep_answers(screening, unusual)
        return screening


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
    is judged again and loses its confirmation.

    ``version`` is the one that the form was opened on.  Values newly outside a soft limit are asked
    about first unless ``confirmed``.  Raises ``StaleRecord``, ``ReasonRequired``,
    ``NeedsConfirmation``, ``Refused`` for impossible values and once the patient is allocated,
    ``AlreadyRecorded``, ``PermissionDenied``.
    """
    SCREEN.check(by)
    _refuse_impossible(facts)
    why = reason.strip() or (DRAFT_CONTINUED if screening.is_draft else "")
    with recorded(by=by, reason=why, key=key):
        screening = locked_screening(screening, by=by, version=version)
        _refuse_allocated(screening)
        if not screening.is_draft and not reason.strip():
            raise ReasonRequired(screening)
        _keep_answers(screening, _unusual(facts, screening.answers, confirmed=confirmed))
        screening.facts = facts.to_json()
        if not screening.is_draft:
            _judge(screening, by)
        screening.save()
        return screening


def record_consent(
    screening: Screening,
    *,
    signed_on: dt.date,
    form_version: str,
    language: str,
    explained_by: str,
    by: User,
    key: UUID | None = None,
) -> Consent:
    """Record the signed consent, which precedes the verdict (R10, R28).

    Raises ``Refused`` for a second consent or a date in the future, ``PermissionDenied``.
    """
    SCREEN.check(by)
    if signed_on > clock.today():
        raise Refused(Message(gettext_noop("Consent cannot be dated in the future")))
    with recorded(by=by, key=key):
        screening = locked_screening(screening, by=by)
        if hasattr(screening, "consent"):
            raise Refused(Message(gettext_noop("Consent is recorded already")))
        consent = Consent(
            screening=screening,
            signed_on=signed_on,
            form_version=form_version,
            language=language,
            explained_by=explained_by,
        )
        consent.save()
        return consent


def submit_screening(
    screening: Screening, *, version: int, by: User, key: UUID | None = None
) -> Screening:
    """Freeze facts, verdicts and protocol version, and say what they come to.

    Raises ``Refused`` without a recorded consent or when submitted before, ``StaleRecord``,
    ``AlreadyRecorded``, ``PermissionDenied``.
    """
    SCREEN.check(by)
    with recorded(by=by, reason="Submitted", key=key):
        screening = locked_screening(screening, by=by, version=version)
        if not screening.is_draft:
            raise Refused(Message(gettext_noop("This screening was submitted already")))
        if not hasattr(screening, "consent"):
            raise Refused(
                Message(gettext_noop("Record the consent first: it precedes the verdict"))
            )
        _judge(screening, by)
        screening.save()
        return screening


def confirm_eligibility(
    screening: Screening, *, version: int, by: User, key: UUID | None = None
) -> Screening:
    """The investigator stands behind an eligible screening.

    Raises ``Refused`` when it is not eligible or confirmed already, ``StaleRecord``,
    ``AlreadyRecorded``, ``PermissionDenied``.
    """
    CONFIRM.check(by)
    with recorded(by=by, reason="Eligibility confirmed", key=key):
        screening = locked_screening(screening, by=by, version=version)
        if screening.status != Screening.Status.ELIGIBLE:
            raise Refused(Message(gettext_noop("Only an eligible screening can be confirmed")))
        if screening.confirmed_at:
            raise Refused(Message(gettext_noop("Eligibility is confirmed already")))
        screening.confirmed_at, screening.confirmed_by = clock.now(), by
        screening.save()
        return screening


def judge(screening: Screening, on: dt.date) -> Eligibility:
    """The verdict of the screening's facts as of the day ``on``; writes nothing.

    The facts of a submitted screening are those of the day that it was last submitted.
    """
    consent: Consent | None = getattr(screening, "consent", None)
    submitted = screening.submitted_at
    return evaluate(
        screening.answers,
        consent_on=consent.signed_on if consent else None,
        judged_on=on,
        protocol=current(),
        answered_on=timezone.localdate(submitted) if submitted else on,
    )


def _judge(screening: Screening, by: User) -> None:
    """Write the verdict down.  A confirmation rests on what was confirmed, so it falls."""
    screening.submitted_at, screening.submitted_by = clock.now(), by
    verdict = judge(screening, clock.today())
    status = Screening.Status
    if verdict.eligible:
        screening.status = status.ELIGIBLE
    else:
        screening.status = status.FAILED if verdict.failed else status.BLOCKED
    screening.eligibility = verdict.to_json()
    screening.protocol_version = verdict.protocol_version
    screening.confirmed_at = screening.confirmed_by = None


def _refuse_allocated(screening: Screening) -> None:
    """Until allocation a value that grew old can be replaced; afterwards the case is closed."""
    if Allocation.objects.filter(participant__screening=screening).exists():
        raise Refused(Message(gettext_noop("The patient is allocated; the screening is closed")))


def _unusual(facts: ScreeningFacts, saved: ScreeningFacts, *, confirmed: bool) -> list[Doubt]:
    """The values newly outside a soft limit; raises ``NeedsConfirmation`` for them once."""
    known = doubts(saved, current())
    new = [doubt for doubt in doubts(facts, current()) if doubt not in known]
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
