"""Entering and correcting laboratory results: raw as printed, checked, graded, kept."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from enrollment.actions.gates import check_collected
from enrollment.actions.locks import locked_participant
from enrollment.models import Participant
from labs.models import CytotoxicityAssay, Result, ResultStatus, Specimen
from labs.permissions import ENTER_RESULTS
from labs.rules.cytotoxicity import assess
from labs.rules.grading import grade
from labs.rules.limits import EntryCheck, EntryLevel
from labs.rules.numbers import half_up
from labs.rules.specimens import sampling_faults
from labs.rules.units import check_entry, to_canonical
from labs.rules.wells import Well
from oversight.canonical import plain
from oversight.recording import ReasonRequired, recorded
from oversight.records import locked, record_many
from oversight.refusals import NeedsConfirmation, Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

LYSIS_PLACES = 12  # the exact quotient has no end; far beyond what any statistic shows


@dataclass(frozen=True)
class Entry:
    """One value of one analyte, as printed.  ``value`` and all limits are in ``unit``."""

    analyte: str
    unit: str
    value: Decimal | None
    operator: str = "="
    assay: str = ""
    lloq: Decimal | None = None
    lod: Decimal | None = None
    uloq: Decimal | None = None
    lln: Decimal | None = None
    uln: Decimal | None = None


@dataclass(frozen=True)
class Sample:
    """Which specimen the values are of; moments are aware."""

    kind: str
    collected_at: dt.datetime
    received_at: dt.datetime | None = None


def record_results(
    participant: Participant,
    *,
    sample: Sample,
    entries: Sequence[Entry],
    by: User,
    confirmed: bool = False,
    key: UUID | None = None,
) -> list[Result]:
    """Enter the results of one specimen, each with its canonical value and CTCAE grade.

    Raises ``NeedsConfirmation`` for values outside soft limits unless ``confirmed``, ``Refused``
    for impossible ones, impossible times of the specimen and a result that the specimen has
    already, ``InconvertibleUnit``,
    ``AlreadyRecorded``, ``PermissionDenied``.  Sources: DOMAIN 6 and 8.
    """
    ENTER_RESULTS.check(by)
    questions = _questions(entries)
    if questions and not confirmed:
        raise NeedsConfirmation(questions)
    with recorded(by=by, key=key):
        participant = locked_participant(participant, by=by)
        check_collected(participant.screening, sample.collected_at)
        specimen = _receive(participant, sample)
        _refuse_doubles(specimen, entries)
        baselines = _baselines(participant)
        results = [
            _result(participant, specimen, entry, baselines.get(entry.analyte)) for entry in entries
        ]
        for result in results:
            result.confirmed_checks = _confirmed(questions, result.analyte)
        return record_many(Result, results)


def correct_result(
    result: Result,
    *,
    entry: Entry,
    reason: str,
    version: int,
    by: User,
    confirmed: bool = False,
    key: UUID | None = None,
) -> Result:
    """Replace the value of a saved result; history keeps the first (R04).

    ``version`` is the one that the form was opened on.  Raises ``ReasonRequired``, ``StaleRecord``,
    ``Refused`` where nothing differs, and what ``record_results`` raises.
    """
    ENTER_RESULTS.check(by)
    if not reason.strip():
        raise ReasonRequired(result)
    questions = _questions([entry])
    if questions and not confirmed:
        raise NeedsConfirmation(questions)
    with recorded(by=by, reason=reason, key=key):
        participant = locked_participant(result.participant, by=by)
        result = locked(Result.objects.filter(pk=result.pk), version=version)
        if _is_unchanged(result, entry):
            raise Refused(Message(gettext_noop("Nothing differs from the saved result")))
        baseline = _baselines(participant, leave_out=result.pk).get(entry.analyte)
        fresh = _result(participant, result.specimen, entry, baseline)
        for name in [*asdict(entry), "canonical_value", "grade", "remarks"]:
            setattr(result, name, getattr(fresh, name))
        result.confirmed_checks = _confirmed(questions, entry.analyte)
        result.status = ResultStatus.CORRECTED
        result.save()
        return result


def record_cytotoxicity(
    participant: Participant,
    *,
    sample: Sample,
    effectors: str,
    wells: Sequence[Well],
    by: User,
    key: UUID | None = None,
) -> CytotoxicityAssay:
    """Enter one NK cytotoxicity plate; lysis is computed by the protocol's formula and ratio.

    A plate without the wells that the formula needs is kept, with no result and the reason.
    Raises ``Refused`` for an impossible lysis or impossible times of the specimen,
    ``AlreadyRecorded``, ``PermissionDenied``.  Source: DOMAIN 7.
    """
    ENTER_RESULTS.check(by)
    protocol = current()
    assessment = assess(wells, protocol.cytotoxicity)
    if assessment.impossible:
        raise Refused(
            Message(gettext_noop("The wells give an impossible lysis")), assessment.impossible
        )
    with recorded(by=by, key=key):
        participant = locked_participant(participant, by=by)
        check_collected(participant.screening, sample.collected_at)
        specimen = _receive(participant, sample)
        if hasattr(specimen, "cytotoxicity_assay"):
            raise Refused(Message(gettext_noop("A plate of this specimen is entered already")))
        lysis = assessment.result
        assay = CytotoxicityAssay(
            participant=participant,
            specimen=specimen,
            effectors=effectors,
            wells=[_well_json(well) for well in wells],
            formula=assessment.formula,
            et_ratio=assessment.et_ratio,
            lysis=None if lysis is None else half_up(lysis, LYSIS_PLACES),
            remarks=[message.to_json() for message in (*assessment.needed, *assessment.flags)],
            protocol_version=protocol.version,
            collected_at=sample.collected_at,
        )
        assay.save()
        return assay


def _is_unchanged(result: Result, entry: Entry) -> bool:
    """Whether ``entry`` repeats the saved values digit for digit: 30.0 is not 30."""
    return all(plain(getattr(result, name)) == plain(new) for name, new in asdict(entry).items())


def _receive(participant: Participant, sample: Sample) -> Specimen:
    """The specimen: one tube, whichever of its results is typed first."""
    faults = sampling_faults(sample.collected_at, sample.received_at, now=clock.now())
    if faults:
        raise Refused(
            Message(gettext_noop("The specimen's times cannot be true")),
            [message for _, message in faults],
        )
    tube = {"kind": sample.kind, "collected_at": sample.collected_at}
    known: Specimen | None = participant.specimens.filter(**tube).first()
    if known is not None:
        return known
    specimen = Specimen(participant=participant, received_at=sample.received_at, **tube)
    specimen.save()
    return specimen


def _refuse_doubles(specimen: Specimen, entries: Sequence[Entry]) -> None:
    """The same tube typed on a second form must not count twice."""
    analytes = [entry.analyte for entry in entries]
    entered = Result.objects.in_force().filter(specimen=specimen, analyte__in=analytes)
    names = [Message(result.analyte_name) for result in entered]
    if names:
        text = gettext_noop("This specimen has results already; correct them instead")
        raise Refused(Message(text), names)


def _questions(entries: Sequence[Entry]) -> list[tuple[str, Message]]:
    """The soft-limit questions; raises ``Refused`` where a hard limit says impossible."""
    checks = [(entry.analyte, _check(entry)) for entry in entries]
    refusals = [c.message for _, c in checks if c.level is EntryLevel.IMPOSSIBLE and c.message]
    if refusals:
        raise Refused(Message(gettext_noop("Some values cannot be true")), refusals)
    return [(code, c.message) for code, c in checks if c.message]


def _confirmed(questions: Sequence[tuple[str, Message]], analyte: str) -> list[dict[str, Any]]:
    """The questions that were answered about ``analyte``, to be kept with its result (R07)."""
    return [message.to_json() for code, message in questions if code == analyte]


def _check(entry: Entry) -> EntryCheck:
    protocol = current()
    return check_entry(
        protocol.analyte(entry.analyte),
        entry.value,
        entry.unit,
        clearance=protocol.clearance,
        operator=entry.operator,
    )


def _baselines(participant: Participant, leave_out: int | None = None) -> dict[str, Decimal]:
    """The last canonical value of each analyte at or before the first dose."""
    if participant.day0_at is None:
        return {}
    before = participant.results.in_force().filter(
        collected_at__lte=participant.day0_at, operator="="
    )
    rows = before.exclude(pk=leave_out).order_by("collected_at", "pk")
    return {r.analyte: r.canonical_value for r in rows if r.canonical_value is not None}


def _result(
    participant: Participant, specimen: Specimen, entry: Entry, baseline: Decimal | None
) -> Result:
    protocol = current()
    analyte = protocol.analyte(entry.analyte)
    convertible = entry.unit not in analyte.unconverted_units
    canonical = replace(entry, **_converted(entry)) if convertible else None
    result = Result(
        participant=participant,
        specimen=specimen,
        canonical_value=canonical.value if canonical else None,
        collected_at=specimen.collected_at,
        **asdict(entry),
    )
    table = protocol.grade_table(entry.analyte)
    if table and canonical and canonical.value is not None and entry.operator == "=":
        graded = grade(
            table, value=canonical.value, lln=canonical.lln, uln=canonical.uln, baseline=baseline
        )
        result.grade = graded.value
        result.remarks = [message.to_json() for message in (graded.step, *graded.flags)]
    return result


def _converted(entry: Entry) -> dict[str, Any]:
    """Value and limits of ``entry`` in the analyte's own unit."""
    analyte = current().analyte(entry.analyte)
    numbers = {name: getattr(entry, name) for name in ("value", "lln", "uln")}
    return {
        name: None if number is None else to_canonical(analyte, number, entry.unit)
        for name, number in numbers.items()
    }


def _well_json(well: Well) -> dict[str, Any]:
    data: dict[str, Any] = plain(asdict(well))
    return data
