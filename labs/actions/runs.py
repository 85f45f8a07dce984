"""A whole PCR run: many participants, one plate, all of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from enrollment.actions.locks import locked_participants
from enrollment.models import Participant
from labs.actions.checks import answer, confirmed_checks, declared_factors, fired_checks
from labs.actions.entries import Entry, Sample
from labs.actions.known import known_about
from labs.actions.making import make_result
from labs.actions.specimens import specimen_of
from labs.models import Result, Specimen
from labs.permissions import ENTER_RESULTS
from oversight.recording import recorded
from oversight.records import record_many
from oversight.refusals import Refused
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol.definition import gettext_noop


@dataclass(frozen=True)
class RunRow:
    """One sample of a run; ``number`` is its row on the form."""

    number: int
    participant: Participant
    sample: Sample
    entry: Entry


class RowsRefused(Refused):
    """Nothing of the run was saved; ``rows`` are the numbers of rows with what is wrong there."""

    def __init__(self, rows: Sequence[tuple[int, Message]]) -> None:
        self.rows = tuple(rows)
        text = gettext_noop("row %(row)s: %(problem)s")
        reasons = [Message(text, {"row": str(row), "problem": why}) for row, why in rows]
        super().__init__(Message(gettext_noop("Nothing of this run was saved")), reasons)


def record_run(
    rows: Sequence[RunRow], *, by: User, confirmed: bool = False, key: UUID | None = None
) -> list[Result]:
    """Enter one result each for the samples of a run, in one transaction: all of them or none.

    Participants are locked in the order of their primary keys, so that two runs cannot wait for
    each other.  Raises ``NeedsConfirmation`` for values outside soft limits unless ``confirmed``,
    with the row's number before the analyte in its code; ``RowsRefused`` for a sample that stands
    there twice, that has a result already or whose times are impossible; ``Refused``,
    ``InconvertibleUnit``, ``AlreadyRecorded``, ``PermissionDenied`` as ``record_results`` does.
    Source: DOMAIN 6.
    """
    ENTER_RESULTS.check(by)
    factors = declared_factors(rows[0].sample.laboratory if rows else None)
    fired_by_row = {
        row.number: fired_checks(
            row.participant,
            [row.entry],
            factors=factors,
            prefix=f"{row.number}-",
            sample=row.sample,
        )
        for row in rows
    }
    fired = [one for found in fired_by_row.values() for one in found]
    answer(fired, confirmed=confirmed, by=by, key=key)
    with recorded(by=by, key=key):
        people = locked_participants([row.participant for row in rows], by=by)
        specimens = _specimens(rows, people)
        laboratory = rows[0].sample.laboratory
        known = known_about(list(people.values()), laboratory)
        results = []
        for row in rows:
            person, specimen = people[row.participant.pk], specimens[row.number]
            made = make_result(
                person, specimen, row.entry, known=known, laboratory=laboratory, key=key
            )
            made.confirmed_checks = confirmed_checks(fired_by_row[row.number], made.analyte)
            results.append(made)
        return record_many(Result, results)


def _specimens(rows: Sequence[RunRow], people: Mapping[int, Participant]) -> dict[int, Specimen]:
    """The specimen of each row by its number.  Raises ``RowsRefused`` with all that is wrong."""
    problems, specimens, first_row = [], {}, dict[int, int]()
    for row in rows:
        try:
            specimen = specimen_of(people[row.participant.pk], row.sample)
        except Refused as refused:
            problems += [(row.number, why) for why in refused.reasons or [refused.message]]
            continue
        earlier = first_row.setdefault(specimen.pk, row.number)
        if earlier != row.number:
            text = gettext_noop("this sample stands in row %(row)s already")
            problems.append((row.number, Message(text, {"row": str(earlier)})))
        specimens[row.number] = specimen
    problems += _entered_before(rows, specimens)
    if problems:
        raise RowsRefused(sorted(problems, key=lambda problem: problem[0]))
    return specimens


def _entered_before(
    rows: Sequence[RunRow], specimens: Mapping[int, Specimen]
) -> list[tuple[int, Message]]:
    found = Result.objects.in_force().filter(specimen__in=list(specimens.values()))
    entered = set(found.values_list("specimen_id", "analyte"))
    text = Message(gettext_noop("this sample has a result already; correct it instead"))
    return [
        (row.number, text)
        for row in rows
        if row.number in specimens and (specimens[row.number].pk, row.entry.analyte) in entered
    ]
