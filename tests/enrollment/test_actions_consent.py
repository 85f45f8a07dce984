"""What a consent carries, and what its withdrawal stops."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from enrollment.actions.allocation import allocate
from enrollment.actions.consent import register_consent_version, withdraw_consent
from enrollment.actions.gates import consent_problem
from enrollment.actions.participation import enrol
from enrollment.actions.screening import confirm_eligibility, submit_screening
from enrollment.models import Allocation, ConsentVersion, Move, Participant, Screening
from enrollment.states import State
from labs.models import Result
from oversight.refusals import NeedsConfirmation
from tests import factories
from tests.enrollment.acting import refusal
from tests.labs.examples import entered, pcr
from trial_site import clock
from trial_site.models import Site, User
from trial_site.roles import Role

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R28")]


def withdrawn(screening: Screening, by: User, at: dt.datetime | None = None) -> None:
    withdraw_consent(screening, withdrawn_at=at or clock.now(), why="Changed her mind", by=by)


@pytest.mark.parametrize("days", [0, 1, 400])
def test_a_consent_keeps_its_moment(site: Site, days: int) -> None:
    factories.consent_form(valid_from=clock.today() - dt.timedelta(days=500))
    bare = factories.screening(site, consent=False)
    at = clock.now() - dt.timedelta(days=days)
    assert factories.sign_consent(bare, signed_at=at).signed_at == at


def test_a_consent_of_the_future_is_refused(site: Site) -> None:
    bare = factories.screening(site, consent=False)
    soon = clock.now() + dt.timedelta(minutes=1)
    said = refusal(lambda: factories.sign_consent(bare, signed_at=soon))
    assert said == "Consent cannot be dated in the future"


def test_the_first_consent_counts_for_age_and_the_last_is_the_current_one(site: Site) -> None:
    screening = factories.screening(site)
    factories.consent_form("1.2", valid_from=clock.today())
    factories.sign_consent(screening, "1.2", signed_at=clock.now())
    screening = Screening.objects.get()
    assert screening.consent is not None
    assert screening.latest_consent is not None
    assert screening.consent.form.version_label == "1.1"
    assert screening.latest_consent.form.version_label == "1.2"
    assert consent_problem(screening, clock.today()) is None


@pytest.mark.parametrize(("days", "due"), [(-1, False), (0, True), (1, True)])
def test_consent_is_due_from_the_day_of_the_new_version(site: Site, days: int, due: bool) -> None:
    screening = factories.screening(site)
    replaced_on = clock.today() + dt.timedelta(days=10)
    factories.consent_form("1.2", valid_from=replaced_on)
    on = replaced_on + dt.timedelta(days=days)
    assert (consent_problem(screening, on) is not None) is due


def test_a_version_in_another_language_replaces_nothing(site: Site) -> None:
    screening = factories.screening(site)
    factories.consent_form("1.2", "en", valid_from=clock.today())
    assert consent_problem(screening, clock.today()) is None


def test_a_version_begins_after_the_one_it_replaces(site: Site) -> None:
    first = factories.consent_form()
    said = refusal(lambda: factories.consent_form("1.2", valid_from=first.valid_from))
    assert said == f"Version 1.1 is valid from {first.valid_from} on; begin later"
    assert ConsentVersion.objects.get().valid_to is None


@pytest.mark.parametrize("sha256", ["", "0123", "g" * 64, "0" * 63])
def test_a_version_needs_the_hash_of_its_file(staff: dict[Role, User], sha256: str) -> None:
    with pytest.raises(ValidationError):
        register_consent_version(
            version_label="1.1",
            language="en",
            valid_from=clock.today(),
            file_sha256=sha256,
            by=staff[Role.DATA_MANAGER],
        )
    assert not ConsentVersion.objects.exists()


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.INVESTIGATOR, Role.ADMIN])
def test_only_the_data_manager_registers(staff: dict[Role, User], role: Role) -> None:
    with pytest.raises(PermissionDenied):
        register_consent_version(
            version_label="1.1",
            language="en",
            valid_from=clock.today(),
            file_sha256="0" * 64,
            by=staff[role],
        )


def test_an_outdated_version_is_asked_about_once(site: Site) -> None:
    bare = factories.screening(site, consent=False)
    factories.consent_form()
    factories.consent_form("1.2", valid_from=clock.today() - dt.timedelta(days=9))
    with pytest.raises(NeedsConfirmation):
        factories.sign_consent(bare, confirmed=False)
    assert not bare.consents.exists()
    assert factories.sign_consent(bare, confirmed=True).form.version_label == "1.1"


# --- what a withdrawal stops ----------------------------------------------------------------------


@pytest.mark.requirement("R10")
def test_a_withdrawal_stops_every_next_step(
    site: Site, coordinator: User, investigator: User
) -> None:
    factories.allocation_list()
    draft, eligible = factories.screening(site), factories.submitted(site)
    confirmed, enrolled = factories.confirmed(site), factories.enrolled(site)
    for screening in (draft, eligible, confirmed, enrolled.screening):
        withdrawn(screening, coordinator)
    fresh = Screening.objects.get
    signature = factories.signature(investigator)
    steps: list[tuple[Callable[[], object], str]] = [
        (
            lambda: submit_screening(draft, version=fresh(pk=draft.pk).version, by=coordinator),
            "This screening has ended",
        ),
        (
            lambda: confirm_eligibility(
                eligible,
                version=fresh(pk=eligible.pk).version,
                signature=signature,
                by=investigator,
            ),
            "This screening has ended",
        ),
        (lambda: enrol(confirmed, by=coordinator), "This screening has ended"),
        (lambda: allocate(enrolled, by=coordinator), "This participant has left the trial"),
        (lambda: factories.sign_consent(draft, by=coordinator), "The consent is withdrawn"),
    ]
    for act, said in steps:
        assert refusal(act) == said
    assert Participant.objects.count() == 1
    assert not Allocation.objects.exists()


@pytest.mark.parametrize(("hours", "taken"), [(4, True), (3, True), (2, False)])
def test_what_was_collected_before_is_entered_and_nothing_after(
    treated: Participant, coordinator: User, hours: int, taken: bool
) -> None:
    """Samples before, at and after the moment of the withdrawal, three hours ago."""
    withdrawn(treated.screening, coordinator, clock.now() - dt.timedelta(hours=3))

    def enter() -> object:
        return entered(treated, pcr("2100"), hours=hours)

    if taken:
        enter()
    else:
        assert refusal(enter) == ("The consent was withdrawn before; nothing is collected after it")
    assert Result.objects.exists() is taken


def test_a_withdrawal_moves_the_participant_and_says_why(
    treated: Participant, coordinator: User
) -> None:
    withdrawn(treated.screening, coordinator)
    assert Participant.objects.get().state == State.WITHDREW
    move = Move.objects.get(after=State.WITHDREW)
    assert (move.participant, move.why) == (treated, "Changed her mind")


def test_after_the_end_a_withdrawal_is_kept_and_moves_nothing(
    treated: Participant, coordinator: User
) -> None:
    from enrollment.actions.participation import end_participation

    end_participation(treated, after=State.LOST, why="No answer", by=coordinator)
    withdrawn(treated.screening, coordinator)
    assert Participant.objects.get().state == State.LOST
    assert Screening.objects.get().withdrawal is not None


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (dt.timedelta(minutes=1), "A withdrawal cannot be dated in the future"),
        (dt.timedelta(days=-3), "A consent is withdrawn after it was signed"),
    ],
)
def test_a_withdrawal_lies_between_the_signature_and_now(
    site: Site, coordinator: User, at: dt.timedelta, said: str
) -> None:
    draft = factories.screening(site)
    assert refusal(lambda: withdrawn(draft, coordinator, clock.now() + at)) == said


def test_what_was_never_given_is_not_withdrawn_and_nothing_twice(
    site: Site, coordinator: User
) -> None:
    bare, draft = factories.screening(site, consent=False), factories.screening(site)
    assert refusal(lambda: withdrawn(bare, coordinator)) == "There is no consent to withdraw"
    withdrawn(draft, coordinator)
    assert refusal(lambda: withdrawn(draft, coordinator)) == "The consent is withdrawn already"
