"""Protocol version 1.0: the registry record of January 2020 with the readings of DOMAIN 1.3, 12."""

from trial_site.protocol.definition import Protocol
from trial_site.protocol.v1_0.analytes import ANALYTES
from trial_site.protocol.v1_0.decisions import DECISIONS
from trial_site.protocol.v1_0.doses import GANCICLOVIR, IL2
from trial_site.protocol.v1_0.eligibility import CRITERIA
from trial_site.protocol.v1_0.grades import GRADES
from trial_site.protocol.v1_0.identification import ALLOCATION, ARMS, IDENTIFICATION
from trial_site.protocol.v1_0.inputs import (
    CLEARANCE,
    CRITERIA_SETS,
    DIAGNOSIS_NAMES,
    INFECTION_GROUPS,
    INFECTION_TESTS,
    STEROIDS,
)
from trial_site.protocol.v1_0.laboratory import COUNTS, CYTOTOXICITY, PCR, SEROLOGY_KITS, UCUM
from trial_site.protocol.v1_0.outcomes import ANALYSIS, OUTCOMES
from trial_site.protocol.v1_0.readings import READINGS
from trial_site.protocol.v1_0.safety import SAFETY
from trial_site.protocol.v1_0.visits import FOLLOW_UP_MONTHS, PANELS, VISITS

PROTOCOL = Protocol(
    version="1.0",
    identification=IDENTIFICATION,
    arms=ARMS,
    criteria=CRITERIA,
    infection_groups=INFECTION_GROUPS,
    infection_tests=INFECTION_TESTS,
    steroids=STEROIDS,
    clearance=CLEARANCE,
    allocation=ALLOCATION,
    visits=VISITS,
    ganciclovir=GANCICLOVIR,
    il2=IL2,
    panels=PANELS,
    analytes=ANALYTES,
    counts=COUNTS,
    serology_kits=SEROLOGY_KITS,
    ucum=UCUM,
    grades=GRADES,
    pcr=PCR,
    cytotoxicity=CYTOTOXICITY,
    safety=SAFETY,
    outcomes=OUTCOMES,
    analysis=ANALYSIS,
    decisions=DECISIONS,
    readings=READINGS,
    follow_up_months=FOLLOW_UP_MONTHS,
    criteria_sets=CRITERIA_SETS,
    diagnosis_names=DIAGNOSIS_NAMES,
)
