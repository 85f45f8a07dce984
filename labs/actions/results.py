"""Entering and correcting laboratory results: raw as printed, checked, graded, kept."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from uuid import UUID

from enrollment.actions.locks import locked_participant
from enrollment.models import Participant
from labs.actions.checks import answer, confirmed_checks, declared_factors, fired_checks
from labs.actions.computed import COMPUTED_ANEW, refresh_counts
from labs.actions.corrections import (
    check_reason,
    is_baseline,
    keep_correction,
    refuse_in_error,
    regrade_later,
)
from labs.actions.entries import Entry, Sample
from labs.actions.known import known_about
from labs.actions.making import make_result
from labs.actions.specimens import specimen_of
from labs.findings import details_of, findings_about
from labs.models import Result, ResultStatus, Specimen
from labs.permissions import ENTER_RESULTS
from labs.rules.effects import Finding
from oversight.canonical import plain
from oversight.recording import recorded
from oversight.records import locked, record_many
from oversight.refusals import Refused
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol.definition import gettext_noop

LATE_BASELINE = "A result from before the first dose was entered"
# What a correction replaces: what was entered, and what followed from it.
REPLACED = (
    *("value", "operator", "unit", "canonical_value", "canonical_unit", "factor", "factor_source"),
    *("assay", "kit_lot", "lod", "lloq", "uloq", "lln", "uln", "positive_from", "grey_from"),
    *("replicates", "note", "grade", "remarks"),
)


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

    Raises ``NeedsConfirmation`` for values outside soft limits and for blood drawn before the
    consent unless ``confirmed``, ``Refused`` for impossible ones, impossible times of the specimen
    and a result that the specimen has already, ``InconvertibleUnit``, ``AlreadyRecorded``,
    ``PermissionDenied``.  Sources: DOMAIN 6 and 8.
    """
    ENTER_RESULTS.check(by)
    factors = declared_factors(sample.laboratory)
    fired = fired_checks(participant, entries, factors=factors, sample=sample)
    answer(fired, confirmed=confirmed, by=by, key=key)
    with recorded(by=by, key=key):
        participant = locked_participant(participant, by=by)
        specimen = specimen_of(participant, sample)
        _refuse_doubles(specimen, entries)
        laboratory = sample.laboratory or specimen.laboratory
        known = known_about([participant], laboratory)
        results = [
            make_result(participant, specimen, entry, known=known, laboratory=laboratory, key=key)
            for entry in entries
        ]
        for result in results:
            result.confirmed_checks = confirmed_checks(fired, result.analyte)
        saved = record_many(Result, results)
        with recorded(by=by, reason=COMPUTED_ANEW):
            refresh_counts(participant, saved)
        if is_baseline(participant, specimen.collected_at):
            with recorded(by=by, reason=LATE_BASELINE):
                regrade_later(participant, [result.analyte for result in saved])
        return saved


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

    What depends on it is computed anew and what that changed is kept (``Correction``).
    ``version`` is the one that the form was opened on.  Raises ``ReasonRequired``, ``StaleRecord``,
    ``Refused`` where nothing differs, for a computed result and for one entered in error, and what
    ``record_results`` raises.
    """
    ENTER_RESULTS.check(by)
    reason = check_reason(result, reason)
    fired = fired_checks(result.participant, [entry], factors=declared_factors(result.laboratory))
    answer(fired, confirmed=confirmed, by=by, key=key)
    with recorded(by=by, reason=reason, key=key):
        participant = locked_participant(result.participant, by=by)
        result = locked(Result.objects.filter(pk=result.pk), version=version)
        _check_correction(result, entry)
        before = details_of(result) | findings_about(participant)
        known = known_about([participant], result.laboratory, leave_out=result.pk)
        fresh = make_result(
            participant, result.specimen, entry, known=known, laboratory=result.laboratory
        )
        for name in REPLACED:
            setattr(result, name, getattr(fresh, name))
        result.confirmed_checks = confirmed_checks(fired, entry.analyte)
        result.form_key = key
        result.status = ResultStatus.CORRECTED
        result.save()
        follow(result, participant, before=before)
        return result


def mark_in_error(
    result: Result, *, reason: str, version: int, by: User, key: UUID | None = None
) -> Result:
    """Take a saved result out of everything; it stays to be read, with the reason (R04).

    What depends on it is computed anew and what that changed is kept (``Correction``).  Raises
    ``ReasonRequired``, ``StaleRecord``, ``Refused`` for one that is in error already or computed,
    ``AlreadyRecorded``, ``PermissionDenied``.
    """
    ENTER_RESULTS.check(by)
    with recorded(by=by, reason=check_reason(result, reason), key=key):
        participant = locked_participant(result.participant, by=by)
        result = locked(Result.objects.filter(pk=result.pk), version=version)
        refuse_in_error(result)
        _refuse_computed(result)
        before = findings_about(participant)
        result.status = ResultStatus.IN_ERROR
        result.save()
        follow(result, participant, before=before)
        return result


def finalise_result(
    result: Result, *, reason: str, version: int, by: User, key: UUID | None = None
) -> Result:
    """A preliminary result becomes final as it is; ``reason`` says how the laboratory confirmed it.

    Raises ``ReasonRequired``, ``StaleRecord``, ``Refused`` for any but a preliminary one,
    ``AlreadyRecorded``, ``PermissionDenied``.
    """
    ENTER_RESULTS.check(by)
    with recorded(by=by, reason=check_reason(result, reason), key=key):
        locked_participant(result.participant, by=by)
        result = locked(Result.objects.filter(pk=result.pk), version=version)
        if result.status != ResultStatus.PRELIMINARY:
            raise Refused(Message(gettext_noop("Only a preliminary result becomes final")))
        result.status = ResultStatus.FINAL
        result.save()
        return result


def follow(result: Result, participant: Participant, *, before: Mapping[str, Finding]) -> None:
    """Compute anew what depends on ``result``, then keep what that changed.

    Call it inside ``recorded`` with a reason, the participant locked.
    """
    if is_baseline(participant, result.collected_at):
        regrade_later(participant, [result.analyte])
    refresh_counts(participant, [result])
    after = findings_about(participant)
    if result.status != ResultStatus.IN_ERROR:
        after = details_of(result) | after
    keep_correction(result, participant, before, after)


def _check_correction(result: Result, entry: Entry) -> None:
    refuse_in_error(result)
    _refuse_computed(result)
    if _is_unchanged(result, entry):
        raise Refused(Message(gettext_noop("Nothing differs from the saved result")))


def _refuse_computed(result: Result) -> None:
    if result.is_computed:
        text = gettext_noop("This was computed from other results: correct those instead")
        raise Refused(Message(text))


def _is_unchanged(result: Result, entry: Entry) -> bool:
    """Whether ``entry`` repeats the saved values digit for digit: 30.0 is not 30."""
    values = {name: new for name, new in asdict(entry).items() if name != "status"}
    return all(plain(getattr(result, name)) == plain(new) for name, new in values.items())


def _refuse_doubles(specimen: Specimen, entries: Sequence[Entry]) -> None:
    """The same tube typed on a second form must not count twice."""
    analytes = [entry.analyte for entry in entries]
    entered = Result.objects.in_force().filter(specimen=specimen, analyte__in=analytes)
    names = [Message(result.analyte_name) for result in entered]
    if names:
        text = gettext_noop("This specimen has results already; correct them instead")
        raise Refused(Message(text), names)
