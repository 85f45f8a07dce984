"""The simulated ward: what the nurse measures and sees around a dose of a patient.

Reactions to interleukin-2 come at the rates that He 2020 reports for participants (DOMAIN 5).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from dosing.actions.reactions import record_reaction
from dosing.actions.vital_signs import Measured, record_vital_signs
from dosing.actions.weights import record_weight
from dosing.models import Administration, DrugChoice, Reaction, VitalSigns
from dosing.rules.reactions import Seen
from enrollment.models import Participant
from simulation.disease import Patient, tenths
from simulation.people import Staff
from trial_site import clock
from trial_site.roles import Role

# Of 29 participants with interleukin-2: site reaction 9, fever 4, flu-like symptoms 3.
RATES = {"redness": 9 / 29, "fever": 4 / 29, "flu_like": 3 / 29}
ON_DAY = {"redness": 1, "fever": 2, "flu_like": 3}  # the dose that brings it
WATCHED_DAYS = 4  # vital signs are taken around the first doses, then once a week
WATCH_MINUTES = 60
WEIGHED_EVERY = 7


@dataclass
class Ward:
    """``reactions`` are the kinds that this patient will have, by day."""

    patient: Patient
    staff: Staff
    reactions: dict[int, str] = field(init=False)

    def __post_init__(self) -> None:
        # A stream of its own, in which the ten patients of the demo show each of them.
        draw = Random(f"ward 82|{self.patient.index}").random  # noqa: S311
        happens = {kind: draw() < rate for kind, rate in RATES.items()}
        self.reactions = {ON_DAY[kind]: kind for kind, is_so in happens.items() if is_so}

    def watches(self, dose: Administration, number: int) -> bool:
        """Whether somebody comes back an hour after the dose of day ``number``."""
        is_il2 = dose.drug == DrugChoice.IL2 and dose.delivered
        return is_il2 and (number < WATCHED_DAYS or number % WEIGHED_EVERY == 0)

    def before(self, dose: Administration) -> None:
        self._signs(dose, VitalSigns.Timing.BEFORE, tenths(self.patient.harm.uniform(36.2, 37.0)))

    def after(self, dose: Administration, number: int) -> Reaction | None:
        """Vital signs an hour later, and the reaction that there may be."""
        kind = self.reactions.get(number, "")
        warm = self.patient.harm.uniform(38.1, 38.8) if kind == "fever" else 36.8
        self._signs(dose, VitalSigns.Timing.AFTER, tenths(warm))
        return self._reaction(dose, kind) if kind else None

    def weigh(self, participant: Participant) -> None:
        kg = self.patient.weight_kg + tenths(self.patient.harm.uniform(-0.8, 0.8))
        nurse = self.staff[Role.NURSE]
        record_weight(participant, kg=kg, measured_at=_minute(), by=nurse)

    def _signs(self, dose: Administration, timing: str, temperature: Decimal) -> None:
        draw = self.patient.harm.randint
        measured = Measured(
            timing=timing,
            at=_minute(),
            temperature=temperature,
            systolic=draw(104, 138),
            diastolic=draw(62, 84),
            pulse=draw(64, 96),
            spo2=draw(96, 99),
        )
        record_vital_signs(dose, measured=measured, by=self.staff[Role.NURSE])

    def _reaction(self, dose: Administration, kind: str) -> Reaction:
        is_local = kind == "redness"
        seen = Seen(
            kind=kind,
            grade=1,
            onset_at=_minute() - dt.timedelta(minutes=20),
            diameter_mm=Decimal(self.patient.harm.randint(12, 30)) if is_local else None,
        )
        return record_reaction(dose, seen=seen, by=self.staff[Role.NURSE])


def _minute() -> dt.datetime:
    return clock.now().replace(second=0, microsecond=0)
