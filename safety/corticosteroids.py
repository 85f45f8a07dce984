"""What a participant takes of corticosteroids, as the rule of DOMAIN 2 reads it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dosing.proposals import Weight, basis_of
from enrollment.models import Participant
from enrollment.rules.steroid_diary import CRITERION
from enrollment.visits import protocol_of
from safety.departures import untranslated
from safety.models import ConcomitantMedication
from safety.rules.corticosteroids import Course, Rate, rate_of
from trial_site import clock
from trial_site.protocol.definition import Criterion


@dataclass(frozen=True)
class SteroidPage:
    """The rate with the limit that it is held against, and the weight that it was divided by."""

    rate: Rate
    criterion: Criterion
    weight: Weight | None


def steroid_page(participant: Participant) -> SteroidPage:
    """The seven days before today, as an allocation today is judged: today is not over yet."""
    weight = basis_of(participant).weight
    protocol = protocol_of(participant)
    rate = rate_of(
        _courses(participant.concomitant_medications.in_force().exclude(agent="")),
        judged_on=clock.today(),
        weight_kg=weight.kg if weight else None,
        weight_on=weight.measured_on if weight else None,
        protocol=protocol,
    )
    return SteroidPage(rate, protocol.criterion(CRITERION), weight)


def _courses(medications: Iterable[ConcomitantMedication]) -> list[Course]:
    return [
        Course(
            agent=row.agent,
            dose_mg=row.amount,
            every_days=row.every_days or 1,
            route=row.route,
            route_name=untranslated(ConcomitantMedication.Route(row.route).label),
            since=row.started_on,
            until=row.ended_on,
        )
        for row in medications
    ]
