"""What a saved result says, in words: the sentence behind it and the badge that sums it up."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.timezone import localtime

from labs.models import Assay, CytotoxicityAssay, Result
from labs.rules.critical import SEVERE
from labs.rules.numbers import plain, quantity, rounded
from labs.rules.pcr import Operator, PcrClass, canonical, explain, log10_text, parse_result
from labs.rules.replicates import summarise
from labs.rules.serology import CutOffs, SerologyClass
from labs.rules.serology import classify as classify_serology
from trial_site.messages import Message
from trial_site.protocol import current
from trial_site.protocol.definition import AdultRange, Analyte, gettext_noop
from trial_site.units import spelled

# The limits that belong to a result: those of the assay, or those of a healthy person.
QUANTIFICATION, NORMAL = ("lod", "lloq", "uloq"), ("lln", "uln")
CUT_OFFS = ("positive_from", "grey_from")

Badge = tuple[str, Message]

_PCR_BADGES = {
    PcrClass.NEGATIVE: ("met", gettext_noop("Negative")),
    PcrClass.ABOVE: ("planned", gettext_noop("Above threshold")),
    PcrClass.AT_THRESHOLD: ("unknown", gettext_noop("At threshold: repeat")),
    PcrClass.UNKNOWN: ("unknown", gettext_noop("Unknown")),
}
_SEROLOGY_BADGES = {
    SerologyClass.POSITIVE: ("planned", gettext_noop("Positive")),
    SerologyClass.GREY: ("unknown", gettext_noop("Grey zone: repeat")),
    SerologyClass.NEGATIVE: ("planned", gettext_noop("Negative")),
    SerologyClass.UNKNOWN: ("unknown", gettext_noop("Unknown")),
}
_NOT_MEASURED = gettext_noop("only a measured number is graded")


@dataclass(frozen=True)
class Reading:
    """``badge`` is a kind of the status badge and its words; ``why`` are the sentences behind it.

    An analyte that the protocol neither classifies nor grades has neither.
    """

    result: Result
    badge: Badge | None = None
    why: tuple[Message, ...] = ()

    @property
    def name(self) -> Message:
        return Message(current().analyte(self.result.analyte).name)

    @property
    def named_value(self) -> Message:
        """Analyte and value in one phrase: ``CMV-DNA <500 copies/mL``."""
        return Message("%(name)s %(value)s", {"name": self.name, "value": self.result.text})

    @property
    def in_short(self) -> Message:
        """Analyte, value and, where there is one, the grade: ``Platelets 74 10^9/L (G2)``."""
        if self.result.grade is None:
            return self.named_value
        grade = str(self.result.grade)
        text = gettext_noop("%(value)s (G%(grade)s)")
        return Message(text, {"value": self.named_value, "grade": grade})

    @property
    def verdict(self) -> str:
        """How the verdict looks: met, bad or unknown; empty for one that is none of these."""
        kind = self.badge[0] if self.badge else ""
        return kind if kind in {"met", "bad", "unknown"} else ""

    @property
    def limits(self) -> list[tuple[str, Decimal | None]]:
        """The limits that belong to such a result, named, in the unit of the result."""
        analyte = current().analyte(self.result.analyte)
        names = CUT_OFFS if analyte.group == "serology" else limits_of(analyte)
        return [(limit_label(name), getattr(self.result, name)) for name in names]

    @property
    def adults(self) -> list[tuple[Message, str]]:
        """What is found in adults, with where that stands."""
        return adults_of(current().analyte(self.result.analyte))

    @property
    def spread(self) -> Decimal | None:
        """The CV, in percent, of the readings that the value is the mean of."""
        readings = [parse_result(text) for text in self.result.replicates]
        return summarise(readings).cv_percent if readings else None

    @property
    def conversion(self) -> Message | None:
        """How the value reads in the analyte's own unit, where it was printed in another."""
        analyte, result = current().analyte(self.result.analyte), self.result
        if result.canonical_value is None or result.unit == analyte.unit:
            return None
        own = quantity(result.canonical_value, analyte.unit)
        return Message("%(value)s = %(canonical)s", {"value": result.text, "canonical": own})

    @property
    def log10(self) -> str:
        """log10 of measured copies, to be shown; empty for any other result."""
        rule, result = current().pcr, self.result
        if result.analyte != rule.analyte or result.operator != Operator.EQUAL:
            return ""
        copies = canonical(result.pcr, rule)
        return log10_text(copies.value) if copies.value and copies.unit == rule.unit else ""


