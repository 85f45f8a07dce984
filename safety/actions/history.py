"""Medical history: recorded and corrected."""

import datetime as dt
from dataclasses import asdict, dataclass
from uuid import UUID

from enrollment.actions.locks import locked_participant
from enrollment.models import Participant
from oversight.recording import recorded
from safety.actions.records import check_told, checked_reason, opened
from safety.models import MedicalHistory
from safety.permissions import RECORD_BACKGROUND
from trial_site import clock
from trial_site.models import User


@dataclass(frozen=True)
class Disease:
    """A disease or operation from before the trial; days that nobody knows stay empty."""

    term: str
    meddra_code: str = ""
    began_on: dt.date | None = None
    ended_on: dt.date | None = None
    is_ongoing: bool = False
    note: str = ""


def record_history(
    participant: Participant, *, disease: Disease, by: User, key: UUID | None = None
) -> MedicalHistory:
    """Record a disease or operation from before the trial.

    Raises ``Refused`` for days in the future or after the consent was withdrawn;
    ``ValidationError`` for an end before the beginning or of what is still present;
    ``AlreadyRecorded``; ``PermissionDenied``.
    """
    RECORD_BACKGROUND.check(by)
    with recorded(by=by, key=key):
        participant = locked_participant(participant, by=by)
        history = MedicalHistory(participant=participant, recorded_at=clock.now(), recorded_by=by)
        _write(history, disease)
        return history


def correct_history(
    history: MedicalHistory,
    *,
    disease: Disease,
    reason: str,
    version: int,
    by: User,
    key: UUID | None = None,
) -> MedicalHistory:
    """Correct what was recorded; history keeps the first entry (R04).

    Raises ``ReasonRequired``, ``StaleRecord``, and what ``record_history`` raises.
    """
    RECORD_BACKGROUND.check(by)
    with recorded(by=by, reason=checked_reason(history, reason), key=key):
        history = opened(history, version=version, by=by)
        _write(history, disease)
        return history


def _write(history: MedicalHistory, disease: Disease) -> None:
    check_told(history.participant, disease.began_on, disease.ended_on)
    for name, value in asdict(disease).items():
        setattr(history, name, value)
    history.full_clean()
    history.save()
