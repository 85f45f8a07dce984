"""Consent: versions of the form, signatures, renewal, withdrawal (R10, R28)."""

import datetime as dt
from uuid import UUID

from django.utils import timezone

from enrollment.actions.moves import move, move_screening
from enrollment.actions.screening import locked_screening
from enrollment.models import Consent, ConsentVersion, ConsentWithdrawal, Participant, Screening
from enrollment.permissions import MANAGE_CONSENT_FORMS, SCREEN, WITHDRAW_CONSENT
from enrollment.states import State
from oversight.recording import recorded
from oversight.records import locked
from oversight.refusals import NeedsConfirmation, Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol.definition import gettext_noop
from trial_site.roles import Role


def register_consent_version(
    *,
    version_label: str,
    language: str,
    valid_from: dt.date,
    file_sha256: str,
    by: User,
    key: UUID | None = None,
) -> ConsentVersion:
    """Register a version of the consent form; the open one of its language ends the day before.

    Raises ``Refused`` for a version that would begin before the one that it replaces,
    ``ValidationError`` for one registered before, ``AlreadyRecorded``, ``PermissionDenied``.
    """
    if by.role != Role.SYSTEM:
        MANAGE_CONSENT_FORMS.check(by)
    with recorded(by=by, key=key, reason="Replaced by a newer version of the consent form"):
        open_ones = ConsentVersion.objects.select_for_update().filter(
            language=language, valid_to=None
        )
        replaced = open_ones.first()
        if replaced is not None:
            if valid_from <= replaced.valid_from:
                raise Refused(
                    Message(
                        gettext_noop("Version %(version)s is valid from %(day)s on; begin later"),
                        {
                            "version": replaced.version_label,
                            "day": replaced.valid_from.isoformat(),
                        },
                    )
                )
            replaced.valid_to = valid_from - dt.timedelta(days=1)
            replaced.save()
        made = ConsentVersion(
            version_label=version_label.strip(),
            language=language,
            valid_from=valid_from,
            file_sha256=file_sha256,
        )
        made.full_clean()
        made.save()
        return made


def record_consent(
    screening: Screening,
    *,
    form: ConsentVersion,
    signed_at: dt.datetime,
    explained_by: str,
    by: User,
    confirmed: bool = True,
    key: UUID | None = None,
) -> Consent:
    """Record a signed consent, which precedes the verdict; a second one renews the first.

    A version that was not valid on the day of signing is asked about unless ``confirmed``, and
    recorded: it happened.  Raises ``Refused`` for a time in the future, a version signed before,
    after a withdrawal or an end; ``NeedsConfirmation``, ``AlreadyRecorded``, ``PermissionDenied``.
    """
    SCREEN.check(by)
    if signed_at > clock.now():
        raise Refused(Message(gettext_noop("Consent cannot be dated in the future")))
    day = timezone.localdate(signed_at)
    if not form.is_valid_on(day) and not confirmed:
        question = Message(
            gettext_noop("Version %(version)s was not valid on %(day)s. Was it signed?"),
            {"version": form.version_label, "day": day.isoformat()},
        )
        raise NeedsConfirmation([("form", question)])
    with recorded(by=by, key=key):
        screening = locked_screening(screening, by=by)
        if screening.withdrawal:
            raise Refused(Message(gettext_noop("The consent is withdrawn")))
        if screening.standing in {State.DIED, State.COMPLETED, State.LOST, State.STOPPED}:
            raise Refused(Message(gettext_noop("The participation has ended")))
        if screening.consents.filter(form=form).exists():
            raise Refused(Message(gettext_noop("Consent to this version is recorded already")))
        consent = Consent(
            screening=screening, form=form, signed_at=signed_at, explained_by=explained_by.strip()
        )
        consent.save()
        return consent


def withdraw_consent(
    screening: Screening,
    *,
    withdrawn_at: dt.datetime,
    by: User,
    why: str = "",
    key: UUID | None = None,
) -> ConsentWithdrawal:
    """Record that the patient took the consent back, and end what it carried.

    A screening or participation that goes on ends at once: no verdict, enrolment or allocation
    follows, no dose or visit is due, and nothing collected after ``withdrawn_at`` is entered.  A
    patient need not say why.  Raises ``Refused`` without a consent, a second time, for a time in
    the future or before the signature; ``AlreadyRecorded``, ``PermissionDenied``.
    """
    WITHDRAW_CONSENT.check(by)
    reason = why.strip() or "Consent withdrawn"
    with recorded(by=by, reason=reason, key=key):
        screening = locked_screening(screening, by=by)
        _check_withdrawal(screening, withdrawn_at)
        withdrawal = ConsentWithdrawal(
            screening=screening, withdrawn_at=withdrawn_at, why=why.strip()
        )
        withdrawal.save()
        participant = Participant.objects.filter(screening=screening)
        if participant.exists():
            person = locked(participant)
            if not person.has_ended:
                move(person, State.WITHDREW, by=by, why=reason)
        elif not screening.has_ended:
            move_screening(screening, State.WITHDREW, by=by, why=reason)
            screening.save()
        return withdrawal


def _check_withdrawal(screening: Screening, withdrawn_at: dt.datetime) -> None:
    if screening.withdrawal:
        raise Refused(Message(gettext_noop("The consent is withdrawn already")))
    first = screening.consent
    if first is None:
        raise Refused(Message(gettext_noop("There is no consent to withdraw")))
    if withdrawn_at > clock.now():
        raise Refused(Message(gettext_noop("A withdrawal cannot be dated in the future")))
    if withdrawn_at < first.signed_at:
        raise Refused(Message(gettext_noop("A consent is withdrawn after it was signed")))
