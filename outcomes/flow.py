"""The CONSORT flow from the record, and the diagram whose boxes open their lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dosing.models import Administration, DrugChoice
from enrollment.log import ASSESSED, EXCLUDED_FLOW, in_places
from enrollment.models import AllocationPlan, Participant, Screening
from enrollment.rules.places import EXCLUDED, Place, failed_criteria
from enrollment.states import State
from outcomes.analysis import NkRow, allocated, day7_window, nk_rows
from outcomes.figures.flow import Box, Diagram, Line
from outcomes.rules.flow import (
    Analysis,
    ArmFlow,
    Flow,
    Patient,
    Treatment,
    analysis,
    count,
    treatment,
)
from oversight.kept import kept
from trial_site import clock
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import AllocationMode

ARM_STATES = (
    State.ALLOCATED,
    State.ON_TREATMENT,
    State.FOLLOW_UP,
    State.RESCUE,
    State.COMPLETED,
    State.WITHDREW,
    State.LOST,
    State.DIED,
    State.STOPPED,
)
MAY_STILL_BE_DOSED = frozenset({State.ALLOCATED, State.ON_TREATMENT})
NOT_ANALYSED = "not_analysed"


@dataclass(frozen=True)
class FlowRow:
    """One allocated participant in the flow."""

    subject: str
    state: str
    patient: Patient

    def is_in(self, step: str) -> bool:
        """Whether the participant is counted in the box ``step``; an empty one counts everybody."""
        if step == NOT_ANALYSED:
            return self.patient.analysis is not Analysis.ANALYSED
        return step in ("", self.patient.treatment, self.patient.analysis)


# The boxes that the lists of other rooms do not know.
STEPS = frozenset({"", NOT_ANALYSED, *Treatment, *Analysis})


def flow(user: User) -> Flow:
    """The flow at the user's sites, counted anew when the record or the day changes."""
    return kept(user, f"flow:{clock.today()}", lambda: _flow(user))


def rows(user: User, *, arm: str = "", step: str = "") -> list[FlowRow]:
    """The allocated participants of ``arm`` that the box ``step`` counts."""
    found = kept(user, f"flow-rows:{clock.today()}", lambda: _rows(user))
    return [row for row in found if arm in ("", row.patient.arm) and row.is_in(step)]


def mode() -> AllocationMode:
    """How this trial allocates: by its plan, and as the protocol has it before there is one."""
    found = AllocationPlan.objects.first()
    return AllocationMode(found.mode) if found else current().allocation.mode


def _flow(user: User) -> Flow:
    screened = in_places(Screening.objects.visible_to(user)).order_by()
    others = screened.exclude(place=Place.ALLOCATED)
    patients = [
        Patient(Place(place), failed_criteria(verdicts) if place == Place.FAILED else ())
        for place, verdicts in others.values_list("place", "eligibility")
    ]
    patients += [row.patient for row in _rows(user)]
    return count(patients, arms=[arm.code.value for arm in current().arms])


def _rows(user: User) -> list[FlowRow]:
    people = allocated(user)
    given = _drugs_given(people)
    return [_row(row, given[row.participant.pk]) for row in nk_rows(people)]


def _row(row: NkRow, given: set[str]) -> FlowRow:
    participant = row.participant
    arm = participant.allocation.arm
    return FlowRow(
        subject=participant.subject,
        state=participant.state,
        patient=Patient(
            place=Place.ALLOCATED,
            arm=arm,
            state=participant.state,
            treatment=treatment(
                arm,
                ganciclovir=DrugChoice.GANCICLOVIR in given,
                il2=DrugChoice.IL2 in given,
                may_come=participant.state in MAY_STILL_BE_DOSED,
            ),
            analysis=analysis(
                is_dosed=participant.day0_at is not None,
                has_baseline=row.baseline.value is not None,
                has_day7=row.day7 is not None and row.day7.value is not None,
                may_come=_day7_may_come(participant),
            ),
        ),
    )


def _day7_may_come(participant: Participant) -> bool:
    window = day7_window(participant)
    return window is not None and clock.today() <= window.closes and not participant.has_ended


def _drugs_given(people: Iterable[Participant]) -> Mapping[int, set[str]]:
    """The drugs of which each participant received any at all."""
    drugs: dict[int, set[str]] = defaultdict(set)
    doses = (
        Administration.objects.in_force()
        .filter(participant__in=list(people))
        .exclude(status=Administration.Status.NOT_GIVEN)
    )
    for person, drug in doses.order_by().values_list("participant_id", "drug").distinct():
        drugs[person].add(drug)
    return drugs


# --- in words ---------------------------------------------------------------------------------

