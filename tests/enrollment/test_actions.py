"""From the first draft to the receipt: what each action writes, and what it refuses."""

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command

from enrollment.actions.allocation import allocate, generate_allocation_list
from enrollment.actions.participation import end_participation, enrol, record_visit
from enrollment.actions.screening import (
    confirm_eligibility,
    record_consent,
    save_screening,
    start_screening,
    submit_screening,
)
from enrollment.facts import ScreeningFacts
from enrollment.models import (
    Allocation,
    AllocationList,
    AllocationSlot,
    Consent,
    Move,
    Participant,
    Screening,
    Visit,
)
from enrollment.rules.allocation_list import commitment
from enrollment.seals import unseal
from enrollment.states import State
from oversight.canonical import digest
from oversight.recording import AlreadyRecorded, ReasonRequired
from oversight.records import StaleRecord
from oversight.refusals import NeedsConfirmation, Refused
from oversight.trail import AuditEntry
from tests import factories
from trial_site import clock
from trial_site.models import Site, User
from trial_site.protocol import current
from trial_site.roles import Role

pytestmark = pytest.mark.django_db

CONSENT: dict[str, Any] = {
    "form_version": "1.1",
    "language": "zh-hans",
    "explained_by": "Dr Wang",
}


def refusal(act: Callable[[], object]) -> str:
    """Why ``act`` was refused."""
    with pytest.raises(Refused) as refused:
        act()
    return str(refused.value.message)


def yesterday() -> dt.date:
    return clock.today() - dt.timedelta(days=1)


# --- screening --------------------------------------------------------------------------------


def test_a_screening_starts_as_a_draft_under_the_next_number(
    site: Site, other_site: Site, coordinator: User
) -> None:
    factories.screening(other_site)
    facts = factories.eligible_facts()
    screening = start_screening(site=site, facts=facts, by=coordinator)
    assert (screening.number, screening.status, screening.site) == ("SCR-002", "draft", site)
    saved = Screening.objects.get(pk=screening.pk)
    assert saved.answers == facts
    assert saved.eligibility == {}


def test_the_same_form_saves_one_screening(site: Site, coordinator: User) -> None:
    key = uuid4()
    start_screening(site=site, facts=ScreeningFacts(), by=coordinator, key=key)
    with pytest.raises(AlreadyRecorded):
        start_screening(site=site, facts=ScreeningFacts(), by=coordinator, key=key)
    assert Screening.objects.count() == 1


def test_a_screening_belongs_to_a_site_of_its_coordinator(
    other_site: Site, coordinator: User
) -> None:
    said = refusal(lambda: start_screening(site=other_site, facts=ScreeningFacts(), by=coordinator))
    assert said == "You do not work at this site"


def test_values_that_cannot_be_true_are_refused(site: Site, coordinator: User) -> None:
    facts = factories.eligible_facts(weight_kg=Decimal("19.9"))
    said = refusal(lambda: start_screening(site=site, facts=facts, by=coordinator))
    assert said == "Some values cannot be true"
    draft = factories.screening(site)
    said = refusal(
        lambda: save_screening(draft, facts=facts, version=draft.version, by=coordinator)
    )
    assert said == "Some values cannot be true"
    assert Screening.objects.get(pk=draft.pk).answers.weight_kg == Decimal("60.0")


def test_an_unusual_value_is_asked_about_once_and_its_answer_kept(
    site: Site, coordinator: User
) -> None:
    facts = factories.eligible_facts(weight_kg=Decimal("34.9"))
    with pytest.raises(NeedsConfirmation) as asked:
        start_screening(site=site, facts=facts, by=coordinator, confirmed=False)
    [(field, question)] = asked.value.questions
    assert (field, str(question)) == ("weight_kg", "34.9 kg is unusual. Is this right?")
    assert not Screening.objects.exists()

    draft = start_screening(site=site, facts=facts, by=coordinator, confirmed=True)
    entry = AuditEntry.objects.get(event="unusual_values_confirmed")
    assert entry.changes["questions"] == ["34.9 kg is unusual. Is this right?"]
    assert (entry.changes["screening"], entry.site) == (draft.number, site)

    again = save_screening(
        draft, facts=facts, version=draft.version, by=coordinator, confirmed=False
    )
    with pytest.raises(NeedsConfirmation):
        save_screening(
            again,
            facts=factories.eligible_facts(weight_kg=Decimal("34.8")),
            version=again.version,
            by=coordinator,
            confirmed=False,
        )


