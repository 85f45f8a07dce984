"""What is given."""

from trial_site.protocol.definition import BandDose, ClearanceBand, GanciclovirRule, Protocol
from trial_site.protocol.document import markdown as md


def ganciclovir(protocol: Protocol) -> str:
    rule = protocol.ganciclovir
    holds = md.table(
        ("Not given while", "Limit"),
        ((protocol.analyte(hold.analyte).name, md.bound(hold.bound)) for hold in rule.holds),
    )
    checks = md.table(
        ("Examined while it is given", "Results", "Due again", "Reading"),
        (
            (
                check.title,
                ", ".join(protocol.analyte(code).name for code in check.analytes),
                "; ".join(f"{often}: {days} days" for often, days in check.days_between.items()),
                check.provenance.reading,
            )
            for check in rule.blood_checks
        ),
    )
    entries = md.table(
        ("Entry", "Soft", "Hard"),
        (
            ("Dose of an infusion", *md.limits(rule.mg_limits)),
            ("Infusion time", *md.limits(rule.infusion_minutes_limits)),
        ),
    )
    rest = (
        f"Infused over {rule.infusion_minutes} minutes. The form asks beyond "
        f"{md.number(rule.soft_deviation_percent)} percent from the computed dose and at less than "
        f"{md.number(rule.soft_min_interval_hours)} hours between two doses."
    )
    return "\n\n".join((md.provenance(rule.provenance), _bands(rule), holds, checks, entries, rest))


def _bands(rule: GanciclovirRule) -> str:
    return md.table(
        ("Creatinine clearance, mL/min", "Induction", "Maintenance"),
        ((_range(band), _dose(band.induction), _dose(band.maintenance)) for band in rule.bands),
    )


def _range(band: ClearanceBand) -> str:
    low = f"≥ {md.number(band.low)}" if band.low is not None else ""
    high = f"< {md.number(band.high)}" if band.high is not None else ""
    return " and ".join(filter(None, (low, high)))


def _dose(dose: BandDose) -> str:
    return f"{md.number(dose.mg_per_kg)} mg/kg {dose.frequency}"


def il2(protocol: Protocol) -> str:
    rule = protocol.il2
    dose = f"{md.number(rule.dose_miu)} MIU {rule.route} {rule.frequency}."
    entries = md.table(
        ("Entry", "Soft", "Hard"),
        (
            ("Dose", *md.limits(rule.miu_limits)),
            ("Interval", *md.limits(rule.interval_hours_limits)),
        ),
    )
    sites = f"Sites: {'; '.join(name for _, name in rule.injection_sites)}."
    return "\n\n".join((md.provenance(rule.provenance), dose, entries, sites))
