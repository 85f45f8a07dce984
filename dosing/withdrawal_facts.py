"""What the investigator sees before withdrawing the drugs: the course of CMV-DNA, the doses, what
is open, and what follows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import timezone

from dosing.models import CourseChoice, DrugChoice
from dosing.selectors import delivered, holds_in_force
from dosing.totals import DrugTotal, totals_to_date
from dosing.wording import drug_name, hold_text, order_text
from enrollment.models import Participant
from enrollment.rules.calendar import PlannedWindow, plan
from enrollment.visits import protocol_of
from labs.alerts import Alert, open_alerts
from labs.models import Result
from labs.readings import Reading, read
from labs.rules.conversion import Conversion
from labs.series import conversion_of
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import Anchor, gettext_noop


@dataclass(frozen=True)
class PcrLine:
    """One CMV-DNA result; ``day`` counts whole days since the first dose."""

    reading: Reading
    day: int

    @property
    def result(self) -> Result:
        return self.reading.result


@dataclass(frozen=True)
class Waiting:
    """A severe result that nobody acknowledged at this version."""

    alert: Alert

    @property
    def result(self) -> Result:
        return self.alert.result

    @property
    def named_value(self) -> Message:
        return read(self.alert.result).named_value

    @property
    def why(self) -> tuple[Message, ...]:
        return self.alert.why


@dataclass(frozen=True)
class Visit:
    title: Message
    window: PlannedWindow


@dataclass(frozen=True)
class WithdrawalFacts:
    """``conversion`` is None before the first dose; ``last_given`` is where follow-up would be
    counted from."""

    conversion: Conversion | None
    pcr: tuple[PcrLine, ...]
    totals: tuple[DrugTotal, ...]
    holds: tuple[Message, ...]
    waiting: tuple[Waiting, ...]
    stops: tuple[Message, ...]
    last_given: dt.date | None
    visits: tuple[Visit, ...]

    @property
    def first_negative(self) -> Result | None:
        return self._result_of("first_negative")

    @property
    def confirmed(self) -> Result | None:
        return self._result_of("confirmed")

    def _result_of(self, name: str) -> Result | None:
        found = getattr(self.conversion, name, None)
        if found is None:
            return None
        return next(line.result for line in self.pcr if line.result.pk == found.observation.key)


def withdrawal_facts(participant: Participant, user: User) -> WithdrawalFacts:
    """What is known of ``participant`` now; a fixed number of queries."""
    results = list(participant.results.in_force().filter(analyte=current().pcr.analyte))
    conversion = conversion_of(participant, results)
    holds = holds_in_force([participant.pk], clock.now())
    alerts = [alert for alert in open_alerts(user) if alert.result.participant_id == participant.pk]
    last = delivered(participant, DrugChoice.GANCICLOVIR, CourseChoice.FIRST).last()
    on = timezone.localdate(last.given_at) if last else None
    return WithdrawalFacts(
        conversion=conversion,
        pcr=tuple(_pcr_lines(conversion, results)),
        totals=tuple(totals_to_date(participant)),
        holds=tuple(
            Message("%(drug)s: %(why)s", {"drug": drug_name(drug), "why": hold_text(hold)})
            for (_, drug), hold in holds.items()
        ),
        waiting=tuple(Waiting(alert) for alert in alerts if alert.critical),
        stops=tuple(_stops(participant)),
        last_given=on,
        visits=tuple(_visits(participant, on)) if on else (),
    )


def _pcr_lines(conversion: Conversion | None, results: list[Result]) -> Iterator[PcrLine]:
    """Each result with its day, in the order of time."""
    if conversion is None:
        return
    by_key = {result.pk: result for result in results}
    for dated in (*conversion.baseline, *conversion.post_baseline):
        yield PcrLine(read(by_key[int(dated.observation.key)]), dated.days)


def _stops(participant: Participant) -> Iterator[Message]:
    for order in participant.orders.filter(ends_at=None):
        yield Message(
            gettext_noop("%(drug)s stops: %(order)s"),
            {"drug": drug_name(order.drug), "order": order_text(order)},
        )


def _visits(participant: Participant, last_given: dt.date) -> Iterator[Visit]:
    """The visits that count from the withdrawal, were it decided now."""
    for rule in protocol_of(participant).visits:
        if rule.anchor is Anchor.WITHDRAWAL:
            yield Visit(Message(rule.title), plan(rule, last_given))
