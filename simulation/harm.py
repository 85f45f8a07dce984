"""The simulated safety desk of one patient: events, their reports, deviations, other medicines."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from dosing.models import DrugChoice, Reaction
from enrollment.models import Participant
from labs.models import Result
from safety.actions.deviations import (
    accept_offer,
    assess_deviation,
    decline_deviation,
    record_deviation,
)
from safety.actions.events import (
    Assessment,
    EventFacts,
    Offered,
    assess_event,
    correct_event,
    report_event,
)
from safety.actions.history import Disease, record_history
from safety.actions.medication import Medicine, record_medication, stop_medication
from safety.actions.reports import send_report
from safety.departures import conduct
from safety.models import AdverseEvent, ConcomitantMedication, SafetyReport
from safety.rules.events import DrugAssessment, Seriousness
from safety.selectors import drugs_given
from simulation.disease import Patient
from simulation.people import Staff
from trial_site import clock
from trial_site.protocol import current
from trial_site.roles import Role

NEVER = "not_given"
LASTS_DAYS = 2  # how long a mild event goes on
ASSESSED_AFTER_DAYS = 1
Outcome = AdverseEvent.Outcome
Recipient = SafetyReport.Recipient
ORAL = ConcomitantMedication.Route.ORAL
RELATIONS = {  # to interleukin-2 where it was given, and to ganciclovir
    "redness": ("definite", "unrelated"),
    "fever": ("probable", "unlikely"),
    "flu_like": ("probable", "unlikely"),
    "anc": ("unlikely", "probable"),
    "nausea": ("unlikely", "possible"),
    "serious": ("possible", "possible"),
}


@dataclass
class Desk:
    """``open`` are events that have not ended, with the kind that decides their relation."""

    patient: Patient
    staff: Staff
    open: list[tuple[str, EventFacts, AdverseEvent]] = field(default_factory=list)

    # --- before the first dose ------------------------------------------------------------------

    def admit(self, participant: Participant, day: dt.date) -> None:
        """Medical history, and what the patient takes already."""
        coordinator = self.staff[Role.COORDINATOR]
        before = day - dt.timedelta(days=self.patient.harm.randint(400, 3000))
        ongoing = Disease(term="Lupus nephritis", began_on=before, is_ongoing=True)
        record_history(participant, disease=ongoing, by=coordinator)
        if self.patient.harm.random() < 0.5:
            past = Disease(term="Appendectomy", began_on=before, ended_on=before)
            record_history(participant, disease=past, by=coordinator)
        self._medicine(
            participant,
            name="Methylprednisolone",
            agent="methylprednisolone",
            amount=Decimal(24),
            started_on=day - dt.timedelta(days=30),
        )
        if self.patient.index % 3 == 0:
            self._medicine(
                participant,
                name="Mycophenolate mofetil",
                amount=Decimal(1000),
                started_on=day - dt.timedelta(days=90),
            )

    def taper(self, participant: Participant, day: dt.date) -> None:
        """Prednisone takes the place of methylprednisolone."""
        coordinator = self.staff[Role.COORDINATOR]
        steroid = participant.concomitant_medications.get(agent="methylprednisolone")
        yesterday = day - dt.timedelta(days=1)
        stop_medication(steroid, ended_on=yesterday, version=steroid.version, by=coordinator)
        self._medicine(
            participant, name="Prednisone", agent="prednisone", amount=Decimal(20), started_on=day
        )

    def _medicine(self, participant: Participant, **facts: Any) -> None:
        usual: dict[str, Any] = {
            "route": ORAL,
            "indication": "Systemic lupus erythematosus",
            "unit": "mg",
            "frequency": "daily",
            "every_days": 1 if "agent" in facts else None,
        }
        by = self.staff[Role.COORDINATOR]
        record_medication(participant, medicine=Medicine(**usual | facts), by=by)

    # --- events -----------------------------------------------------------------------------------

    def from_reaction(self, reaction: Reaction) -> None:
        kind = current().safety.reaction(reaction.kind)
        term = current().safety.term(kind.term)
        facts = self._facts(term.name if term else kind.name, reaction.grade, kind.term)
        self._report(reaction.participant, reaction.kind, facts, Offered(reaction=reaction))

    def from_result(self, participant: Participant, result: Result) -> None:
        facts = self._facts("Neutrophil count decreased", result.grade or 4)
        self._report(participant, "anc", facts, Offered(result=result))

    def nausea(self, participant: Participant) -> None:
        self._report(participant, "nausea", self._facts("Nausea", 1), None)

    def serious(self, participant: Participant) -> None:
        """Known for an hour; the clocks run from then."""
        facts = self._facts("Pneumonia", 3)
        facts = replace(facts, note="Cough and fever; a week longer in hospital.")
        since = clock.now() - dt.timedelta(hours=1)
        known = Seriousness(("hospitalisation",), since.replace(second=0, microsecond=0))
        self._report(participant, "serious", facts, None, known)

    def send(self, recipient: str, narrative: str) -> None:
        """The serious event as it stands, to the sponsor or the authority."""
        event = next(event for kind, _, event in self.open if kind == "serious")
        event.refresh_from_db()
        by = self.staff[Role.INVESTIGATOR]
        send_report(event, recipient=recipient, narrative=narrative, version=event.version, by=by)

    def _facts(self, term: str, grade: int, criteria_code: str = "") -> EventFacts:
        return EventFacts(
            term=term,
            onset_on=clock.today(),
            grade=grade,
            outcome=Outcome.NOT_RECOVERED,
            criteria_code=criteria_code,
        )

    def _report(
        self,
        participant: Participant,
        kind: str,
        facts: EventFacts,
        offered: Offered | None,
        serious: Seriousness | None = None,
    ) -> None:
        event = report_event(
            participant,
            facts=facts,
            serious=serious or Seriousness(),
            offered=offered,
            by=self.staff[Role.NURSE],
        )
        self.open.append((kind, facts, event))

    def round(self) -> None:
        """The investigator assesses what is a day old; what is over is said to be over."""
        still = []
        for kind, facts, event in self.open:
            age = (clock.today() - facts.onset_on).days
            if age >= ASSESSED_AFTER_DAYS and event.assessed_at is None:
                event = self._assess(kind, event)
            if age > LASTS_DAYS and kind not in {"serious", "anc"}:
                self.end(event, facts)
            else:
                still.append((kind, facts, event))
        self.open = still

    def end_all(self) -> None:
        """Everything is over, the serious event and the low counts included."""
        for kind, facts, event in self.open:
            if event.assessed_at is None:
                event = self._assess(kind, event)
            self.end(event, facts)
        self.open = []

    def end(self, event: AdverseEvent, facts: EventFacts) -> None:
        event.refresh_from_db()
        over = replace(facts, ended_on=clock.today(), outcome=Outcome.RECOVERED)
        by = self.staff[Role.NURSE]
        correct_event(event, facts=over, reason="Recovered", version=event.version, by=by)

    def _assess(self, kind: str, event: AdverseEvent) -> AdverseEvent:
        il2, ganciclovir = RELATIONS[kind]
        given = drugs_given(event.participant)
        had_il2 = DrugChoice.IL2 in given
        drugs = {
            "il2": DrugAssessment(il2, "none") if had_il2 else DrugAssessment(NEVER, NEVER),
            "ganciclovir": DrugAssessment(ganciclovir, "held" if kind == "anc" else "none"),
        }
        return assess_event(
            event,
            assessment=Assessment(drugs, kind != "serious"),
            version=event.version,
            by=self.staff[Role.INVESTIGATOR],
        )

    # --- deviations -------------------------------------------------------------------------------

    def settle_deviations(self, participant: Participant) -> None:
        """The first that the rules offer is recorded and assessed, or declined with a reason."""
        coordinator, investigator = self.staff[Role.COORDINATOR], self.staff[Role.INVESTIGATOR]
        offers = conduct(coordinator, participant).offers
        if not offers:
            return
        source = offers[0].found.source
        if self.patient.index % 3 == 0 and not offers[0].kind.is_certain:
            why = "Agreed with the investigator beforehand"
            decline_deviation(participant, source=source, why=why, by=coordinator)
            return
        found = accept_offer(participant, source=source, description="", by=coordinator)
        assess_deviation(
            found,
            severity=found.severity,
            assessment="No influence on the endpoints",
            corrective_action="The ward was reminded of the plan",
            version=found.version,
            by=investigator,
        )

    def noticed(self, participant: Participant) -> None:
        """Something that no rule sees."""
        record_deviation(
            participant,
            kind="other",
            occurred_on=clock.today(),
            description="The refrigerator of the ward stood at 9 °C for two hours",
            by=self.staff[Role.COORDINATOR],
        )