def test_a_draft_goes_on_without_a_reason(site: Site, coordinator: User) -> None:
    draft = factories.screening(site, ScreeningFacts())
    saved = save_screening(
        draft, facts=factories.eligible_facts(), version=draft.version, by=coordinator
    )
    assert saved.is_draft
    assert saved.answers == factories.eligible_facts()


def test_a_stale_form_overwrites_nothing(site: Site, coordinator: User) -> None:
    draft = factories.screening(site, ScreeningFacts())
    save_screening(draft, facts=factories.eligible_facts(), version=draft.version, by=coordinator)
    with pytest.raises(StaleRecord):
        save_screening(draft, facts=ScreeningFacts(), version=draft.version, by=coordinator)
    assert Screening.objects.get(pk=draft.pk).answers == factories.eligible_facts()


@pytest.mark.requirement("R04")
def test_a_submitted_screening_changes_with_a_reason_only_and_is_judged_again(
    site: Site, coordinator: User
) -> None:
    screening = factories.confirmed(site)
    changed = factories.eligible_facts(malignancy=True)
    with pytest.raises(ReasonRequired):
        save_screening(
            screening, facts=changed, version=screening.version, by=coordinator, reason=" "
        )
    saved = save_screening(
        screening,
        facts=changed,
        version=screening.version,
        by=coordinator,
        reason="Found in the records",
    )
    assert saved.status == Screening.Status.FAILED
    assert [verdict.criterion_id for verdict in saved.verdict.failed] == ["E5"]
    assert (saved.confirmed_at, saved.confirmed_by) == (None, None)


@pytest.mark.parametrize("signed", [0, -1, -400])
def test_a_consent_is_recorded_once_and_never_of_tomorrow(
    site: Site, coordinator: User, signed: int
) -> None:
    screening = factories.screening(site, consent=False)
    day = clock.today() + dt.timedelta(days=signed)
    consent = record_consent(screening, signed_on=day, by=coordinator, **CONSENT)
    assert (consent.signed_on, consent.explained_by) == (day, "Dr Wang")
    said = refusal(lambda: record_consent(screening, signed_on=day, by=coordinator, **CONSENT))
    assert said == "Consent is recorded already"


def test_a_consent_of_tomorrow_is_refused(site: Site, coordinator: User) -> None:
    screening = factories.screening(site, consent=False)
    tomorrow = clock.today() + dt.timedelta(days=1)
    said = refusal(lambda: record_consent(screening, signed_on=tomorrow, by=coordinator, **CONSENT))
    assert said == "Consent cannot be dated in the future"
    assert not Consent.objects.exists()


# --- R10: consent, eligibility, allocation, in this order ----------------------------------------


@pytest.mark.requirement("R10")
def test_no_verdict_without_consent(site: Site, coordinator: User) -> None:
    draft = factories.screening(site, consent=False)
    said = refusal(lambda: submit_screening(draft, version=draft.version, by=coordinator))
    assert said == "Record the consent first: it precedes the verdict"
    assert Screening.objects.get(pk=draft.pk).is_draft


def test_submitting_freezes_verdicts_version_and_person(site: Site, coordinator: User) -> None:
    screening = factories.submitted(site)
    assert screening.status == Screening.Status.ELIGIBLE
    assert screening.verdict.eligible
    assert screening.verdict.judged_on == clock.today()
    assert (screening.protocol_version, screening.submitted_by) == ("1.0", coordinator)
    said = refusal(lambda: submit_screening(screening, version=screening.version, by=coordinator))
    assert said == "This screening was submitted already"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, Screening.Status.ELIGIBLE),
        ({"ast": None}, Screening.Status.BLOCKED),
        ({"malignancy": True}, Screening.Status.FAILED),
        ({"malignancy": True, "ast": None}, Screening.Status.FAILED),
    ],
)
def test_unknown_blocks_and_a_decided_no_fails(
    site: Site, changes: dict[str, Any], status: str
) -> None:
    assert factories.submitted(site, factories.eligible_facts(**changes)).status == status


