"""From the first draft to a participant: what each action writes, and what it refuses."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from enrollment.actions.participation import enrol
from enrollment.actions.screening import (
    confirm_eligibility,
    save_screening,
    start_screening,
    submit_screening,
)
from enrollment.facts import ScreeningFacts
from enrollment.models import (
    Move,
    Participant,
    Screening,
)
from enrollment.states import State
from oversight.recording import AlreadyRecorded, ReasonRequired
from oversight.records import StaleRecord
from oversight.refusals import NeedsConfirmation
from oversight.trail import AuditEntry
from tests import factories
from tests.enrollment.acting import refusal
from trial_site import clock
from trial_site.models import Site, User

pytestmark = pytest.mark.django_db


def confirm(screening: Screening, by: User, version: int | None = None) -> Screening:
    return confirm_eligibility(
        screening,
        version=screening.version if version is None else version,
        signature=factories.signature(by),
        by=by,
    )


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
    said = refusal(lambda: confirm(screening, investigator))
    assert said == "Only an eligible screening can be confirmed"


def test_eligibility_is_confirmed_once_on_the_version_that_was_shown(
    site: Site, investigator: User
) -> None:
    screening = factories.submitted(site)
    with pytest.raises(StaleRecord):
        confirm(screening, investigator, screening.version - 1)
    confirmed = confirm(screening, investigator)
    assert confirmed.confirmed_by == investigator
    said = refusal(lambda: confirm(confirmed, investigator))
    assert said == "Eligibility is confirmed already"


@pytest.mark.requirement("R28")
def test_no_participant_without_consent(site: Site, coordinator: User) -> None:
    draft = factories.screening(site, consent=False)
    said = refusal(lambda: enrol(draft, by=coordinator))
    assert said == "Record the consent first: it precedes the verdict"
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
    assert (move.before, move.after, move.by) == (State.ELIGIBLE, State.ENROLLED, coordinator)
    said = refusal(lambda: enrol(first.screening, by=coordinator))
    assert said == "The patient is enrolled already"
