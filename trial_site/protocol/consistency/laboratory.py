"""Checks of the infection tests, the analytes and the rules of the two assays."""

from collections.abc import Iterator

from trial_site.protocol.definition import Analyte, Protocol, TestsNeeded


def infections(protocol: Protocol) -> Iterator[str]:
    groups = {group.code for group in protocol.infection_groups}
    for test in protocol.infection_tests:
        if test.group not in groups:
            yield f"infection test {test.code} is of {test.group}, which is no infection"
    for group in protocol.infection_groups:
        tests = [test for test in protocol.infection_tests if test.group == group.code]
        if not tests:
            yield f"infection {group.code} has no test"
        elif group.needed is TestsNeeded.EVERY_REQUIRED and not any(t.required for t in tests):
            yield f"infection {group.code} could be judged without any test"


def analytes(protocol: Protocol) -> Iterator[str]:
    for analyte in protocol.analytes:
        yield from _analyte(analyte)


def _analyte(analyte: Analyte) -> Iterator[str]:
    for conversion in analyte.conversions:
        if conversion.factor <= 0:
            yield f"analyte {analyte.code} converts {conversion.unit} by a factor not positive"
    taken = (*analyte.units, *analyte.unconverted_units)
    if len(set(taken)) != len(taken):
        yield f"analyte {analyte.code} takes a unit twice"
    if analyte.entry_limits and analyte.entry_limits.unit != analyte.unit:
        yield f"analyte {analyte.code} has limits in {analyte.entry_limits.unit}"
    if analyte.loinc and not is_loinc(analyte.loinc):
        yield f"analyte {analyte.code} has the impossible LOINC code {analyte.loinc}"


def is_loinc(code: str) -> bool:
    """Whether ``code`` is digits, a hyphen and their mod-10 (Luhn) check digit."""
    number, _, check = code.partition("-")
    if not (number.isdecimal() and check.isdecimal()):
        return False
    doubled = (
        int(digit) * (2 if position % 2 == 0 else 1)
        for position, digit in enumerate(reversed(number))
    )
    return str(-sum(sum(divmod(digit, 10)) for digit in doubled) % 10) == check


def pcr(protocol: Protocol) -> Iterator[str]:
    rule = protocol.pcr
    units = {analyte.code: analyte.unit for analyte in protocol.analytes}
    if units.get(rule.analyte) != rule.unit:
        yield f"the PCR rule is in {rule.unit} of {rule.analyte}, which no analyte is"
    days = {
        "confirmation": rule.confirmation_days,
        "sampling until confirmed": rule.days_between_until_confirmed,
        "sampling until withdrawal": rule.days_between_until_withdrawal,
    }
    for name, number in days.items():
        if number <= rule.slack_days:
            yield f"{name} of {number} days is not above the slack of {rule.slack_days}"
    for criterion_id in ("I2", "E1"):
        rows = [row for row in protocol.criteria if row.id == criterion_id]
        if any(bound.value != rule.threshold for row in rows for bound in row.limits):
            yield f"criterion {criterion_id} does not judge by the threshold of the PCR rule"


def cytotoxicity(protocol: Protocol) -> Iterator[str]:
    rule = protocol.cytotoxicity
    if rule.formula not in {"A", "B", "C"}:
        yield f"cytotoxicity formula {rule.formula} is unknown"
    if rule.et_ratio not in rule.et_ratios:
        yield f"the ratio {rule.et_ratio}:1 of the endpoint is not in the series"
    if rule.max_spontaneous >= rule.min_maximum:
        yield "spontaneous death may exceed the maximum"