@pytest.mark.requirement("R10")
@pytest.mark.parametrize("changes", [{"ast": None}, {"malignancy": True}])
def test_only_an_eligible_screening_is_confirmed(
    site: Site, investigator: User, changes: dict[str, Any]
) -> None:
    screening = factories.submitted(site, factories.eligible_facts(**changes))
    said = refusal(
        lambda: confirm_eligibility(screening, version=screening.version, by=investigator)
    )
    assert said == "Only an eligible screening can be confirmed"


def test_eligibility_is_confirmed_once_on_the_version_that_was_shown(
    site: Site, investigator: User
) -> None:
    screening = factories.submitted(site)
    with pytest.raises(StaleRecord):
        confirm_eligibility(screening, version=screening.version - 1, by=investigator)
    confirmed = confirm_eligibility(screening, version=screening.version, by=investigator)
    assert confirmed.confirmed_by == investigator
    said = refusal(
        lambda: confirm_eligibility(screening, version=confirmed.version, by=investigator)
    )
    assert said == "Eligibility is confirmed already"


@pytest.mark.requirement("R28")
def test_no_participant_without_consent(site: Site, coordinator: User) -> None:
    draft = factories.screening(site, consent=False)
    assert (
        refusal(lambda: enrol(draft, by=coordinator)) == "No participant without a recorded consent"
    )
    assert not Participant.objects.exists()


@pytest.mark.requirement("R10")
@pytest.mark.parametrize("made", [factories.screening, factories.submitted])
def test_no_participant_without_a_confirmed_verdict(
    site: Site, coordinator: User, made: Callable[[Site], Screening]
) -> None:
    said = refusal(lambda: enrol(made(site), by=coordinator))
    assert said == "The investigator has not confirmed an eligible verdict"
    assert not Participant.objects.exists()


def test_enrolment_gives_the_next_number_of_the_site(
    site: Site, other_site: Site, coordinator: User
) -> None:
    subjects = [factories.enrolled(at).subject for at in (site, other_site, site)]
    assert subjects == ["PKU-001", "OTH-001", "PKU-002"]
    first = Participant.objects.get(subject="PKU-001")
    assert (first.state, first.arm) == (State.ENROLLED, None)
    move = Move.objects.get(participant=first)
    assert (move.before, move.after, move.by) == ("", State.ENROLLED, coordinator)
    said = refusal(lambda: enrol(first.screening, by=coordinator))
    assert said == "The patient is enrolled already"


# --- allocation -------------------------------------------------------------------------------


@pytest.mark.requirement("R10")
def test_allocation_writes_a_receipt_that_binds_the_verdict(site: Site, coordinator: User) -> None:
    made = factories.allocation_list()
    participant = factories.enrolled(site)
    receipt = allocate(participant, by=coordinator)
    assert receipt.slot.sequence == 1
    assert receipt.arm == "il2_gcv"
    assert receipt.allocated_by == coordinator
    assert receipt.slot.list == made
    verdict = participant.screening.verdict
    assert receipt.eligibility_digest == digest(verdict.to_json())
    assert Participant.objects.get(pk=participant.pk).state == State.ALLOCATED


def test_slots_are_used_in_their_order(site: Site) -> None:
    """DOMAIN 11: seed TEST-SEED-0001, sizes 4 and 6, N 20 opens A B B A B A B A."""
    arm_of = {"A": "il2_gcv", "B": "gcv"}
    arms = [factories.allocated(site).arm for _ in range(8)]
    assert arms == [arm_of[letter] for letter in "ABBABABA"]
    used = Allocation.objects.order_by("pk").values_list("slot__sequence", flat=True)
    assert list(used) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_second_allocation_is_refused_and_changes_nothing(site: Site, coordinator: User) -> None:
    participant = factories.allocated(site)
    said = refusal(lambda: allocate(participant, by=coordinator))
    assert said == "This participant is allocated already"
    assert Allocation.objects.count() == 1


def test_who_has_left_is_not_allocated(site: Site, coordinator: User) -> None:
    factories.allocation_list()
    participant = factories.enrolled(site)
    end_participation(participant, after=State.WITHDREW, why="Changed her mind", by=coordinator)
    assert (
        refusal(lambda: allocate(participant, by=coordinator))
        == "This participant has left the trial"
    )


