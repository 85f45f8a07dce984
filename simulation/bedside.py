"""What a nurse does with each planned dose of one patient, and what the investigator holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random

from django.utils import timezone

from dosing.actions.doses import record_dose
from dosing.actions.holds import hold_drug, resume_drug
from dosing.checks import Given
from dosing.models import Administration, DrugChoice, Hold, Order
from dosing.selectors import holding_results, latest_safety_values
from enrollment.models import Participant
from labs.rules.stops import hold_reasons
from simulation.disease import Patient
from simulation.harm import Desk
from simulation.people import Staff
from simulation.ward import WATCH_MINUTES, Ward
from trial_site import clock
from trial_site.protocol import current
from trial_site.roles import Role

EVENING = 18  # o'clock
FORGOTTEN, FOUND_AFTER = 0.06, 3  # share of evening doses that nobody records; days until found
Steps = Generator[dt.datetime, None, None]


@dataclass
class Bedside:
    """``forgotten`` are doses that were given and that nobody recorded yet."""

    patient: Patient
    staff: Staff
    desk: Desk
    ward: Ward
    forgotten: list[tuple[Order, dt.datetime, Given]] = field(default_factory=list)

    def at_the_bed(self, order: Order, slot: dt.datetime, number: int) -> Steps:
        """The dose of ``slot`` on day ``number``; an hour after some, how it was borne."""
        given = self.what_happens(order)
        if given.is_delivered and self._is_forgotten(slot, number):
            self.forgotten.append((order, slot, given))
            return
        dose = self.dose(order, slot, given)
        if self.ward.watches(dose, number):
            self.ward.before(dose)
            yield clock.now() + dt.timedelta(minutes=WATCH_MINUTES)
            reaction = self.ward.after(dose, number)
            if reaction is not None:
                self.desk.from_reaction(reaction)

    def dose(self, order: Order, slot: dt.datetime, given: Given) -> Administration:
        given = replace(given, lot=self.staff.lots[order.drug] if given.is_delivered else None)
        return record_dose(order, slot_at=slot, given=given, by=self.staff[Role.NURSE])

    def _is_forgotten(self, slot: dt.datetime, number: int) -> bool:
        """Some doses of the evening; drawn apart, so that it changes nothing else."""
        if slot.hour < EVENING or number == 0:
            return False
        return Random(f"missed|{self.patient.index}|{number}").random() < FORGOTTEN  # noqa: S311

    def complete_the_record(self, days: int = FOUND_AFTER) -> None:
        """Doses that nobody recorded are found when the sheet is checked, so many days later."""
        waiting = []
        for order, slot, given in self.forgotten:
            if (clock.today() - timezone.localdate(slot)).days < days:
                waiting.append((order, slot, given))
                continue
            self.dose(order, slot, replace(given, late_reason="Found when the sheet was checked"))
        self.forgotten = waiting

    def hold_or_resume(self, participant: Participant) -> None:
        """The investigator holds ganciclovir on a low count, and resumes it when it is back."""
        investigator, drug = self.staff[Role.INVESTIGATOR], DrugChoice.GANCICLOVIR
        hold = participant.holds.filter(drug=drug, resumed_at=None).first()
        is_low = hold_reasons(latest_safety_values(participant, clock.now()), current())
        if is_low and hold is None:
            result = holding_results(participant, drug).filter(analyte="anc")[0]
            hold_drug(
                participant, drug=drug, why=Hold.Reason.RESULT, result=result, by=investigator
            )
            self.desk.from_result(participant, result)
        if hold is not None and not is_low:
            resume_drug(hold, why="Neutrophils are back above the limit", by=investigator)
            self.desk.end_all()

    def what_happens(self, order: Order) -> Given:
        status, reason = Administration.Status, Administration.Reason
        participant = Participant.objects.get(pk=order.participant_id)
        now, draw = clock.now(), self.patient.random.random()
        if order.drug == DrugChoice.IL2:
            sites = [code for code, _ in current().il2.injection_sites]
            site = sites[(now.timetuple().tm_yday) % len(sites)]
            return Given(status.GIVEN, order.amount, now, injection_site=site)
        held = hold_reasons(latest_safety_values(participant, now), current())
        if held or participant.holds.filter(drug=order.drug, resumed_at=None).exists():
            return Given(status.NOT_GIVEN, Decimal(0), why=reason.LAB_HOLD)
        started = participant.day0_at is not None
        if started and draw < 0.02:
            return Given(status.NOT_GIVEN, Decimal(0), why=reason.ABSENT)
        if started and draw < 0.04:
            part = (order.amount * Decimal("0.6")).to_integral_value()
            return Given(
                status.PARTIAL, part, now, why=reason.ERROR, note="Cannula out, stopped at 60 %"
            )
        return Given(status.GIVEN, order.amount, now)
