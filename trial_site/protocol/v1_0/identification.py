"""What the trial is, and its two arms (registry record, sections 1, 7 and 8)."""

from trial_site.protocol.definition import (
    AllocationMode,
    AllocationRule,
    Arm,
    ArmCode,
    Drug,
    Identification,
    Provenance,
    Source,
    StratificationFactor,
    Stratum,
    at_most,
    gettext_noop,
)
from trial_site.protocol.v1_0.laboratory import PCR

IDENTIFICATION = Identification(
    registry_id="NCT04225780",
    brief_title="Treatment of Low Dose IL-2 and Ganciclovir in Cytomegalovirus Infection",
    official_title=(
        "The Efficiency and Safety of Low Dose IL-2 and Ganciclovir in Treatment of "
        "Cytomegalovirus Infection: an Open Label, Prospective and Control Trial"
    ),
    sponsor="Peking University People's Hospital",
    phase="Phase 1, Phase 2",
    enrolment_target=10,
    per_arm_target=5,
    allocation_quote="Non-Randomized",
    masking_quote="None (Open Label)",
)

ARMS = (
    Arm(
        code=ArmCode.IL2_GANCICLOVIR,
        short_label=gettext_noop("IL-2 + ganciclovir"),
        registry_label="Treatment of low-dose IL-2 and ganciclovir",
        registry_type="Experimental",
        kind=gettext_noop("Experimental"),
        drugs=(Drug.IL2, Drug.GANCICLOVIR),
        provenance=Provenance(
            Source.REGISTRY,
            quote=(
                "If patients are eligible, which CMV-DNA are more than 10^3 copies, it will be "
                "randomly distributed in low-dose IL-2 and ganciclovir group and low-dose IL-2 is "
                "defined as 1 million IU per day subcutaneously."
            ),
            reading=gettext_noop(
                "Two drugs, listed separately, although the record lists them as one intervention."
            ),
            decision="D3",
        ),
    ),
    Arm(
        code=ArmCode.GANCICLOVIR,
        short_label=gettext_noop("Ganciclovir"),
        registry_label="Treatment of ganciclovir",
        registry_type="Placebo Comparator",
        kind=gettext_noop("Active comparator"),
        drugs=(Drug.GANCICLOVIR,),
        provenance=Provenance(
            Source.REGISTRY,
            quote=(
                "If patients are eligible, which CMV-DNA are more than 10^3 copies, it will be "
                "randomly distributed in ganciclovir treatment group."
            ),
            reading=gettext_noop("Active comparator, ganciclovir alone: there is no placebo."),
            decision="D2",
        ),
    ),
)

ALLOCATION = AllocationRule(
    mode=AllocationMode.RANDOMISED,
    block_sizes=(4, 6),
    ratio=(1, 1),
    list_label="NCT04225780|%s|v1",
    shortest_list=IDENTIFICATION.enrolment_target + 1,
    usual_list=20,
    arms=(ArmCode.IL2_GANCICLOVIR, ArmCode.GANCICLOVIR),
    factors=(
        StratificationFactor(
            "cmv_dna",
            gettext_noop("Baseline CMV-DNA"),
            inside=Stratum("CMV-LOW", gettext_noop("CMV-DNA up to 10,000 copies/mL")),
            outside=Stratum("CMV-HIGH", gettext_noop("CMV-DNA above 10,000 copies/mL")),
            limit=at_most("10000", PCR.unit),
        ),
        StratificationFactor(
            "sle",
            gettext_noop("Systemic lupus erythematosus"),
            inside=Stratum("SLE", gettext_noop("Systemic lupus erythematosus")),
            outside=Stratum("NON-SLE", gettext_noop("Another rheumatic disease")),
            diagnosis="sle",
        ),
    ),
    whole_trial=Stratum("ALL", gettext_noop("The whole trial")),
    provenance=Provenance(
        Source.REGISTRY,
        quote="Non-Randomized",
        reading=gettext_noop(
            "Randomised 1:1 in permuted blocks whose sizes vary and are not told, unstratified, "
            "from a sealed list that is longer than the enrolment target. A stopped list may "
            "leave the arms unequal."
        ),
        decision="D1",
    ),
)
