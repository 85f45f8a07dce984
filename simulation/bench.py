"""The simulated laboratory: what it measures in a patient's specimens, now."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from enrollment.models import Participant
from labs.actions import Entry, Sample, record_cytotoxicity, record_results
from labs.models import Specimen
from simulation.disease import Patient
from simulation.people import Staff
from simulation.samples import (
    cytokine_entries,
    pcr_entry,
    plate,
    safety_entries,
    serology_entries,
    subset_entries,
)
from trial_site import clock
from trial_site.protocol import current
from trial_site.roles import Role

DRAWN_MINUTES_AGO, SECOND_TUBE_MINUTES_AGO = 25, 20


@dataclass(frozen=True)
class Bench:
    """Every specimen is drawn a little before it is received and entered."""

    patient: Patient
    staff: Staff

    def pcr(self, participant: Participant) -> None:
        copies = self.patient.copies(_today(), participant.withdrawn_on)
        self._enter(participant, Specimen.Kind.PLASMA, [pcr_entry(copies)])

    def blood(self, participant: Participant) -> None:
        entries = safety_entries(self.patient, self.patient.neutrophils(_today()))
        self._enter(participant, Specimen.Kind.WHOLE_BLOOD, entries)

    def plate(self, participant: Participant) -> None:
        record_cytotoxicity(
            participant,
            sample=self._sample(Specimen.Kind.PBMC),
            effectors="pbmc",
            nk_percent=self.patient.percent_of_effectors(),
            wells=plate(self.patient.lysis(_today()), self.patient.random),
            by=self.staff[Role.LAB],
        )

    def immunology(self, participant: Participant, visit: str) -> None:
        """The panels of flow cytometry and ELISA that belong to a visit."""
        panels = current().visit(visit).panels
        if "subset" in panels:
            entries = subset_entries(self.patient, _today())
            # A tube of its own, beside that of the blood count.
            self._enter(participant, Specimen.Kind.WHOLE_BLOOD, entries, SECOND_TUBE_MINUTES_AGO)
        serum = cytokine_entries(self.patient) if "cytokine" in panels else []
        serum += serology_entries(self.patient) if "serology" in panels else []
        if serum:
            self._enter(participant, Specimen.Kind.SERUM, serum)

    def _enter(
        self,
        participant: Participant,
        kind: Specimen.Kind,
        entries: list[Entry],
        minutes: int = DRAWN_MINUTES_AGO,
    ) -> None:
        record_results(
            participant,
            sample=self._sample(kind, minutes),
            entries=entries,
            confirmed=True,
            by=self.staff[Role.LAB],
        )

    def _sample(self, kind: Specimen.Kind, minutes: int = DRAWN_MINUTES_AGO) -> Sample:
        now = clock.now()
        collected = now - dt.timedelta(minutes=minutes)
        return Sample(kind, collected, now, laboratory=self.staff.laboratory)


def _today() -> dt.date:
    return timezone.localdate(clock.now())
