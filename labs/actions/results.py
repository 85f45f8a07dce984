"""Entering and correcting laboratory results: raw as printed, checked, graded, kept."""

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from enrollment.actions.locks import locked_participant
from enrollment.models import Participant
from labs.actions.checks import answer, confirmed_checks, fired_checks
from labs.actions.entries import Entry, Sample
from labs.actions.known import known_about
from labs.actions.making import make_result
from labs.actions.specimens import specimen_of
from labs.models import Result, ResultStatus, Specimen
from labs.permissions import ENTER_RESULTS
from oversight.canonical import plain
from oversight.recording import ReasonRequired, recorded
from oversight.records import locked, record_many
from oversight.refusals import Refused
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol.definition import gettext_noop

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

    Raises ``NeedsConfirmation`` for values outside soft limits unless ``confirmed``, ``Refused``
    for impossible ones, impossible times of the specimen and a result that the specimen has
    already, ``InconvertibleUnit``,
    ``AlreadyRecorded``, ``PermissionDenied``.  Sources: DOMAIN 6 and 8.
    """
    ENTER_RESULTS.check(by)
    fired = fired_checks(participant, entries)
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
    fired = fired_checks(result.participant, [entry])
    answer(fired, confirmed=confirmed, by=by, key=key)
    with recorded(by=by, reason=reason, key=key):
        participant = locked_participant(result.participant, by=by)
        result = locked(Result.objects.filter(pk=result.pk), version=version)
        if _is_unchanged(result, entry):
            raise Refused(Message(gettext_noop("Nothing differs from the saved result")))
        known = known_about([participant], result.laboratory, leave_out=result.pk)
        fresh = make_result(
            participant, result.specimen, entry, known=known, laboratory=result.laboratory
        )
        for name in REPLACED:
            setattr(result, name, getattr(fresh, name))
        result.confirmed_checks = confirmed_checks(fired, entry.analyte)
        result.status = ResultStatus.CORRECTED
        result.save()
        return result


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