STEP_LABELS: Mapping[str, Any] = {
    "": _("Allocated"),
    NOT_ANALYSED: _("Not analysed"),
    Treatment.RECEIVED: _("Received the allocated drugs"),
    Treatment.NOT_YET: _("Not yet received"),
    Treatment.NOT_RECEIVED: _("Did not receive them"),
    Analysis.ANALYSED: _("Analysed for the primary outcome"),
    Analysis.NO_DOSE: _("No dose yet"),
    Analysis.NO_BASELINE: _("Baseline sample missing"),
    Analysis.NOT_DUE: _("Day 7 not reached"),
    Analysis.NO_DAY7: _("Day 7 sample missing"),
}
EXCLUDED_LABELS: Mapping[Place, Any] = {
    Place.FAILED: _("Criteria not met"),
    Place.WITHDREW: _("Withdrew consent"),
    Place.LOST: _("Lost"),
    Place.DIED: _("Died"),
    Place.STOPPED: _("Stopped by the investigator"),
}


def step_label(step: str) -> str:
    """What a box of ``STEPS`` counts."""
    return str(STEP_LABELS[step])


# --- the diagram ------------------------------------------------------------------------------


def diagram(found: Flow, mode: AllocationMode) -> Diagram:
    """The boxes of the flow in the reader's language, each line leading to its list."""
    is_random = mode is AllocationMode.RANDOMISED
    places = found.places
    return Diagram(
        title=gettext("CONSORT flow"),
        assessed=_one(gettext("Assessed for eligibility"), found.assessed, ASSESSED),
        aside=(
            Box(tuple(_excluded(found))),
            _one(gettext("Still in screening"), places[Place.SCREENING], Place.SCREENING),
            _one(gettext("Eligible, not allocated yet"), places[Place.WAITING], Place.WAITING),
        ),
        allocated=_one(
            gettext("Randomised") if is_random else gettext("Assigned by the investigator"),
            places[Place.ALLOCATED],
            Place.ALLOCATED,
        ),
        arms=tuple(_arm(arm) for arm in found.arms),
    )


def _one(text: str, number: int, place: str) -> Box:
    return Box((Line(text, number, _log(flow=place)),))


def _excluded(found: Flow) -> Iterable[Line]:
    titles = {criterion.id: criterion.title for criterion in current().criteria}
    yield Line(gettext("Excluded"), found.excluded, _log(flow=EXCLUDED_FLOW))
    for place in EXCLUDED:
        yield Line(str(EXCLUDED_LABELS[place]), found.places[place], _log(flow=place), depth=1)
        if place is not Place.FAILED:
            continue
        for key in [*titles, *sorted(found.reasons.keys() - titles.keys())]:
            if number := found.reasons[key]:
                text = f"{key} {_(titles[key])}" if key in titles else key
                yield Line(text, number, _log(flow=place, reason=key), depth=2)


def _arm(found: ArmFlow) -> tuple[Box, ...]:
    """The three boxes of one arm, one below the other."""
    parts = {
        gettext("Allocation"): _allocation(found),
        gettext("Follow-up"): _follow_up(found),
        gettext("Analysis"): _analysis(found),
    }
    arm = gettext(current().arm(found.arm).short_label)
    return tuple(Box(tuple(lines), part, arm) for part, lines in parts.items())


def _allocation(found: ArmFlow) -> Iterable[Line]:
    yield Line(step_label(""), found.allocated, _participants(arm=found.arm))
    for step in Treatment:
        yield Line(step_label(step), found.treatments[step], _list(found.arm, step), depth=1)


def _follow_up(found: ArmFlow) -> Iterable[Line]:
    for state in ARM_STATES:
        text = gettext("Not treated yet") if state is State.ALLOCATED else str(state.label)
        yield Line(text, found.states[state], _participants(state=state, arm=found.arm))


def _analysis(found: ArmFlow) -> Iterable[Line]:
    whole: dict[str, int] = {
        Analysis.ANALYSED: found.analyses[Analysis.ANALYSED],
        NOT_ANALYSED: found.not_analysed,
    }
    for step, number in whole.items():
        yield Line(step_label(step), number, _list(found.arm, step))
    for reason in Analysis:
        if reason is not Analysis.ANALYSED:
            number = found.analyses[reason]
            yield Line(step_label(reason), number, _list(found.arm, reason), depth=1)


def _log(**query: str) -> str:
    return _address("enrollment:screening-log", query)


def _participants(**query: str) -> str:
    return _address("enrollment:participants", query)


def _list(arm: str, step: str) -> str:
    return _address("outcomes:flow-list", {"arm": arm, "step": step})


def _address(name: str, query: Mapping[str, Any]) -> str:
    return f"{reverse(name)}?{urlencode({key: str(value) for key, value in query.items()})}"
