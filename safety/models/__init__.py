"""Harm and what stands beside it: adverse events, deviations, other medicines, history."""

from safety.models.deviations import DeclinedOffer, Deviation
from safety.models.events import AdverseEvent, Escalation, SafetyReport
from safety.models.medication import ConcomitantMedication, MedicalHistory
from safety.models.scope import SafetyQuerySet

__all__ = [
    "AdverseEvent",
    "ConcomitantMedication",
    "DeclinedOffer",
    "Deviation",
    "Escalation",
    "MedicalHistory",
    "SafetyQuerySet",
    "SafetyReport",
]