def test_without_a_list_or_with_a_used_up_one_nobody_is_allocated(
    site: Site, coordinator: User
) -> None:
    participant = factories.enrolled(site)
    said = refusal(lambda: allocate(participant, by=coordinator))
    assert said == "No allocation list has been generated yet"
    made = factories.allocation_list(length=1)
    for _ in range(made.length):
        factories.allocated(site)
    said = refusal(lambda: allocate(participant, by=coordinator))
    assert said == "Every slot of the allocation list is used"


@pytest.mark.requirement("R10")
@pytest.mark.parametrize(("days", "is_fresh"), [(6, True), (7, False)])
def test_values_expire_before_allocation_and_can_be_replaced(
    site: Site, coordinator: User, investigator: User, days: int, is_fresh: bool
) -> None:
    """CMV-DNA of the day before screening is 7 days old on the sixth day, 8 on the seventh."""
    factories.allocation_list()
    participant = factories.enrolled(site)
    with time_machine.travel(clock.now() + dt.timedelta(days=days)):
        if is_fresh:
            assert allocate(participant, by=coordinator).slot.sequence == 1
            return
        with pytest.raises(Refused) as refused:
            allocate(participant, by=coordinator)
        assert "As of today the screening no longer shows eligibility" in str(refused.value)
        assert "a value at most 7 d old (this one is 8 d old)" in map(str, refused.value.reasons)

        screening = Screening.objects.get(participant=participant)
        saved = save_screening(
            screening,
            facts=factories.eligible_facts(),
            version=screening.version,
            by=coordinator,
            reason="New samples",
        )
        said = refusal(lambda: allocate(participant, by=coordinator))
        assert said == "The investigator has not confirmed eligibility"
        confirm_eligibility(saved, version=saved.version, by=investigator)
        assert allocate(participant, by=coordinator).slot.sequence == 1


def test_after_allocation_the_screening_is_closed(site: Site, coordinator: User) -> None:
    screening = factories.allocated(site).screening
    said = refusal(
        lambda: save_screening(
            screening,
            facts=factories.eligible_facts(malignancy=True),
            version=screening.version,
            by=coordinator,
            reason="Too late",
        )
    )
    assert said == "The patient is allocated; the screening is closed"


def test_a_slot_put_into_anothers_place_is_noticed(site: Site, coordinator: User) -> None:
    factories.allocation_list()
    first, second = AllocationSlot.objects.order_by("sequence")[:2]
    AllocationSlot.objects.filter(pk=first.pk).update(sealed_arm=second.sealed_arm)
    participant = factories.enrolled(site)
    said = refusal(lambda: allocate(participant, by=coordinator))
    assert said == "The allocation list is damaged; tell the sponsor"


# --- R24: nobody reads an unused slot ---------------------------------------------------------


def arms_written_in(text: str) -> set[str]:
    return {arm for arm in current().allocation.arms if f'"{arm}"' in text or f"|{arm}" in text}


@pytest.mark.requirement("R24")
def test_a_new_list_shows_its_hash_and_nothing_else(site: Site) -> None:
    made = factories.allocation_list()
    rows = list(AllocationSlot.objects.values_list("sealed_arm", flat=True))
    assert len(rows) == made.length >= 20
    assert len(set(map(len, rows))) == 1  # the length of a sealed arm tells nothing
    assert len(set(rows)) == made.length
    assert arms_written_in(json.dumps([*rows, made.sealed_file])) == set()
    stored = json.loads(unseal(made.sealed_file))
    assert commitment(stored["csv"]) == made.sha256
    assert stored["seed"] == "TEST-SEED-0001"
    [entry] = AuditEntry.objects.filter(event="allocation_list_generated")
    assert entry.changes == {"label": made.label, "sha256": made.sha256, "length": made.length}


@pytest.mark.requirement("R24")
def test_the_audit_trail_names_an_arm_only_where_it_was_revealed(site: Site) -> None:
    factories.allocation_list()
    factories.enrolled(site)
    before = json.dumps(list(AuditEntry.objects.values_list("changes", flat=True)))
    assert arms_written_in(before) == set()
    participant = factories.allocated(site)
    after = AuditEntry.objects.exclude(chain=participant.audit_chain)
    assert arms_written_in(json.dumps(list(after.values_list("changes", flat=True)))) == set()


