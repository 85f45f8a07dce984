"""Participant flow: everybody allocated, and how far they came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from enrollment.log import in_places
from enrollment.models import Participant, Screening
from enrollment.rules.places import EXCLUDED, Place
from enrollment.states import State
from outcomes.flow import mode
from outcomes.registry import words
from outcomes.registry.content import Count, Milestone, ParticipantFlow, Texts
from outcomes.registry.population import Population, arm_groups
from outcomes.sets import Analysed
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import AllocationMode, gettext_noop

_RECRUITED = gettext_noop("Enrolled from %(first)s to %(last)s, at sites: %(sites)s.")
_NOBODY = gettext_noop("Nobody is allocated yet.")
_ASSESSED = gettext_noop(
    "Assessed for eligibility: %(assessed)s. Excluded: %(excluded)s. Still in screening: "
    "%(screening)s. Eligible and not allocated yet: %(waiting)s."
)
_CONFLICT = gettext_noop(
    "The record says both “%(text)s” and “%(field)s”. Allocation here: %(mode)s."
)
_MODES = {
    AllocationMode.RANDOMISED: gettext_noop("randomised"),
    AllocationMode.ASSIGNED: gettext_noop("assigned by the investigator"),
}
DOSED = gettext_noop("Received a trial drug")
ANALYSED = gettext_noop("Analysed for the primary outcome")
ONGOING = gettext_noop("Still in the trial")
REASONS = {
    State.DIED: words.DEATH,
    State.LOST: words.LOST,
    State.WITHDREW: words.WITHDRAWAL,
    State.STOPPED: words.PHYSICIAN,
}


def participant_flow(user: User, rows: list[Analysed], allocated: Population) -> ParticipantFlow:
    """The flow of everybody allocated, as allocated, whichever set is analysed."""
    dosed = {row.participant.pk for row in rows if row.safety.included}
    analysed = {row.participant.pk for row in rows if row.lysis.change is not None}
    milestones = (
        _counted(words.STARTED, allocated, lambda person: True, _list),
        _counted(DOSED, allocated, lambda person: person.pk in dosed),
        _counted(ANALYSED, allocated, lambda person: person.pk in analysed, _analysed_list),
        _in_states(words.COMPLETED, allocated, State.COMPLETED),
        _counted(words.NOT_COMPLETED, allocated, lambda p: p.state != State.COMPLETED),
    )
    reasons = [_in_states(reason, allocated, state) for state, reason in REASONS.items()]
    reasons.append(_counted(ONGOING, allocated, lambda person: not person.has_ended))
    return ParticipantFlow(
        recruitment=_recruitment(allocated.people),
        pre_assignment=_pre_assignment(user),
        groups=arm_groups("P"),
        period=words.OVERALL,
        milestones=milestones,
        reasons=tuple(reasons),
    )


def _counted(
    title: str,
    allocated: Population,
    holds: Callable[[Participant], bool],
    address: Callable[[str], str] = lambda arm: "",
) -> Milestone:
    groups = arm_groups("P")
    return Milestone(
        title,
        tuple(
            Count(group.id, sum(map(holds, allocated.arms[group.arm])), address(group.arm))
            for group in groups
        ),
    )


def _in_states(title: str, allocated: Population, state: State) -> Milestone:
    def address(arm: str) -> str:
        return _list(arm, state=state.value)

    return _counted(title, allocated, lambda person: person.state == state, address)


def _list(arm: str, **query: str) -> str:
    return f"{reverse('enrollment:participants')}?{urlencode({'arm': arm, **query})}"


def _analysed_list(arm: str) -> str:
    return f"{reverse('outcomes:flow-list')}?{urlencode({'arm': arm, 'step': 'analysed'})}"


def _recruitment(people: Iterable[Participant]) -> Texts:
    days = sorted(timezone.localdate(person.enrolled_at) for person in people)
    if not days:
        return (Message(_NOBODY),)
    sites = len({person.site_id for person in people})
    period = {"first": days[0].isoformat(), "last": days[-1].isoformat()}
    return (Message(_RECRUITED, {**period, "sites": str(sites)}),)


def _pre_assignment(user: User) -> Texts:
    found = in_places(Screening.objects.visible_to(user)).order_by()
    places = Counter(Place(place) for place in found.values_list("place", flat=True))
    numbers = {
        "assessed": places.total(),
        "excluded": sum(places[place] for place in EXCLUDED),
        "screening": places[Place.SCREENING],
        "waiting": places[Place.WAITING],
    }
    text, field = current().decision("D1").quotes
    conflict = {"text": text, "field": field}
    return (
        Message(_ASSESSED, {name: str(number) for name, number in numbers.items()}),
        Message(_CONFLICT, {**conflict, "mode": Message(_MODES[mode()])}),
    )
