"""A machine that tries any action on any patient in any order; the record never contradicts itself.

Every rule calls the real action and takes a refusal for an answer.  After each step the whole
record is read back and held against what must always be true (R10).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count, pairwise
from typing import Any, ClassVar

import time_machine
from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from enrollment.actions.allocation import allocate
from enrollment.actions.consent import register_consent_version, withdraw_consent
from enrollment.actions.locks import locked_participant
from enrollment.actions.participation import (
    anchor_day0,
    anchor_withdrawal,
    begin_rescue,
    end_participation,
    end_rescue,
    enrol,
)
from enrollment.actions.screening import (
    confirm_eligibility,
    end_screening,
    rescreen,
    save_screening,
    start_screening,
    submit_screening,
)
from enrollment.actions.sites import record_approval
from enrollment.actions.visits import record_visit
from enrollment.facts import ScreeningFacts
from enrollment.models import (
    Allocation,
    ConsentVersion,
    Move,
    Participant,
    Screening,
    SiteApproval,
    Visit,
)
from enrollment.states import ENDED, MOVES, State
from oversight import verification
from oversight.accounts import system_actor
from oversight.recording import ReasonRequired, recorded
from oversight.refusals import NeedsConfirmation, Refused
from tests import factories
from trial_site import clock
from trial_site.models import Site, User
from trial_site.protocol import current
from trial_site.protocol.definition import Anchor
from trial_site.roles import Role

BEGINS = dt.datetime(2026, 3, 18, 4, tzinfo=dt.UTC)
KINDS = ("eligible", "eligible", "eligible", "failing", "unknown")
VERIFIED_EVERY = 5  # computing all chains again takes as long as the sequence itself
PATIENTS = st.integers(min_value=0, max_value=3)
USUAL = (
    "sign_consent",
    "submit",
    "confirm",
    "enrol",
    "allocate",
    "give_the_first_dose",
    "withdraw_the_drugs",
    "record_a_visit",
    "begin_rescue",
    "end_rescue",
    "complete",
)
ACTIONS = (*USUAL, "screen_again")
PAPERS = ("", "", "extend_the_approval", "replace_the_consent_form")
ENDS = st.sampled_from([State.WITHDREW, State.LOST, State.DIED, State.STOPPED, State.COMPLETED])

done: Counter[str] = Counter()
"""Over all sequences: how often an action went through or was refused, and states reached."""


def facts(kind: str) -> ScreeningFacts:
    changes: dict[str, Any] = {"failing": {"malignancy": True}, "unknown": {"ast": None}}
    return factories.eligible_facts(**changes.get(kind, {}))


class RecordMachine(RuleBasedStateMachine):
    """One site, a few patients, and everything that can be done with them in this room."""

    names: ClassVar[Iterator[int]] = count()

    def __init__(self) -> None:
        super().__init__()
        self._clock = time_machine.travel(BEGINS, tick=False)
        self._now = self._clock.start()
        self._undone = transaction.atomic()
        self._undone.__enter__()
        self.site = Site.objects.get()
        self.coordinator = factories.user(Role.COORDINATOR, self.site)
        self.investigator = factories.user(Role.INVESTIGATOR, self.site)

    @staticmethod
    def prepare() -> None:
        """What every sequence begins with, and is taken back to."""
        with time_machine.travel(BEGINS, tick=False):
            site = factories.site(active=False)
            factories.approval(site, expires_on=clock.today() + dt.timedelta(days=60))
            factories.allocation_list()
            factories.consent_form()
            for role in (Role.COORDINATOR, Role.INVESTIGATOR):
                factories.user(role, site)

    def teardown(self) -> None:
        try:
            if done["sequences"] % VERIFIED_EVERY == 0:
                assert list(verification.verify()) == []
        finally:
            done["sequences"] += 1
            done.update(f"reached {after}" for after in reached())
            transaction.set_rollback(True)
            self._undone.__exit__(None, None, None)
            self._clock.stop()

    @initialize(
        patients=st.lists(
            st.tuples(st.sampled_from(KINDS), st.integers(0, len(USUAL) - 1)),
            min_size=1,
            max_size=3,
        )
    )
    def patients_are_on_their_way(self, patients: list[tuple[str, int]]) -> None:
        """Each has gone as usual so far."""
        for patient, (kind, steps) in enumerate(patients):
            self.start(kind)
            for name in USUAL[:steps]:
                getattr(self, name)(patient)

    @rule(patient=PATIENTS, steps=st.integers(min_value=1, max_value=len(USUAL)))
    def go_on_as_usual(self, patient: int, steps: int) -> None:
        """The usual course, as far as ``steps`` leads and nothing is in the way."""
        for name in USUAL[:steps]:
            getattr(self, name)(patient)

    @rule(patient=PATIENTS, name=st.sampled_from(ACTIONS))
    def do_something(self, patient: int, name: str) -> None:
        getattr(self, name)(patient)

    @rule(patient=PATIENTS, kind=st.sampled_from(KINDS), reason=st.sampled_from(["Mistyped", ""]))
    def correct_the_screening(self, patient: int, kind: str, reason: str) -> None:
        self.correct(patient, kind, reason)

    @rule(patient=PATIENTS, after=ENDS)
    def leave(self, patient: int, after: State) -> None:
        if after == State.WITHDREW:
            self.withdraw_consent(patient)
        self.end_the_screening(patient, after)
        self.end(patient, after)

    @rule(days=st.sampled_from([1, 8, 30]), papers=st.sampled_from(PAPERS))
    def time_passes(self, days: int, papers: str) -> None:
        self._now.shift(dt.timedelta(days=days))
        if papers:
            getattr(self, papers)()

    def attempt(self, act: Callable[[], object]) -> None:
        """Do it, or be refused; each try is a transaction of its own."""
        try:
            with transaction.atomic():
                act()
        except (Refused, ReasonRequired, NeedsConfirmation):
            done["refused"] += 1
        else:
            done["went through"] += 1

    def screening(self, patient: int) -> Screening | None:
        found = list(Screening.objects.order_by("pk"))
        return found[patient % len(found)] if found else None

    def participant(self, patient: int) -> Participant | None:
        found = list(Participant.objects.order_by("pk"))
        return found[patient % len(found)] if found else None

    # --- screening and consent ------------------------------------------------------------------

    def start(self, kind: str) -> None:
        self.attempt(
            lambda: start_screening(site=self.site, facts=facts(kind), by=self.coordinator)
        )

    def sign_consent(self, patient: int) -> None:
        if screening := self.screening(patient):
            newest = ConsentVersion.objects.order_by("-valid_from").first()
            form, now = newest or factories.consent_form(), clock.now()
            self.attempt(lambda: factories.sign_consent(screening, form=form, signed_at=now))

    def replace_the_consent_form(self) -> None:
        label = f"2.{next(self.names)}"
        self.attempt(
            lambda: register_consent_version(
                version_label=label,
                language="zh-hans",
                valid_from=clock.today(),
                file_sha256="f" * 64,
                by=system_actor(),
            )
        )

    def submit(self, patient: int) -> None:
        if screening := self.screening(patient):
            self.attempt(
                lambda: submit_screening(screening, version=screening.version, by=self.coordinator)
            )

    def correct(self, patient: int, kind: str, reason: str) -> None:
        if screening := self.screening(patient):
            self.attempt(
                lambda: save_screening(
                    screening,
                    facts=facts(kind),
                    version=screening.version,
                    reason=reason,
                    by=self.coordinator,
                )
            )

    def confirm(self, patient: int) -> None:
        if screening := self.screening(patient):
            self.attempt(
                lambda: confirm_eligibility(
                    screening,
                    version=screening.version,
                    signature=factories.signature(self.investigator),
                    by=self.investigator,
                )
            )

    def screen_again(self, patient: int) -> None:
        if screening := self.screening(patient):
            self.attempt(lambda: rescreen(screening, by=self.coordinator))

    def end_the_screening(self, patient: int, after: State) -> None:
        if screening := self.screening(patient):
            self.attempt(
                lambda: end_screening(screening, after=after, why="So", by=self.coordinator)
            )

    def withdraw_consent(self, patient: int) -> None:
        if screening := self.screening(patient):
            self.attempt(
                lambda: withdraw_consent(screening, withdrawn_at=clock.now(), by=self.coordinator)
            )

    # --- enrolment, allocation, treatment -------------------------------------------------------

    def enrol(self, patient: int) -> None:
        if screening := self.screening(patient):
            self.attempt(lambda: enrol(screening, by=self.coordinator))

    def allocate(self, patient: int) -> None:
        if participant := self.participant(patient):
            self.attempt(lambda: allocate(participant, by=self.coordinator))

    def give_the_first_dose(self, patient: int) -> None:
        """As the dosing room does it: only with a participant who is allocated."""
        participant = self.participant(patient)
        if participant and participant.state == State.ALLOCATED:
            self.attempt(
                lambda: self._anchor(
                    participant, lambda who, by: anchor_day0(who, at=clock.now(), by=by)
                )
            )

    def withdraw_the_drugs(self, patient: int) -> None:
        participant = self.participant(patient)
        if participant and participant.state == State.ON_TREATMENT:
            self.attempt(
                lambda: self._anchor(
                    participant, lambda who, by: anchor_withdrawal(who, on=clock.today(), by=by)
                )
            )

    def _anchor(self, participant: Participant, act: Callable[[Participant, User], None]) -> None:
        with recorded(by=self.investigator, reason="Dosed"):
            act(locked_participant(participant, by=self.investigator), self.investigator)

    def record_a_visit(self, patient: int) -> None:
        """The next one that is planned, as done today."""
        participant = self.participant(patient)
        planned = participant.visits.filter(status=Visit.Status.PLANNED) if participant else None
        if planned and (visit := planned.first()):
            self.attempt(
                lambda: record_visit(
                    visit, done_on=clock.today(), why="As it happened", by=self.coordinator
                )
            )

    def begin_rescue(self, patient: int) -> None:
        if participant := self.participant(patient):
            self.attempt(lambda: begin_rescue(participant, why="Relapse", by=self.investigator))

    def end_rescue(self, patient: int) -> None:
        if participant := self.participant(patient):
            self.attempt(lambda: end_rescue(participant, why="Cleared", by=self.investigator))

    def complete(self, patient: int) -> None:
        self.end(patient, State.COMPLETED)

    def end(self, patient: int, after: State) -> None:
        if participant := self.participant(patient):
            self.attempt(
                lambda: end_participation(participant, after=after, why="So", by=self.investigator)
            )

    # --- papers ---------------------------------------------------------------------------------

    def extend_the_approval(self) -> None:
        self.attempt(
            lambda: record_approval(
                self.site,
                number=f"Extension {next(self.names)}",
                approved_on=clock.today(),
                expires_on=clock.today() + dt.timedelta(days=20),
                protocol_version=current().version,
                by=system_actor(),
            )
        )

    # --- what must always be true ---------------------------------------------------------------

    @invariant()
    def the_record_does_not_contradict_itself(self) -> None:
        done["steps"] += 1
        assert list(contradictions(self.site)) == []


def reached() -> Iterator[str]:
    """The states that patients came to."""
    yield from Move.objects.order_by("pk").values_list("after", flat=True)


def contradictions(site: Site) -> Iterator[str]:
    """Whatever in the record of ``site`` cannot be true together."""
    screenings = list(
        Screening.objects.filter(site=site)
        .select_related("participant__allocation", "consent_withdrawal")
        .prefetch_related("consents", "moves", "participant__visits")
    )
    for screening in screenings:
        for found in (*_of_moves(screening), *_of_screening(screening)):
            yield f"{screening}: {found}"
        participant: Participant | None = getattr(screening, "participant", None)
        if participant:
            for found in _of_participant(screening, participant):
                yield f"{participant}: {found}"
    yield from _of_persons(screenings)
    yield from _of_slots(site)


def _of_moves(screening: Screening) -> Iterator[str]:
    moves = list(screening.moves.all())
    if moves[0].before or moves[0].after != State.SCREENING:
        yield "does not begin with the screening"
    for one, other in pairwise(moves):
        if one.after != other.before:
            yield f"jumps from {one.after} to {other.before}"
        if State(other.after) not in MOVES[State(other.before)]:
            yield f"moved against the table: {other.before} to {other.after}"
        if one.after in ENDED:
            yield "moved after its end"
    if moves[-1].after != screening.standing:
        yield "does not stand where its last move led"


def _of_screening(screening: Screening) -> Iterator[str]:
    consent, withdrawal = screening.consent, screening.withdrawal
    if screening.submitted_at and consent is None:
        yield "was judged without a consent"
    if screening.confirmed_at and screening.status != Screening.Status.ELIGIBLE:
        yield "is confirmed without being eligible"
    if withdrawal and screening.standing not in ENDED:
        yield "goes on after the consent was withdrawn"
    if screening.standing == State.WITHDREW and withdrawal is None:
        yield "withdrew without a record of it"
    if screening.eligibility and screening.verdict.eligible != (
        screening.status == Screening.Status.ELIGIBLE
    ):
        yield "has a status that is not its verdict"


def _of_participant(screening: Screening, participant: Participant) -> Iterator[str]:
    passed = {move.after for move in screening.moves.all()}
    allocation: Allocation | None = getattr(participant, "allocation", None)
    if (State.ALLOCATED in passed) != (allocation is not None):
        yield "is allocated in one place and not in another"
    if (State.ON_TREATMENT in passed) != (participant.day0_at is not None):
        yield "has a first dose without treatment, or treatment without one"
    if (State.FOLLOW_UP in passed) != (participant.withdrawn_on is not None):
        yield "has a withdrawal without follow-up, or follow-up without one"
    if screening.state != State.ENROLLED:
        yield "is enrolled on a screening that is not"
    if allocation and not _approved(participant.site_id, allocation.allocated_at):
        yield "was allocated while the site had no approval"
    if not _approved(participant.site_id, participant.enrolled_at):
        yield "was enrolled while the site had no approval"
    anchored = {Anchor.DAY0: participant.day0_at, Anchor.WITHDRAWAL: participant.withdrawn_on}
    planned = {visit.code for visit in participant.visits.all()}
    for visit_rule in current().visits:
        if visit_rule.anchor in anchored and (visit_rule.code in planned) != bool(
            anchored[visit_rule.anchor]
        ):
            yield f"has {visit_rule.code} planned without its anchor, or not planned with it"
    for visit in participant.visits.all():
        never_early = not visit.is_unscheduled and current().visit(visit.code).never_early
        if never_early and visit.done_on and visit.done_on < visit.opens:
            yield f"had {visit.code} early"


def _of_persons(screenings: list[Screening]) -> Iterator[str]:
    """A person, however often screened, is in the trial once."""
    by_key = {screening.pk: screening for screening in screenings}

    def first(screening: Screening) -> int:
        while screening.previous_id:
            screening = by_key[screening.previous_id]
        return int(screening.pk)

    enrolled = Counter(first(one) for one in screenings if hasattr(one, "participant"))
    yield from (
        f"person {key} is in the trial twice" for key, times in enrolled.items() if times > 1
    )


def _of_slots(site: Site) -> Iterator[str]:
    used = Allocation.objects.filter(participant__site=site).order_by("allocated_at", "pk")
    places = list(used.values_list("slot__sequence", flat=True))
    if places != list(range(1, len(places) + 1)):
        yield f"places of the list were used as {places}"


def _approved(site_id: int, at: dt.datetime) -> bool:
    day = timezone.localdate(at)
    approvals = SiteApproval.objects.filter(site_id=site_id)
    return any(approval.covers(day, current().version) for approval in approvals)
