"""Concomitant medication: recorded, stopped, corrected."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext

from enrollment.actions.locks import locked_participant
from enrollment.facts import DOSE_CYCLES, ScreeningFacts, SteroidDose
from enrollment.models import Participant
from enrollment.rules.entry import doubts, impossible
from oversight.recording import recorded
from oversight.refusals import NeedsConfirmation, Refused
from safety.actions.records import check_told, checked_reason, opened
from safety.models import ConcomitantMedication
from safety.permissions import RECORD_BACKGROUND
from safety.rules.interactions import warnings_of
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

MG = "mg"
STOPPED = "Medicine stopped"
Question = tuple[str, Message]


@dataclass(frozen=True)
class Medicine:
    """What is taken.  A corticosteroid of the protocol's table names its ``agent``: ``amount`` is
    then mg on a day of it, every ``every_days`` days (1 or 2)."""

    name: str
    route: str
    indication: str
    agent: str = ""
    amount: Decimal | None = None
    unit: str = ""
    frequency: str = ""
    every_days: int | None = None
    started_on: dt.date | None = None
    started_before: bool = False
    ended_on: dt.date | None = None
    note: str = ""


def record_medication(
    participant: Participant,
    *,
    medicine: Medicine,
    by: User,
    confirmed: bool = True,
    key: UUID | None = None,
) -> ConcomitantMedication:
    """Record a medicine beside the trial's drugs, with the warnings that its name raises.

    Without ``confirmed`` the warnings, and doses that are unusual, are asked about first.  Raises
    ``Refused`` for an impossible dose, a corticosteroid without one, days in the future or after
    the consent was withdrawn; ``ValidationError`` for days in the wrong order;
    ``NeedsConfirmation``; ``AlreadyRecorded``; ``PermissionDenied``.  Source: DOMAIN 2, the label.
    """
    RECORD_BACKGROUND.check(by)
    with recorded(by=by, key=key):
        participant = locked_participant(participant, by=by)
        medication = ConcomitantMedication(
            participant=participant, recorded_at=clock.now(), recorded_by=by
        )
        _write(medication, medicine, confirmed=confirmed)
        return medication


def correct_medication(
    medication: ConcomitantMedication,
    *,
    medicine: Medicine,
    reason: str,
    version: int,
    by: User,
    confirmed: bool = True,
    key: UUID | None = None,
) -> ConcomitantMedication:
    """Correct what was recorded; history keeps the first entry (R04).

    Raises ``ReasonRequired``, ``StaleRecord``, and what ``record_medication`` raises.
    """
    RECORD_BACKGROUND.check(by)
    with recorded(by=by, reason=checked_reason(medication, reason), key=key):
        medication = opened(medication, version=version, by=by)
        _write(medication, medicine, confirmed=confirmed)
        return medication


def stop_medication(
    medication: ConcomitantMedication,
    *,
    ended_on: dt.date,
    version: int,
    by: User,
    key: UUID | None = None,
) -> ConcomitantMedication:
    """The medicine was taken for the last time on ``ended_on``.

    Raises ``Refused`` for one that has ended, a day in the future or after the consent was
    withdrawn; ``ValidationError`` for a day before it started; ``StaleRecord``;
    ``AlreadyRecorded``; ``PermissionDenied``.
    """
    RECORD_BACKGROUND.check(by)
    with recorded(by=by, reason=STOPPED, key=key):
        medication = opened(medication, version=version, by=by)
        if medication.ended_on is not None:
            raise Refused(Message(gettext_noop("This medicine is stopped already: correct it")))
        check_told(medication.participant, ended_on)
        medication.ended_on = ended_on
        medication.full_clean()
        medication.save()
        return medication


def _write(medication: ConcomitantMedication, medicine: Medicine, *, confirmed: bool) -> None:
    check_told(medication.participant, medicine.started_on, medicine.ended_on)
    dose = _dose(medicine)
    facts = ScreeningFacts(steroids=(dose,) if dose else ())
    if refused := impossible(facts, current()):
        raise Refused(refused[0].message)
    warnings = warnings_of(medicine.name, current().safety.interactions)
    known = medication.interactions
    asked = [
        *(("name", warning) for warning in warnings if warning.to_json() not in known),
        *(("amount", doubt.message) for doubt in doubts(facts, current())),
        *_unnamed_agent(medicine),
    ]
    if asked and not confirmed:
        raise NeedsConfirmation(asked)
    for name, value in asdict(medicine).items():
        setattr(medication, name, value)
    medication.interactions = [warning.to_json() for warning in warnings]
    medication.full_clean()
    medication.save()


def _dose(medicine: Medicine) -> SteroidDose | None:
    """A corticosteroid's dose of one day; raises ``Refused`` for one that cannot be read."""
    if medicine.amount is not None and medicine.amount < 0:
        raise Refused(Message(gettext_noop("A dose is not below zero")))
    if not medicine.agent:
        return None
    if medicine.agent not in {agent.code for agent in current().steroids.agents}:
        raise Refused(Message(gettext_noop("Choose a corticosteroid of the protocol’s table")))
    if medicine.amount is None or medicine.unit != MG or medicine.every_days not in DOSE_CYCLES:
        raise Refused(
            Message(
                gettext_noop("Enter the corticosteroid’s dose in mg, daily or on alternate days")
            )
        )
    return SteroidDose(clock.today(), medicine.agent, medicine.amount, medicine.every_days)


def _unnamed_agent(medicine: Medicine) -> Iterator[Question]:
    """A name that reads like a corticosteroid whose agent was not chosen is not counted."""
    if medicine.agent:
        return
    typed = medicine.name.casefold()
    for agent in current().steroids.agents:
        if agent.code in typed or gettext(agent.name).casefold() in typed:
            text = gettext_noop(
                "%(agent)s is a corticosteroid: without choosing it here, its dose is not counted."
            )
            yield "agent", Message(text, {"agent": Message(agent.name)})
            return
