"""Sites' approvals, screening, consent, participant, allocation, visits."""

from enrollment.models.allocation import (
    Allocation,
    AllocationError,
    AllocationList,
    AllocationPlan,
    AllocationSlot,
)
from enrollment.models.consent import Consent, ConsentVersion, ConsentWithdrawal
from enrollment.models.participant import Move, Participant, ParticipantQuerySet
from enrollment.models.retractable import (
    Retractable,
    RetractableQuerySet,
    retracted_by_somebody,
)
from enrollment.models.scope import SiteQuerySet, at_sites_of
from enrollment.models.screening import Screening
from enrollment.models.sites import RecruitmentTarget, SiteApproval
from enrollment.models.visits import UNSCHEDULED, Visit, VisitQuerySet

__all__ = [
    "UNSCHEDULED",
    "Allocation",
    "AllocationError",
    "AllocationList",
    "AllocationPlan",
    "AllocationSlot",
    "Consent",
    "ConsentVersion",
    "ConsentWithdrawal",
    "Move",
    "Participant",
    "ParticipantQuerySet",
    "RecruitmentTarget",
    "Retractable",
    "RetractableQuerySet",
    "Screening",
    "SiteApproval",
    "SiteQuerySet",
    "Visit",
    "VisitQuerySet",
    "at_sites_of",
    "retracted_by_somebody",
]
