"""A trial with something on every page, made through the real actions."""

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import uuid4

import time_machine
from django.core.management import call_command

from dosing.actions.reactions import record_reaction
from dosing.actions.vital_signs import Measured, record_vital_signs
from dosing.checks import Given
from dosing.models import Administration, DrugChoice, Order, Reaction, VitalSigns
from dosing.rules.reactions import Seen
from enrollment.models import Participant, Screening
from labs.actions import (
    PlateEntry,
    attach_file,
    correct_plate,
    correct_result,
    repeat_cytotoxicity,
)
from labs.models import CytotoxicityAssay, Result, ResultStatus
from tests import factories
from tests.labs.cytometer_files import fcs
from tests.labs.examples import BASELINE, DAY_7, entered, pcr, plated, safety, wells
from trial_site import clock
from trial_site.models import Site
from trial_site.roles import Role

SEVEN, EIGHT = dt.time(7), dt.time(8)


@dataclass(frozen=True)
class Trial:
    """One patient or participant in each state; ``PKU-001`` to ``PKU-005`` in this order."""

    draft: Screening  # without consent
    failed: Screening
    eligible: Screening  # not confirmed
    followed: Participant  # IL-2 arm, drugs withdrawn a month ago
    held: Participant  # control arm, treated for a week, low neutrophils today
    allocated: Participant  # control arm, nothing ordered
    treated: Participant  # IL-2 arm, treated for a week
    enrolled: Participant
    il2: Order  # of ``treated``
    ganciclovir: Order
    dose: Administration
    signs: VitalSigns  # before ``dose``, with an alert
    reaction: Reaction
    result: Result  # corrected once
    preliminary: Result
    assay: CytotoxicityAssay  # corrected once, with a file that does not agree
    repeat: CytotoxicityAssay  # of the same specimen


def trial_in_progress(site: Site, time: time_machine.Traveller) -> Trial:
    now = clock.now()
    time.move_to(now - dt.timedelta(days=40))
    followed = _begun(site)
    time.move_to(now - dt.timedelta(days=30))
    factories.withdrawn(followed, "Course complete", by=factories.user(Role.INVESTIGATOR, site))
    time.move_to(now - dt.timedelta(days=7))
    held, allocated, treated = _begun(site), factories.allocated(site), _begun(site)
    il2 = factories.order(treated, DrugChoice.IL2)
    time.move_to(now)
    trial = Trial(
        draft=factories.screening(site, consent=False),
        failed=factories.submitted(site, factories.eligible_facts(malignancy=True)),
        eligible=factories.submitted(site),
        followed=followed,
        held=held,
        allocated=allocated,
        treated=treated,
        enrolled=factories.enrolled(site),
        il2=il2,
        ganciclovir=treated.orders.get(drug=DrugChoice.GANCICLOVIR),
        dose=(dose := _in_part(treated)),
        signs=_measured(dose),
        reaction=_reacted(dose),
        result=_corrected(treated),
        preliminary=_preliminary(treated),
        assay=(assay := _corrected_plate(treated)),
        repeat=_repeated(assay),
    )
    plated(held, DAY_7, at=factories.local(clock.today(), EIGHT))
    entered(held, pcr("500", "<", lloq="500"), safety("anc", "0.46", "10^9/L"))
    entered(treated, safety("alt", "130", "U/L", uln="40"), safety("hemoglobin", "96", "g/L"))
    call_command("flag_due", verbosity=0)
    return trial


def _begun(site: Site) -> Participant:
    """The next participant of the list, treated since eight, with a baseline of seven o'clock."""
    participant = factories.on_treatment(site, days_ago=0)
    plated(participant, BASELINE, at=factories.local(clock.today(), SEVEN))
    entered(participant, pcr("52000"))
    return participant


def _in_part(participant: Participant) -> Administration:
    order = participant.orders.get(drug=DrugChoice.GANCICLOVIR)
    eight = factories.local(clock.today(), EIGHT)
    why, note = Administration.Reason.ADVERSE_EVENT, "Chills after half an hour"
    given = Given(Administration.Status.PARTIAL, Decimal("180"), eight, why=why, note=note)
    return factories.dose(order, eight, given)


def _measured(dose: Administration) -> VitalSigns:
    nurse = factories.user(Role.NURSE, dose.participant.site)
    measured = Measured("before", dose.delivered_at, Decimal("38.4"), 88, 50)
    return record_vital_signs(dose, measured=measured, by=nurse)


def _reacted(dose: Administration) -> Reaction:
    nurse = factories.user(Role.NURSE, dose.participant.site)
    seen = Seen("redness", 1, dose.delivered_at, diameter_mm=Decimal(25))
    return record_reaction(dose, seen=seen, by=nurse)


def _preliminary(participant: Participant) -> Result:
    unconfirmed = safety("platelets", "140", "10^9/L", lln="125")
    [result] = entered(participant, replace(unconfirmed, status=ResultStatus.PRELIMINARY), hours=2)
    return result


def _corrected_plate(participant: Participant) -> CytotoxicityAssay:
    by = factories.user(Role.LAB, participant.site)
    assay = plated(participant, BASELINE, at=factories.local(clock.today(), EIGHT))
    attach_file(assay, name="E25-1.fcs", content=fcs(4000), well="et25-1", by=by)
    entry = PlateEntry("pbmc", wells(DAY_7), Decimal("11.5"), "NK-1")
    return correct_plate(assay, entry=entry, reason="Another plate's wells", version=1, by=by)


def _repeated(assay: CytotoxicityAssay) -> CytotoxicityAssay:
    entry = PlateEntry("pbmc", wells(DAY_7), Decimal("11.5"), "NK-2")
    by = factories.user(Role.LAB, assay.participant.site)
    return repeat_cytotoxicity(assay.specimen, entry=entry, by=by)


def _corrected(participant: Participant) -> Result:
    [result] = entered(participant, pcr("80000"))
    return correct_result(
        result,
        entry=pcr("8000"),
        reason="A zero too many",
        version=result.version,
        by=factories.user(Role.LAB, participant.site),
        key=uuid4(),
    )
