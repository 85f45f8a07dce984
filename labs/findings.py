"""What follows from a participant's results and plates, piece by piece, to be held against itself
before and after a correction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal

from django.utils.timezone import localdate

from enrollment.models import Participant
from labs.cytometry import agreement
from labs.models import CytometerFile, CytotoxicityAssay, Result
from labs.plate import effectors_name, run_name, well_title
from labs.readings import read
from labs.rules.conversion import Conversion, DatedResult
from labs.rules.effects import Finding
from labs.rules.numbers import NO_BREAK_SPACE, quantity
from labs.selectors import change_from_baseline
from labs.series import conversion_of
from trial_site.messages import Message
from trial_site.protocol import by_version, current
from trial_site.protocol.definition import gettext_noop
from trial_site.templatetags.trial import exact, signed
from trial_site.units import spelled

Named = Iterator[tuple[str, Finding]]

_OF_DAY = gettext_noop("%(what)s of %(day)s")
_DAY = gettext_noop("day %(day)s")
_NOT_RECORDED = Message(gettext_noop("not recorded"))
# What a correction of a result may replace besides its value; the words are those of the columns.
_DETAILS = {
    "replicates": gettext_noop("replicates"),
    "assay": gettext_noop("assay"),
    "kit_lot": gettext_noop("kit lot"),
    "lod": gettext_noop("limit of detection"),
    "lloq": gettext_noop("lower limit of quantification"),
    "uloq": gettext_noop("upper limit of quantification"),
    "lln": gettext_noop("lower limit of normal"),
    "uln": gettext_noop("upper limit of normal"),
    "positive_from": gettext_noop("positive from"),
    "grey_from": gettext_noop("grey zone from"),
    "factor": gettext_noop("copies per IU"),
    "note": gettext_noop("note"),
}


def details_of(result: Result) -> dict[str, Finding]:
    """What was entered with the value of one result: its assay, its limits, its note."""
    return {f"detail:{name}": _detail(result, name, what) for name, what in _DETAILS.items()}


def _detail(result: Result, name: str, what: str) -> Finding:
    value = getattr(result, name)
    if isinstance(value, Decimal):
        unit = "" if name == "factor" else result.unit
        return Finding(Message(what), Message("%(value)s", {"value": quantity(value, unit)}), value)
    return Finding(Message(what), _text(", ".join(value) if isinstance(value, list) else value))


def wells_of(assay: CytotoxicityAssay) -> dict[str, Finding]:
    """What was typed about one plate: every well, the run, the effector cells."""
    nk = assay.nk_percent
    found = {
        "run": Finding(Message(gettext_noop("run")), _text(assay.run)),
        "effectors": Finding(
            Message(gettext_noop("effector cells")),
            effectors_name(assay.effectors, by_version(assay.protocol_version).cytotoxicity),
        ),
        "nk": Finding(
            Message(gettext_noop("NK % of effectors")),
            _NOT_RECORDED if nk is None else _text(f"{nk} %"),
        ),
    }
    for well in assay.typed_wells:
        title, percent = well_title(well), f"{well.dead_percent} %"
        says = Message(gettext_noop("%(percent)s, targets not counted"), {"percent": percent})
        if well.targets is not None:
            counted = {"percent": percent, "targets": f"{well.targets:,}"}
            says = Message(gettext_noop("%(percent)s of %(targets)s targets"), counted)
        found[f"well:{title}"] = Finding(title, says)
    return found


def _text(words: str) -> Message:
    return Message("%(value)s", {"value": words}) if words else _NOT_RECORDED


def findings_about(participant: Participant) -> dict[str, Finding]:
    """What follows from everything in force: values, verdicts, conversion, lysis and its change.

    ``participant`` is as it is under the lock.  Sources: DOMAIN 6 to 8 and 12.
    """
    results = list(participant.results.in_force())
    assays = list(participant.cytotoxicity_assays.in_force())
    pcr = [result for result in results if result.analyte == current().pcr.analyte]
    return dict(
        [
            *_of_results(results),
            *_of_conversion(conversion_of(participant, pcr)),
            *_of_assays(assays),
        ]
    )


def _dated(what: str | Message, at: dt.datetime) -> Message:
    named = what if isinstance(what, Message) else Message(what)
    return Message(_OF_DAY, {"what": named, "day": localdate(at).isoformat()})


def _of_results(results: Iterable[Result]) -> Named:
    for result in results:
        reading = read(result)
        named = _dated(reading.name, result.collected_at)
        yield f"value:{result.pk}", Finding(named, _as_printed(result))
        if reading.badge:
            verdict = Message(gettext_noop("%(result)s, verdict"), {"result": named})
            yield f"verdict:{result.pk}", Finding(verdict, reading.badge[1])


def _as_printed(result: Result) -> Message:
    """Digit for digit: 30.0 is not 30."""
    if result.value is None:
        return result.text
    return _text(f"{result.printed}{NO_BREAK_SPACE}{spelled(result.unit)}")


def _of_conversion(conversion: Conversion | None) -> Named:
    if conversion is None:
        return
    first, confirmed = conversion.first_negative, conversion.confirmed
    until = Message(
        gettext_noop("none: censored on day %(day)s"), {"day": str(conversion.censored_at)}
    )
    says = _on_day(first) if first else until
    yield "conversion", Finding(Message(gettext_noop("Conversion")), says)
    if confirmed:
        yield (
            "confirmed",
            Finding(Message(gettext_noop("Confirmed conversion")), _on_day(confirmed)),
        )
    if relapse := conversion.relapse:
        says = _on_day(relapse.first)
        if not relapse.confirmed:
            says = Message(gettext_noop("%(day)s, suspected"), {"day": says})
        yield "relapse", Finding(Message(gettext_noop("Relapse")), says)


def _on_day(result: DatedResult) -> Message:
    return Message(_DAY, {"day": str(result.days)})


def _of_assays(assays: Iterable[CytotoxicityAssay]) -> Named:
    for assay in assays:
        named = _dated(gettext_noop("Specific lysis"), assay.collected_at)
        if assay.run:
            text = gettext_noop("%(what)s, run %(run)s")
            named = Message(text, {"what": named, "run": assay.run})
        yield f"lysis:{assay.pk}", Finding(named, _percent(assay.lysis), assay.lysis)
        for file in assay.files.all():
            what = Message(gettext_noop("Cytometer file %(name)s"), {"name": file.name})
            yield f"file:{file.pk}", Finding(what, _agreement(file, assay))
        if assay.chosen:
            yield from _of_counted(assay)


def _percent(lysis: Decimal | None) -> Message:
    if lysis is None:
        return Message(gettext_noop("no result"))
    return Message(gettext_noop("%(lysis)s %%"), {"lysis": exact(lysis, 2)})


def _agreement(file: CytometerFile, assay: CytotoxicityAssay) -> Message:
    found = agreement(file, assay)
    return found[0] if found else Message(gettext_noop("agrees with what was typed"))


def _of_counted(assay: CytotoxicityAssay) -> Named:
    counts = _dated(gettext_noop("Run that counts"), assay.collected_at)
    yield f"counts:{assay.specimen_id}", Finding(counts, run_name(assay.run))
    change = change_from_baseline(assay)
    if change:
        what = _dated(gettext_noop("Change of lysis from baseline"), assay.collected_at)
        points = {"points": signed(change.points, 2)}
        says = Message(gettext_noop("%(points)s percentage points"), points)
        yield f"change:{assay.specimen_id}", Finding(what, says, change.points)
