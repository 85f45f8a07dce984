"""One patient's way through the trial, as a process: it yields when it next has something to do.

Everything is done by the real actions, by the account whose work it is, at the simulated time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone

from dosing.actions.doses import record_dose
from dosing.actions.orders import order_drug
from dosing.actions.withdrawal import withdraw_drugs
from dosing.checks import Given
from dosing.models import Administration, DrugChoice, Order, Withdrawal
from dosing.proposals import proposal_for
from dosing.rules.orders import Phase
from dosing.selectors import latest_safety_values, planned_slots
from enrollment.actions.allocation import allocate
from enrollment.actions.consent import record_consent, withdraw_consent
from enrollment.actions.participation import end_participation, enrol
from enrollment.actions.screening import confirm_eligibility, start_screening, submit_screening
from enrollment.actions.visits import record_visit
from enrollment.facts import ScreeningFacts
from enrollment.models import Participant, Screening
from enrollment.states import State
from labs.rules.stops import hold_reasons
from labs.series import conversion_of
from outcomes.schedule import pcr_results
from oversight.signing import Signature
from simulation.bench import Bench
from simulation.disease import Fate, Patient
from simulation.people import Staff, eligible_facts, failing_facts, undecided_facts
from trial_site import clock
from trial_site.protocol import current
from trial_site.protocol.definition import Drug, Frequency
from trial_site.roles import Role

Steps = Generator[dt.datetime, None, None]
ScreeningSteps = Generator[dt.datetime, None, Screening]
LONGEST_COURSE_DAYS = 24


def at(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour, minute), timezone.get_default_timezone())


@dataclass
class Journey:
    """``start`` is the day of screening, ``opens`` the time that it begins at."""

    patient: Patient
    staff: Staff
    start: dt.date
    opens: dt.time = dt.time(9)

    def __post_init__(self) -> None:
        self._bench = Bench(self.patient, self.staff)

    def whole(self) -> Steps:
        """From screening to the end, whatever that is."""
        screening = yield from self.screening(eligible_facts(self.patient, self.start))
        yield self._later(30)
        screening = self._confirm(screening)
        yield self._later(35)
        coordinator = self.staff[Role.COORDINATOR]
        self.participant = enrol(screening, by=coordinator)
        yield self._later(45)
        allocate(self.participant, by=coordinator)
        self._refresh()
        self.patient.arm_effect = Drug.IL2 in current().arm(self.participant.arm or "").drugs
        yield from self.treatment(self.start + dt.timedelta(days=1))
        yield from self.follow_up()

    def screening(self, facts: ScreeningFacts, *, submit: bool = True) -> ScreeningSteps:
        """A draft, its consent, and its submission; returns the screening."""
        coordinator = self.staff[Role.COORDINATOR]
        yield self._later(0)
        screening = start_screening(site=self.staff.site, facts=facts, by=coordinator)
        yield self._later(5)
        record_consent(
            screening,
            form=self.staff.consent_form,
            signed_at=at(self.start - dt.timedelta(days=2), 15),
            explained_by="Dr Li",
            by=coordinator,
        )
        if submit:
            yield self._later(15)
            screening = submit_screening(screening, version=screening.version, by=coordinator)
        return screening

    def failure(self) -> Steps:
        yield from self.screening(failing_facts(self.patient, self.start))

    def undecided(self) -> Steps:
        yield from self.screening(undecided_facts(self.patient, self.start))

    def draft(self) -> Steps:
        yield from self.screening(undecided_facts(self.patient, self.start), submit=False)

    def unconfirmed(self) -> Steps:
        yield from self.screening(eligible_facts(self.patient, self.start))

    def waiting(self) -> Steps:
        """Enrolled, and not allocated yet."""
        screening = yield from self.screening(eligible_facts(self.patient, self.start))
        yield self._later(30)
        screening = self._confirm(screening)
        yield self._later(35)
        enrol(screening, by=self.staff[Role.COORDINATOR])

    def _confirm(self, screening: Screening) -> Screening:
        investigator = self.staff[Role.INVESTIGATOR]
        return confirm_eligibility(
            screening,
            version=screening.version,
            signature=Signature(investigator, clock.now()),
            by=investigator,
        )

    def _later(self, minutes: int) -> dt.datetime:
        opening = at(self.start, self.opens.hour, self.opens.minute)
        return opening + dt.timedelta(minutes=minutes)

    # --- treatment --------------------------------------------------------------------------

    def treatment(self, first: dt.date) -> Steps:
        """Baseline samples, orders, then day after day until conversion is confirmed."""
        yield at(first, 6, 30)
        self._bench.pcr(self.participant)
        self._bench.blood(self.participant)
        self._bench.plate(self.participant)
        self._bench.immunology(self.participant, "D0")
        yield at(first, 7, 15)
        orders = self._order(first)
        self.patient.day0 = first
        for number in range(LONGEST_COURSE_DAYS):
            day = first + dt.timedelta(days=number)
            yield from self._one_day(day, number, orders)
            if self.patient.fate is Fate.WITHDRAWS and number == 9:
                yield at(day, 15)
                withdraw_consent(
                    self.participant.screening,
                    withdrawn_at=clock.now(),
                    why="Did not want further injections",
                    by=self.staff[Role.INVESTIGATOR],
                )
                self._refresh()
                return
            if number >= 13 and self._is_confirmed():
                break
        yield at(day, 21)
        converted, investigator = self._is_confirmed(), self.staff[Role.INVESTIGATOR]
        why = Withdrawal.Reason.CONVERTED if converted else Withdrawal.Reason.COMPLETED
        withdraw_drugs(
            self.participant,
            why=why,
            note="Conversion confirmed" if converted else "End of the course",
            signature=Signature(investigator, clock.now()),
            by=investigator,
        )
        self._refresh()

    def _one_day(self, day: dt.date, number: int, orders: list[Order]) -> Steps:
        if number:
            yield at(day, 6, 30)
            if number % 2 == 0:
                self._bench.blood(self.participant)
            if number % 7 in {0, 3}:
                self._bench.pcr(self.participant)
            if number == 7:
                self._bench.plate(self.participant)
                self._bench.immunology(self.participant, "D7")
        slots = sorted(
            (slot, order.pk, order) for order in orders for slot in planned_slots(order, day)
        )
        for slot, _, order in slots:
            delay = dt.timedelta(minutes=self.patient.random.randint(2, 25))
            yield slot + delay
            self._dose(order, slot)
        if number in {0, 7}:
            yield at(day, 20, 40)
            self._visit("D7" if number else "D0", day)

    def _order(self, day: dt.date) -> list[Order]:
        proposal, steps = proposal_for(self.participant, phase=Phase.INDUCTION)
        if proposal is None:
            raise RuntimeError(f"No dose can be proposed: {steps}")
        investigator = self.staff[Role.INVESTIGATOR]
        orders = [
            order_drug(
                self.participant,
                drug=DrugChoice.GANCICLOVIR,
                amount=proposal.mg,
                frequency=proposal.frequency,
                starts_at=at(day, 8),
                by=investigator,
            )
        ]
        if self.patient.arm_effect:
            orders.append(
                order_drug(
                    self.participant,
                    drug=DrugChoice.IL2,
                    amount=current().il2.dose_miu,
                    frequency=Frequency.EVERY_24_HOURS,
                    starts_at=at(day, 10),
                    by=investigator,
                )
            )
        return orders

    def _dose(self, order: Order, slot: dt.datetime) -> None:
        record_dose(order, slot_at=slot, given=self._what_happens(order), by=self.staff[Role.NURSE])
        self._refresh()

    def _what_happens(self, order: Order) -> Given:
        status, reason = Administration.Status, Administration.Reason
        now, draw = clock.now(), self.patient.random.random()
        if order.drug == DrugChoice.IL2:
            sites = [code for code, _ in current().il2.injection_sites]
            site = sites[(now.timetuple().tm_yday) % len(sites)]
            return Given(status.GIVEN, order.amount, now, injection_site=site)
        held = hold_reasons(latest_safety_values(self.participant, now), current())
        if held:
            return Given(status.NOT_GIVEN, Decimal(0), why=reason.LAB_HOLD)
        started = self.participant.day0_at is not None
        if started and draw < 0.02:
            return Given(status.NOT_GIVEN, Decimal(0), why=reason.ABSENT)
        if started and draw < 0.04:
            part = (order.amount * Decimal("0.6")).to_integral_value()
            return Given(
                status.PARTIAL, part, now, why=reason.ERROR, note="Cannula out, stopped at 60 %"
            )
        return Given(status.GIVEN, order.amount, now)

    def _is_confirmed(self) -> bool:
        results = pcr_results([self.participant])[self.participant.pk]
        conversion = conversion_of(self.participant, results)
        return bool(conversion and conversion.confirmed)

    # --- follow-up --------------------------------------------------------------------------

    def follow_up(self) -> Steps:
        """Visits after withdrawal, each on a day of its window, until completion or loss."""
        if self.participant.has_ended:
            return
        for code in ("WITHDRAWAL", "M1", "M2", "M3"):
            visit = self.participant.visits.get(code=code)
            late = self.patient.random.randint(0, (visit.closes - visit.target).days)
            day = visit.target + dt.timedelta(days=late)
            if self.patient.fate is Fate.LOST and code == "M2":
                yield at(visit.closes + dt.timedelta(days=14), 16)
                self._end(State.LOST, "Did not answer three calls")
                return
            if self.patient.fate is Fate.OVERDUE and code == "M1":
                return
            yield at(day, 9)
            self._bench.pcr(self.participant)
            self._bench.blood(self.participant)
            self._bench.immunology(self.participant, code)
            yield at(day, 10)
            self._visit(code, day)
        yield at(day, 16)
        self._end(State.COMPLETED, "Follow-up of three months completed")

    # --- one thing each ---------------------------------------------------------------------

    def _visit(self, code: str, day: dt.date) -> None:
        visit = self.participant.visits.get(code=code)
        record_visit(visit, done_on=day, by=self.staff[Role.COORDINATOR])

    def _end(self, after: State, why: str) -> None:
        end_participation(self.participant, after=after, why=why, by=self.staff[Role.INVESTIGATOR])
        self._refresh()

    def _refresh(self) -> None:
        self.participant = Participant.objects.select_related("allocation", "screening").get(
            pk=self.participant.pk
        )
