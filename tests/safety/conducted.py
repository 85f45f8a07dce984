"""Departures from the protocol, made through the real actions."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

from dosing.actions.doses import record_dose, record_unplanned_dose
from dosing.checks import Given
from dosing.models import Administration, DrugChoice, Order
from enrollment.actions.allocation import note_allocation_error
from enrollment.actions.screening import save_screening
from enrollment.actions.visits import record_visit
from enrollment.models import AllocationError, Participant, Screening, Visit
from labs.actions import Entry, Sample, record_results
from labs.models import Specimen
from safety.actions.deviations import (
    accept_offer,
    assess_deviation,
    decline_deviation,
    record_deviation,
)
from safety.actions.history import Disease, record_history
from safety.actions.medication import Medicine, record_medication
from safety.departures import Offer, conduct
from safety.models import ConcomitantMedication, Deviation, MedicalHistory
from tests import factories
from trial_site import clock
from trial_site.models import User
from trial_site.roles import Role

IL2_ARM, CONTROL_ARM = "il2_gcv", "gcv"
MG_300 = Decimal("300")


def day(days_ago: int) -> dt.date:
    return clock.today() - dt.timedelta(days=days_ago)


def moment(days_ago: int, hour: int = 8) -> dt.datetime:
    return factories.local(day(days_ago), dt.time(hour))


def treated(site: Any, arm: str = IL2_ARM, *, days_ago: int = 1) -> Participant:
    """Ganciclovir 300 mg every 12 hours; only the first dose, at eight, is recorded."""
    return factories.on_treatment(site, arm, days_ago=days_ago)


def order_of(participant: Participant) -> Order:
    order: Order = participant.orders.get(drug=DrugChoice.GANCICLOVIR)
    return order


def given(order: Order, slot_at: dt.datetime, amount: str = "300") -> Administration:
    """A dose of an earlier day, told now."""
    told = Given("given", Decimal(amount), slot_at, late_reason="The ward was moved")
    return _dose(order, slot_at, told)


def not_given(order: Order, slot_at: dt.datetime, why: str) -> Administration:
    told = Given("not_given", Decimal(0), why=why, late_reason="The ward was moved")
    return _dose(order, slot_at, told)


def _dose(order: Order, slot_at: dt.datetime, told: Given) -> Administration:
    by = factories.user(Role.NURSE, order.participant.site)
    return record_dose(order, slot_at=slot_at, given=told, by=by, key=uuid4())


def il2_given(participant: Participant) -> Administration:
    """A dose that nobody ordered."""
    told = Given("given", Decimal("1"), moment(0), injection_site="arm_left")
    return record_unplanned_dose(
        participant,
        drug=DrugChoice.IL2,
        given=told,
        by=factories.user(Role.NURSE, participant.site),
        key=uuid4(),
    )


def visit_done(participant: Participant, code: str, done_on: dt.date | None) -> Visit:
    """Done on a day, or missed."""
    return record_visit(
        participant.visits.get(code=code),
        done_on=done_on,
        why="Snow",
        by=factories.user(Role.COORDINATOR, participant.site),
    )


def drawn(
    participant: Participant, days_ago: int, *, visit: str = "D7", kind: str = "serum"
) -> Specimen:
    """A tube with one result of it, collected at six on that day."""
    [result] = record_results(
        participant,
        sample=Sample(kind, moment(days_ago, 6), visit=visit),
        entries=[Entry("tnf_alpha", "pg/mL", Decimal("4.2"), assay="TNF-1")],
        by=factories.user(Role.LAB, participant.site),
        confirmed=True,
        key=uuid4(),
    )
    specimen: Specimen = result.specimen
    return specimen


def corrected_screening(participant: Participant, reason: str, **facts: Any) -> Screening:
    screening = Screening.objects.get(pk=participant.screening_id)
    return save_screening(
        screening,
        facts=replace(screening.answers, **facts),
        version=screening.version,
        reason=reason,
        by=factories.user(Role.COORDINATOR, participant.site),
    )


def noted_error(participant: Participant) -> AllocationError:
    by = factories.user(Role.INVESTIGATOR, participant.site)
    return note_allocation_error(participant, what="Wrong envelope", by=by)


def offers(user: User, participant: Participant | None = None) -> list[Offer]:
    return list(conduct(user, participant).offers)


def sources(user: User, participant: Participant | None = None) -> list[str]:
    return [offer.found.source for offer in offers(user, participant)]


def kinds(user: User, participant: Participant | None = None) -> list[str]:
    return [offer.kind.code for offer in offers(user, participant)]


def accepted(participant: Participant, kind: str, description: str = "") -> Deviation:
    """The first offer of a kind, recorded by the coordinator."""
    by = factories.user(Role.COORDINATOR, participant.site)
    offer = next(one for one in offers(by, participant) if one.kind.code == kind)
    return accept_offer(
        participant, source=offer.found.source, description=description, by=by, key=uuid4()
    )


def recorded_about(
    participant: Participant,
) -> tuple[Deviation, ConcomitantMedication, MedicalHistory]:
    """A deviation of each origin, one of them assessed, a declined offer; a medicine that matters
    and a corticosteroid; a disease.  Given back: what still can be decided or corrected."""
    by = factories.user(Role.COORDINATOR, participant.site)
    investigator = factories.user(Role.INVESTIGATOR, participant.site)
    first, second, *_ = sources(by, participant)
    offered = accept_offer(participant, source=first, description="", by=by)
    assess_deviation(
        offered,
        severity="minor",
        assessment="No harm",
        corrective_action="The ward is taught",
        version=offered.version,
        by=investigator,
    )
    decline_deviation(participant, source=second, why="Surgery that day", by=by)
    noticed = record_deviation(
        participant,
        kind="other",
        occurred_on=day(1),
        description="The infusion ran through a blood line",
        by=by,
    )
    imipenem = Medicine("Imipenem", "iv", "Pneumonia", started_on=day(2), frequency="q6h")
    made = record_medication(participant, medicine=imipenem, by=by)
    prednisone = Medicine(
        *("Prednisone", "oral", "SLE", "prednisone", Decimal("48"), "mg"),
        every_days=1,
        started_before=True,
    )
    record_medication(participant, medicine=prednisone, by=by)
    disease = Disease("Hypertension", is_ongoing=True, note="Treated with amlodipine")
    return noticed, made, record_history(participant, disease=disease, by=by)