def limits_of(analyte: Analyte) -> tuple[str, ...]:
    """The names of the limits that are kept with a result of ``analyte``."""
    return QUANTIFICATION if analyte.group == "pcr" else NORMAL


def limit_label(name: str) -> str:
    field: Any = Result._meta.get_field(name)
    return str(field.verbose_name)


def read(result: Result) -> Reading:
    """CMV-DNA against the threshold, serology against the kit's cut-offs, the CTCAE grade or the
    count with its steps (DOMAIN 6 to 8)."""
    protocol = current()
    if result.analyte == protocol.pcr.analyte:
        pcr_class, why = explain(result.pcr, protocol.pcr)
        kind, words = _PCR_BADGES[pcr_class]
        return Reading(result, (kind, Message(words)), (why,))
    if protocol.analyte(result.analyte).group == "serology":
        badge, why = serology(result.operator, result.value, result.unit, cut_offs_of(result))
        return Reading(result, badge, (why,))
    steps = tuple(Message.from_json(remark) for remark in result.remarks)
    if result.is_computed:
        return Reading(result, ("done", Message(gettext_noop("Computed"))), steps)
    if protocol.grade_table(result.analyte) is None:
        return Reading(result)
    return Reading(result, _grade_badge(result.grade), steps or (Message(_NOT_MEASURED),))


def _grade_badge(grade: int | None) -> Badge:
    if grade is None:
        return "unknown", Message(gettext_noop("Grade unknown"))
    kind = "bad" if grade >= SEVERE else "planned" if grade else "done"
    return kind, Message(gettext_noop("Grade %(grade)s"), {"grade": str(grade)})


def serology(
    operator: str, value: Decimal | None, unit: str, cut_offs: CutOffs | None
) -> tuple[Badge, Message]:
    """The badge of an IgM or IgG by its own kit, and the sentence behind it (DOMAIN 7)."""
    verdict, why = classify_serology(operator, value, unit, cut_offs)
    kind, words = _SEROLOGY_BADGES[verdict]
    return (kind, Message(words)), why


def cut_offs_of(declared: Result | Assay) -> CutOffs | None:
    """Those that were in force for a result, or those that an assay declares now."""
    if declared.positive_from is None:
        return None
    return CutOffs(declared.unit, declared.positive_from, declared.grey_from)


def lymphocytes_source(lymphocytes: Result, specimen: int | None) -> Message:
    """Where the lymphocytes of a count are from; ``specimen`` is the one that is counted."""
    params: dict[str, str | Message] = {"value": lymphocytes.text}
    if lymphocytes.specimen_id == specimen:
        return Message(gettext_noop("lymphocytes %(value)s of this specimen"), params)
    params["when"] = f"{localtime(lymphocytes.collected_at):%Y-%m-%d %H:%M}"
    text = gettext_noop("lymphocytes %(value)s of the blood count collected %(when)s")
    return Message(text, params)


def adults_of(analyte: Analyte) -> list[tuple[Message, str]]:
    """What is found in adults, to be read beside a result and never a verdict; and its source."""
    return [(_adult_text(found), found.source) for found in analyte.adult_ranges]


def _adult_text(found: AdultRange) -> Message:
    ends = (found.low, found.high)
    low, high = (None if end is None else plain(end) for end in ends)
    params = {"low": low or "", "high": high or "", "unit": spelled(found.unit)}
    if low is None:
        return Message(gettext_noop("up to %(high)s %(unit)s"), params)
    if high is None:
        return Message(gettext_noop("from %(low)s %(unit)s"), params)
    return Message("%(low)s–%(high)s %(unit)s", params)


def worst(readings: list[Reading]) -> Reading:
    """The reading with the highest grade; the first of equals."""
    return max(readings, key=lambda reading: reading.result.grade or 0)


def lysis_text(assay: CytotoxicityAssay) -> Message:
    """``NK cytotoxicity 27.91 %``, or that it has no result."""
    if assay.lysis is None:
        return Message(gettext_noop("NK cytotoxicity: no result"))
    return Message(gettext_noop("NK cytotoxicity %(lysis)s %%"), {"lysis": rounded(assay.lysis, 2)})


def lysis_rule(assay: CytotoxicityAssay) -> Message:
    params = {"formula": assay.formula, "ratio": plain(assay.et_ratio)}
    return Message(gettext_noop("formula %(formula)s, E:T %(ratio)s:1"), params)
