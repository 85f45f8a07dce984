"""Checks of the infection tests, the analytes and the rules of the two assays."""

from collections import Counter
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
    if len(set(analyte.taken_units)) != len(analyte.taken_units):
        yield f"analyte {analyte.code} takes a unit twice"
    for unit in set(analyte.assay_units) - set(analyte.unconverted_units):
        yield f"analyte {analyte.code} leaves {unit} to the assay and converts it too"
    if analyte.entry_limits and analyte.entry_limits.unit != analyte.unit:
        yield f"analyte {analyte.code} has limits in {analyte.entry_limits.unit}"
    if analyte.loinc and not is_loinc(analyte.loinc):
        yield f"analyte {analyte.code} has the impossible LOINC code {analyte.loinc}"
    if analyte.group == "subset" and (analyte.unit == "%") is not bool(analyte.denominator):
        yield f"analyte {analyte.code}: a percentage, and nothing else, is of something"
    for found in analyte.adult_ranges:
        if found.unit != analyte.unit:
            yield f"analyte {analyte.code} has an adult range in {found.unit}"
        if found.low is not None and found.high is not None and found.low >= found.high:
            yield f"analyte {analyte.code} has an adult range that is empty"


def unit_codes(protocol: Protocol) -> Iterator[str]:
    """Each unit has a code, and a code in a file names one unit."""
    for unit in sorted({unit for row in protocol.analytes for unit in row.taken_units}):
        if not protocol.ucum.get(unit):
            yield f"unit {unit} has no UCUM code"
    for code, count in Counter(protocol.ucum.values()).items():
        if count > 1:
            yield f"the UCUM code {code} stands for {count} units"


def counts(protocol: Protocol) -> Iterator[str]:
    known = {row.code: row for row in protocol.analytes}
    computed = [rule.analyte for rule in protocol.counts]
    for place, rule in enumerate(protocol.counts):
        unknown = {rule.analyte, rule.percent, rule.of} - known.keys()
        if unknown:
            yield f"the count of {rule.analyte} needs {sorted(unknown)[0]}, which is no analyte"
            continue
        if known[rule.percent].unit != "%":
            yield f"{rule.percent} gives a count and is no percentage"
        if known[rule.of].unit not in known[rule.analyte].units:
            yield f"{rule.analyte} cannot be counted in {known[rule.of].unit}"
        if rule.of in computed[place:]:
            yield f"{rule.analyte} is counted before {rule.of}, which it is a part of"


def kits(protocol: Protocol) -> Iterator[str]:
    units = {row.code: row.taken_units for row in protocol.analytes if row.group == "serology"}
    for kit in protocol.serology_kits:
        if kit.unit not in units.get(kit.analyte, ()):
            yield f"kit {kit.code} is in {kit.unit}, which no antibody is taken in"
        if kit.grey_from is not None and kit.grey_from >= kit.positive_from:
            yield f"the grey zone of kit {kit.code} is empty"


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
    if rule.measured not in protocol.analytes:
        yield f"the PCR rule is in {rule.unit} of {rule.analyte}, which no analyte is"
    if any(rule.specimen not in row.specimens for row in protocol.panels if row.group == "pcr"):
        yield f"the PCR rule judges {rule.specimen}, which its panel is not taken from"
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
