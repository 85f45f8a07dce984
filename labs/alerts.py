"""Results that an investigator has to look at: severe ones, and ones that eligibility rests on.

An alert stands until somebody acknowledges this version of the result; a later correction asks
anew.  Nothing here shows an arm.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, Subquery

from enrollment.states import ENDED
from labs.models import Acknowledgement, LabQuerySet, Result, ResultStatus
from labs.rules.critical import SEVERE, Critical, critical, least_grade
from labs.rules.judged import JUDGED_ANALYTES, eligibility_look
from labs.rules.pcr import Operator
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current

Subject = Acknowledgement.Subject
EARLIER_VALUES = 10


@dataclass(frozen=True)
class Alert:
    """``critical`` is why the value needs a look, ``look`` why eligibility does.

    Either is empty where it does not, or where this version was acknowledged.
    """

    result: Result
    critical: Critical
    look: tuple[Message, ...]

    def __bool__(self) -> bool:
        return bool(self.critical or self.look)

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """What an acknowledgement of this version is about."""
        pending = ((Subject.SAFETY, self.critical), (Subject.ELIGIBILITY, self.look))
        return tuple(subject for subject, waits in pending if waits)

    @property
    def why(self) -> tuple[Message, ...]:
        return (*self.critical.reasons, *self.critical.undecided, *self.look)

    @property
    def rank(self) -> int:
        """What stops ganciclovir or is worst comes first, then what is undecided, then the rest."""
        if not self.critical:
            return 3
        if not self.critical.reasons:
            return 2
        return 0 if len(self.critical.reasons) > 1 or (self.result.grade or 0) > SEVERE else 1


def open_alerts(user: User) -> list[Alert]:
    """What waits for an investigator at the user's sites, the most urgent first, in one query."""
    found = map(_alert, _watched(Result.objects.visible_to(user)))
    return sorted(filter(None, found), key=lambda alert: (alert.rank, alert.result.collected_at))


def alert_of(result: Result) -> Alert:
    """What waits about one result as it is saved now; an alert without subjects where nothing."""
    for row in _watched(Result.objects.filter(pk=result.pk)):
        return _alert(row)
    return Alert(result, Critical((), ()), ())


def other_values(result: Result) -> list[Result]:
    """The participant's other results of the analyte, the latest first."""
    rows = Result.objects.in_force().filter(
        participant=result.participant_id, analyte=result.analyte
    )
    return list(rows.exclude(pk=result.pk).order_by("-collected_at", "-pk")[:EARLIER_VALUES])


def acknowledgements_of(result: Result) -> list[Acknowledgement]:
    return list(result.acknowledgements.select_related("acknowledged_by"))


# --- finding them -----------------------------------------------------------------------------


def _watched(results: LabQuerySet) -> LabQuerySet:
    """Those of ``results`` that may need a look and have none at this version."""
    rows = _with_baseline(results).annotate(
        safety_seen=_seen(Subject.SAFETY), eligibility_seen=_seen(Subject.ELIGIBILITY)
    )
    safety = Q(safety_seen=False) & ~Q(status=ResultStatus.IN_ERROR) & _may_be_severe()
    eligibility = Q(eligibility_seen=False) & _may_have_been_judged_by()
    found: LabQuerySet = rows.filter(safety | eligibility)
    return found.select_related("participant__screening", "participant__allocation")


def _seen(about: Subject) -> Exists:
    return Exists(
        Acknowledgement.objects.filter(
            result=OuterRef("pk"), result_version=OuterRef("version"), about=about
        )
    )


def _may_be_severe() -> Q:
    """What the rule can call severe: a grade, or a value that only an operator bounds."""
    protocol = current()
    graded = {table.analyte for table in protocol.grades}
    stopping = {hold.analyte for hold in protocol.ganciclovir.holds}
    return Q(grade__gte=SEVERE) | (Q(analyte__in=graded | stopping) & ~Q(operator="="))


def _may_have_been_judged_by() -> Q:
    """A value that a criterion asks for, changed after it was there up to the allocation."""
    changed = Q(status__in=(ResultStatus.CORRECTED, ResultStatus.IN_ERROR))
    allocated = Q(collected_at__lte=F("participant__allocation__allocated_at"))
    to_allocate = Q(participant__allocation=None) & ~Q(participant__state__in=ENDED)
    return changed & Q(analyte__in=JUDGED_ANALYTES) & (allocated | to_allocate)


def _with_baseline(results: LabQuerySet) -> LabQuerySet:
    """``baseline``: the last canonical value at or before the first dose (DOMAIN 8)."""
    before = Result.objects.in_force().filter(
        participant=OuterRef("participant"),
        analyte=OuterRef("analyte"),
        operator="=",
        canonical_value__isnull=False,
        collected_at__lte=OuterRef("participant__day0_at"),
    )
    before = before.exclude(pk=OuterRef("pk")).order_by("-collected_at", "-pk")
    found: LabQuerySet = results.annotate(baseline=Subquery(before.values("canonical_value")[:1]))
    return found


# --- judging them -----------------------------------------------------------------------------


def _alert(row: Any) -> Alert:
    in_error = row.status == ResultStatus.IN_ERROR
    found = Critical((), ()) if in_error or row.safety_seen else _critical(row)
    return Alert(row, found, () if row.eligibility_seen else _look(row))


def _critical(row: Any) -> Critical:
    return critical(
        row.analyte,
        row.operator,
        row.canonical_value,
        least=row.grade if row.operator == Operator.EQUAL else _least(row),
        protocol=current(),
    )


def _least(row: Any) -> int | None:
    table = current().grade_table(row.analyte)
    if table is None or row.canonical_value is None:
        return None
    return least_grade(
        table,
        row.operator,
        row.canonical_value,
        lln=_canonical(row, row.lln),
        uln=_canonical(row, row.uln),
        baseline=row.baseline,
    )


def _canonical(row: Result, number: Decimal | None) -> Decimal | None:
    if number is None:
        return None
    return current().analyte(row.analyte).canonical(number, row.unit, row.factor)


def _look(row: Result) -> tuple[Message, ...]:
    """Why eligibility needs a look, with the value that it was judged with."""
    participant = row.participant
    allocation = getattr(participant, "allocation", None)
    changed = row.status in {ResultStatus.CORRECTED, ResultStatus.IN_ERROR}
    if allocation is None:
        counts = not participant.has_ended
    else:
        counts = row.collected_at <= allocation.allocated_at
    look = eligibility_look(row.analyte, participant.screening.answers)
    return (look,) if look and changed and counts else ()
