"""Concomitant medication and medical history as pages read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from enrollment.models import Participant, RetractableQuerySet
from labs.rules.numbers import plain
from safety.models import ConcomitantMedication, MedicalHistory
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop


@dataclass(frozen=True)
class MedicationLine:
    """A medicine with its dose in words and the warnings that were shown when it was entered."""

    medication: ConcomitantMedication

    @property
    def dose(self) -> str:
        """``48 mg``; empty where nobody entered one."""
        one = self.medication
        return "" if one.amount is None else f"{plain(one.amount)} {one.unit}"

    @property
    def agent(self) -> str:
        """The corticosteroid of the protocol's table that it is counted as."""
        known = {agent.code: agent.name for agent in current().steroids.agents}
        return known.get(self.medication.agent, "")

    @property
    def warnings(self) -> list[Message]:
        return [Message.from_json(row) for row in self.medication.interactions]

    @property
    def badge(self) -> tuple[str, Any]:
        one = self.medication
        if one.retracted_at:
            return "planned", Message(gettext_noop("Entered in error"))
        if one.ended_on:
            return "done", Message(gettext_noop("Stopped"))
        return "met", Message(gettext_noop("Taken now"))


def medications(user: User) -> RetractableQuerySet:
    return _with_people(ConcomitantMedication.objects.visible_to(user))


def medication_lines(participant: Participant) -> list[MedicationLine]:
    """Those of one participant, what is still taken first, what was entered in error last."""
    rows = participant.concomitant_medications.select_related("recorded_by")
    ordered = sorted(rows, key=lambda one: (bool(one.retracted_at), bool(one.ended_on)))
    return [MedicationLine(one) for one in ordered]


def histories(user: User) -> RetractableQuerySet:
    return _with_people(MedicalHistory.objects.visible_to(user))


def _with_people(rows: Any) -> RetractableQuerySet:
    found: RetractableQuerySet = rows.select_related("participant__screening", "recorded_by")
    return found
