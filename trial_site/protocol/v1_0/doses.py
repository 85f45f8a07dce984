"""What is given, and how much of it: corticosteroid bookkeeping is in ``eligibility``."""

from decimal import Decimal
from types import MappingProxyType

from trial_site.protocol.definition import (
    BandDose,
    BloodCheck,
    ClearanceBand,
    EntryLimits,
    Frequency,
    GanciclovirRule,
    HoldRule,
    Il2Rule,
    Provenance,
    Source,
    above,
    at_least,
    at_most,
    below,
    gettext_noop,
)


def _band(
    low: str | None,
    high: str | None,
    induction: tuple[str, Frequency],
    maintenance: tuple[str, Frequency],
) -> ClearanceBand:
    return ClearanceBand(
        low=None if low is None else Decimal(low),
        high=None if high is None else Decimal(high),
        induction=BandDose(Decimal(induction[0]), induction[1]),
        maintenance=BandDose(Decimal(maintenance[0]), maintenance[1]),
    )


_Q12H = Frequency.EVERY_12_HOURS
_Q24H = Frequency.EVERY_24_HOURS
_THREE_A_WEEK = Frequency.THREE_TIMES_A_WEEK

_LABEL_STOP = Provenance(
    Source.DECISION,
    reading=gettext_noop(
        "Stop of the ganciclovir label. Not given while the latest count is lower."
    ),
)

_BLOOD_CHECKS = (
    BloodCheck(
        code="blood_count",
        title=gettext_noop("Blood count under ganciclovir"),
        analytes=("anc", "hemoglobin", "platelets"),
        days_between=MappingProxyType({_Q12H: 2, _Q24H: 7, _THREE_A_WEEK: 7}),
        provenance=Provenance(
            Source.DECISION,
            reading=gettext_noop(
                "Label of ganciclovir: a blood count with differential at least every 2 days while "
                "it is given every 12 hours, then weekly. Examined are the three values that stop "
                "it."
            ),
        ),
    ),
    BloodCheck(
        code="creatinine",
        title=gettext_noop("Creatinine under ganciclovir"),
        analytes=("creatinine",),
        days_between=MappingProxyType({_Q12H: 7, _Q24H: 7, _THREE_A_WEEK: 7}),
        provenance=Provenance(
            Source.DECISION,
            reading=gettext_noop(
                "Label of ganciclovir: weekly, for the dose follows the clearance."
            ),
        ),
    ),
)

GANCICLOVIR = GanciclovirRule(
    bands=(
        _band("70", None, ("5", _Q12H), ("5", _Q24H)),
        _band("50", "70", ("2.5", _Q12H), ("2.5", _Q24H)),
        _band("25", "50", ("2.5", _Q24H), ("1.25", _Q24H)),
        _band("10", "25", ("1.25", _Q24H), ("0.625", _Q24H)),
        _band(None, "10", ("1.25", _THREE_A_WEEK), ("0.625", _THREE_A_WEEK)),
    ),
    holds=(
        HoldRule("anc", below("0.5", "10^9/L"), _LABEL_STOP),
        HoldRule("hemoglobin", below("80", "g/L"), _LABEL_STOP),
        HoldRule("platelets", below("25", "10^9/L"), _LABEL_STOP),
    ),
    blood_checks=_BLOOD_CHECKS,
    infusion_minutes=60,
    mg_limits=EntryLimits(
        "mg",
        soft=(at_least("30", "mg"), at_most("600", "mg")),
        hard=(above("0", "mg"), at_most("6000", "mg")),
    ),
    infusion_minutes_limits=EntryLimits(
        "min",
        soft=(at_least("50", "min"), at_most("90", "min")),
        hard=(above("0", "min"),),
    ),
    soft_deviation_percent=Decimal("10"),
    soft_min_interval_hours=Decimal("8"),
    provenance=Provenance(
        Source.DECISION,
        reading=gettext_noop(
            "The record states no dose, route or duration. Doses are the label's, intravenous "
            "over one hour, by unrounded creatinine clearance in bands without gaps. The hard "
            "limit of the infusion time (above 0) is a plausibility limit proposed here."
        ),
    ),
)

IL2 = Il2Rule(
    dose_miu=Decimal("1.0"),
    route="SC",
    frequency=Frequency.EVERY_24_HOURS,
    miu_limits=EntryLimits(
        "MIU",
        soft=(at_least("1.0", "MIU"), at_most("1.0", "MIU")),
        hard=(above("0", "MIU"), at_most("22", "MIU")),
    ),
    interval_hours_limits=EntryLimits("h", soft=(at_least("18", "h"), at_most("30", "h"))),
    injection_sites=(
        ("abdomen_left", gettext_noop("Abdomen, left")),
        ("abdomen_right", gettext_noop("Abdomen, right")),
        ("arm_left", gettext_noop("Arm, left")),
        ("arm_right", gettext_noop("Arm, right")),
        ("thigh_left", gettext_noop("Thigh, left")),
        ("thigh_right", gettext_noop("Thigh, right")),
    ),
    provenance=Provenance(
        Source.REGISTRY,
        quote="Low-dose IL-2 is defined as 1 million IU per day subcutaneously.",
        reading=gettext_noop(
            "A fixed dose of 1 MIU, not per kilogram. Daily, until withdrawal or until the "
            "principal investigator stops it."
        ),
        decision="D15",
    ),
)
