"""One patient's way through the trial, as a process: it yields when it next has something to do.

Everything is done by the real actions, by the account whose work it is, at the simulated time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from dataclasses import dataclass

from dosing.actions.rescue import end_rescue
from dosing.actions.withdrawal import withdraw_drugs
from dosing.models import Order, Withdrawal
from dosing.selectors import planned_slots
from enrollment.actions.allocation import allocate
from enrollment.actions.consent import record_consent, withdraw_consent
from enrollment.actions.participation import begin_rescue, end_participation, enrol
from enrollment.actions.screening import confirm_eligibility, start_screening, submit_screening
from enrollment.actions.visits import record_visit
from enrollment.facts import ScreeningFacts
from enrollment.models import Participant, Screening
from enrollment.states import State
from labs.series import conversion_of
from outcomes.schedule import pcr_results
from oversight.signing import Signature
from simulation.bedside import Bedside
from simulation.bench import Bench
from simulation.disease import Fate, Patient
from simulation.harm import Desk
from simulation.ordering import at, order_drugs, order_ganciclovir
from simulation.people import Staff, eligible_facts, failing_facts, undecided_facts
from simulation.ward import WEIGHED_EVERY, Ward
from trial_site import clock
from trial_site.protocol import current
from trial_site.protocol.definition import Drug
from trial_site.roles import Role

Steps = Generator[dt.datetime, None, None]
ScreeningSteps = Generator[dt.datetime, None, Screening]
LONGEST_COURSE_DAYS = 24
NAUSEA = 0.5
FALLS_ILL = 5  # day of treatment
JUST_FALLEN_ILL = 9  # the last of ten, on the first evening: not reported yet in the demo
RESCUE_DAYS = 8


@dataclass
class Journey:
    """``start`` is the day of screening, ``opens`` the time that it begins at."""

    patient: Patient
    staff: Staff
    start: dt.date
    opens: dt.time = dt.time(9)

    def __post_init__(self) -> None:
        self._bench = Bench(self.patient, self.staff)
        self._ward = Ward(self.patient, self.staff)
        self._desk = Desk(self.patient, self.staff)
        self._bedside = Bedside(self.patient, self.staff, self._desk, self._ward)

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
        yield at(first, 7)
        self._desk.admit(self.participant, first)
        if self.patient.index == 0:
            self._desk.noticed(self.participant)
        yield at(first, 7, 15)
        orders = order_drugs(self.participant, self.staff, first, il2=self.patient.arm_effect)
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
        self._bedside.complete_the_record(0)
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
            if number % WEIGHED_EVERY == 0:
                self._ward.weigh(self.participant)
            if number == 7:
                self._bench.plate(self.participant)
                self._bench.immunology(self.participant, "D7")
        slots = sorted(
            (slot, order.pk, order) for order in orders for slot in planned_slots(order, day)
        )
        round_at: dt.datetime | None = at(day, 9, 30)
        for slot, _, order in slots:
            if round_at is not None and slot > round_at:
                yield round_at
                yield from self._round(number)
                round_at = None
            delay = dt.timedelta(minutes=self.patient.random.randint(2, 25))
            yield slot + delay
            yield from self._bedside.at_the_bed(order, slot, number)
            self._refresh()
        if number in {0, 7}:
            yield at(day, 20, 40)
            if self.patient.index == JUST_FALLEN_ILL:
                self._desk.serious(self.participant)
            self._visit("D7" if number else "D0", day)

    def _round(self, number: int) -> Steps:
        """The morning round: what was forgotten, holds, events, and how those go on."""
        self._bedside.complete_the_record()
        self._bedside.hold_or_resume(self.participant)
        self._desk.round()
        if number == 3 and self.patient.harm.random() < NAUSEA:
            self._desk.nausea(self.participant)
        if self.patient.fate is Fate.OVERDUE:
            yield from self._illness(number)

    def _illness(self, number: int) -> Steps:
        """Pneumonia: reported within hours, to the authority as well once it is assessed."""
        if number == FALLS_ILL:
            self._desk.serious(self.participant)
            yield clock.now() + dt.timedelta(minutes=25)
            self._desk.send("sponsor", "Fever and cough since the night; X-ray shows pneumonia.")
        if number == FALLS_ILL + 3:
            self._desk.send("authority", "Pneumonia, not in the label of either drug.")
        if number == FALLS_ILL + 7:
            self._desk.send("sponsor", "Afebrile on antibiotics; goes home in two days.")
            self._desk.end_all()

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
            relapses = self.patient.fate is Fate.RELAPSES and code == "M1"
            if relapses:
                late = -1
                yield at(visit.target - dt.timedelta(days=4), 9)
                self._bench.pcr(self.participant)
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
            if code == "WITHDRAWAL":
                self._desk.end_all()
                self._desk.taper(self.participant, day)
                self._desk.settle_deviations(self.participant)
            if relapses:
                yield from self._rescue(day + dt.timedelta(days=1))
        yield at(day, 16)
        self._end(State.COMPLETED, "Follow-up of three months completed")

    def _rescue(self, first: dt.date) -> Steps:
        """Two samples in a row are positive again: ganciclovir once more, a course of its own."""
        investigator = self.staff[Role.INVESTIGATOR]
        yield at(first, 11)
        why = "CMV-DNA above the threshold twice in a row"
        begin_rescue(self.participant, why=why, by=investigator)
        self._refresh()
        self.patient.rescued = first
        order = order_ganciclovir(self.participant, self.staff, at(first, 20))
        for number in range(RESCUE_DAYS):
            for slot in planned_slots(order, first + dt.timedelta(days=number)):
                yield slot + dt.timedelta(minutes=self.patient.random.randint(2, 25))
                self._bedside.dose(order, slot, self._bedside.what_happens(order))
        yield at(first + dt.timedelta(days=RESCUE_DAYS), 7)
        end_rescue(self.participant, why="Course of rescue treatment completed", by=investigator)
        self._refresh()

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