@pytest.mark.requirement("R24")
def test_the_list_is_generated_once_by_the_statistician(site: Site, coordinator: User) -> None:
    with pytest.raises(PermissionDenied):
        generate_allocation_list(by=coordinator, length=10)
    made = factories.allocation_list()
    said = refusal(lambda: generate_allocation_list(by=made.generated_by, length=10))
    assert said == "The allocation list exists already"


def test_two_lists_of_one_seed_have_different_hashes(site: Site) -> None:
    """The nonce: ten arms could otherwise be guessed from the published hash."""
    first = factories.allocation_list()
    arms = [unseal(slot.sealed_arm) for slot in first.slots.all()]
    AllocationSlot.objects.all().delete()
    AllocationList.objects.all().delete()
    second = factories.allocation_list()
    assert [unseal(slot.sealed_arm) for slot in second.slots.all()] == arms
    assert first.sha256 != second.sha256


# --- the command -------------------------------------------------------------------------------


@pytest.mark.requirement("R24")
def test_the_command_prints_the_commitment_only(
    staff: dict[Role, User], capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("generate_allocation_list", by=staff[Role.STATISTICIAN].username)
    printed = capsys.readouterr().out
    made = AllocationList.objects.get()
    assert made.sha256 in printed
    assert made.length >= 2 * current().identification.enrolment_target
    assert not [arm for arm in current().allocation.arms if arm in printed]


@pytest.mark.parametrize(
    ("by", "length", "said"),
    [
        ("nobody", 10, "There is no account named nobody"),
        ("coordinator-pku", 10, "coordinator-pku is no statistician"),
        ("statistician-pku", 0, "at least one place"),
    ],
)
def test_the_command_refuses_in_words(
    staff: dict[Role, User], by: str, length: int, said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("generate_allocation_list", by=by, length=length)
    assert not AllocationList.objects.exists()


def test_the_command_generates_no_second_list(staff: dict[Role, User]) -> None:
    factories.allocation_list()
    with pytest.raises(CommandError, match="exists already"):
        call_command("generate_allocation_list", by=staff[Role.STATISTICIAN].username)


# --- visits and the end ---------------------------------------------------------------------------


@pytest.fixture
def treated(site: Site) -> Participant:
    return factories.on_treatment(site, days_ago=7)


def visit(participant: Participant, code: str) -> Visit:
    return participant.visits.get(code=code)


def test_a_visit_is_recorded_once(treated: Participant, coordinator: User) -> None:
    done = record_visit(visit(treated, "D7"), done_on=clock.today(), by=coordinator)
    assert (done.status, done.done_on) == (Visit.Status.DONE, clock.today())
    said = refusal(lambda: record_visit(done, done_on=None, by=coordinator))
    assert said == "This visit is recorded already"


def test_a_visit_can_be_missed(treated: Participant, coordinator: User) -> None:
    missed = record_visit(visit(treated, "D7"), done_on=None, by=coordinator)
    assert (missed.status, missed.done_on) == (Visit.Status.MISSED, None)


def test_a_visit_outside_its_window_is_recorded_all_the_same(
    treated: Participant, coordinator: User
) -> None:
    early = clock.today() - dt.timedelta(days=2)  # day 5, the window opens on day 6
    done = record_visit(visit(treated, "D7"), done_on=early, by=coordinator)
    assert done.done_on == early
    assert not done.in_window(early)


def test_a_visit_of_tomorrow_is_refused(treated: Participant, coordinator: User) -> None:
    tomorrow = clock.today() + dt.timedelta(days=1)
    said = refusal(lambda: record_visit(visit(treated, "D7"), done_on=tomorrow, by=coordinator))
    assert said == "A visit cannot be done in the future"


def test_the_same_visit_form_saves_once(treated: Participant, coordinator: User) -> None:
    key, day_7 = uuid4(), visit(treated, "D7")
    record_visit(day_7, done_on=clock.today(), by=coordinator, key=key)
    with pytest.raises(AlreadyRecorded):
        record_visit(day_7, done_on=clock.today(), by=coordinator, key=key)


@pytest.mark.parametrize(
    ("after", "why", "said"),
    [
        (State.ON_TREATMENT, "Why not", "Choose how the participation ended"),
        (State.WITHDREW, "  ", "Say why the participation ended"),
        (State.COMPLETED, "Too early", "The participation cannot end like this now"),
    ],
)
def test_an_end_is_possible_now_and_has_a_reason(
    treated: Participant, coordinator: User, after: State, why: str, said: str
) -> None:
    assert refusal(lambda: end_participation(treated, after=after, why=why, by=coordinator)) == said
    assert Participant.objects.get(pk=treated.pk).state == State.ON_TREATMENT


def test_an_end_is_written_down_with_who_and_why(treated: Participant, coordinator: User) -> None:
    ended = end_participation(treated, after=State.LOST, why="Moved away", by=coordinator)
    assert ended.has_ended
    move = Move.objects.filter(participant=treated).last()
    assert (move.before, move.after) == (State.ON_TREATMENT, State.LOST)
    assert (move.why, move.by) == ("Moved away", coordinator)


# --- who, and where ------------------------------------------------------------------------------


@pytest.mark.requirement("R11")
@pytest.mark.requirement("R32")
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SYSTEM])
def test_each_action_asks_for_its_role(site: Site, staff: dict[Role, User], role: Role) -> None:
    draft, eligible, confirmed = (
        make(site) for make in (factories.screening, factories.submitted, factories.confirmed)
    )
    treated = factories.on_treatment(site, days_ago=7)
    waiting = factories.enrolled(site)
    by, facts = staff[role], factories.eligible_facts()
    actions: dict[str, tuple[Callable[[], object], set[Role]]] = {
        "start": (lambda: start_screening(site=site, facts=facts, by=by), {Role.COORDINATOR}),
        "save": (
            lambda: save_screening(draft, facts=facts, version=draft.version, by=by),
            {Role.COORDINATOR},
        ),
        "submit": (
            lambda: submit_screening(draft, version=draft.version, by=by),
            {Role.COORDINATOR},
        ),
        "confirm": (
            lambda: confirm_eligibility(eligible, version=eligible.version, by=by),
            {Role.INVESTIGATOR},
        ),
        "enrol": (lambda: enrol(confirmed, by=by), {Role.COORDINATOR}),
        "allocate": (lambda: allocate(waiting, by=by), {Role.COORDINATOR}),
        "visit": (
            lambda: record_visit(visit(treated, "D7"), done_on=clock.today(), by=by),
            {Role.COORDINATOR, Role.NURSE},
        ),
        "end": (
            lambda: end_participation(treated, after=State.LOST, why="Moved", by=by),
            {Role.COORDINATOR, Role.INVESTIGATOR},
        ),
    }
    for act, allowed in actions.values():
        if role in allowed:
            act()
        else:
            with pytest.raises(PermissionDenied):
                act()


@pytest.mark.requirement("R11")
def test_another_sites_records_do_not_exist_for_an_action(
    other_site: Site, coordinator: User, investigator: User
) -> None:
    facts = factories.eligible_facts()
    draft = factories.screening(other_site, consent=False)
    eligible = factories.submitted(other_site)
    confirmed = factories.confirmed(other_site)
    waiting = factories.enrolled(other_site)
    treated = factories.on_treatment(other_site, days_ago=7)
    actions: list[Callable[[], object]] = [
        lambda: save_screening(draft, facts=facts, version=draft.version, by=coordinator),
        lambda: record_consent(draft, signed_on=yesterday(), by=coordinator, **CONSENT),
        lambda: submit_screening(draft, version=draft.version, by=coordinator),
        lambda: confirm_eligibility(eligible, version=eligible.version, by=investigator),
        lambda: enrol(confirmed, by=coordinator),
        lambda: allocate(waiting, by=coordinator),
        lambda: record_visit(visit(treated, "D7"), done_on=clock.today(), by=coordinator),
        lambda: end_participation(treated, after=State.LOST, why="Moved", by=coordinator),
    ]
    for act in actions:
        with pytest.raises(PermissionDenied):
            act()
