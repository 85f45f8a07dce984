"""What is offered as an adverse event, to whom, and when it is offered no more."""

import datetime as dt
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from dosing.actions.reactions import retract_reaction
from enrollment.models import Participant
from oversight.refusals import Refused
from safety.actions.events import Offered, report_event, retract_event
from safety.actions.offers import decline_offer
from safety.models import AdverseEvent, DeclinedOffer
from safety.offers import Offer, offer_named, open_offers
from tests import factories
from tests.labs.examples import hours_ago
from tests.safety import harm
from trial_site.models import Site, User
from trial_site.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def treated(site: Site) -> Participant:
    return factories.on_treatment(site, "gcv")


@pytest.fixture
def nurse(site: Site) -> User:
    return factories.user(Role.NURSE, site)


@pytest.fixture
def investigator(site: Site) -> User:
    return factories.user(Role.INVESTIGATOR, site)


def sources(user: User) -> list[str]:
    return [offer.source for offer in open_offers(user)]


def decline(offer: Offer, by: User, why: str = "Known migraine") -> DeclinedOffer:
    return decline_offer(
        offer.participant,
        source=offer.source,
        why=why,
        allowed=offer.declining,
        by=by,
        key=uuid4(),
    )


def test_nothing_becomes_an_event_by_itself(treated: Participant, nurse: User) -> None:
    seen, found = harm.reaction(treated), harm.severe_result(treated)
    assert sources(nurse) == [f"result:{found.pk}", f"reaction:{seen.pk}"]
    assert not AdverseEvent.objects.exists()


def test_an_offer_says_what_it_is_made_from(treated: Participant, nurse: User) -> None:
    harm.reaction(treated, kind="redness", grade=1)
    harm.severe_result(treated, "0.4")
    result, reaction = open_offers(nurse)
    assert (str(result.name), result.grade, result.code) == ("Neutrophil count decreased", 4, "anc")
    assert "0.4" in str(result.why)
    assert (str(reaction.name), reaction.code) == ("Injection site reaction", "injection_site")
    assert str(reaction.why) == "Redness at the site"


@pytest.mark.parametrize(("value", "offered"), [("0.99", True), ("1.0", False), ("1.2", False)])
def test_results_are_offered_from_grade_3_on(
    treated: Participant, nurse: User, value: str, offered: bool
) -> None:
    harm.severe_result(treated, value)  # ANC: grade 3 below 1.0, grade 2 from there (DOMAIN 8)
    assert bool(sources(nurse)) is offered


def test_the_baseline_is_not_offered(treated: Participant, nurse: User) -> None:
    """The first dose was 28 hours ago."""
    harm.severe_result(treated, hours=28)
    assert sources(nurse) == []
    harm.severe_result(treated, hours=27)
    assert len(sources(nurse)) == 1


def test_another_sites_offers_do_not_exist(
    treated: Participant, other_site: Site, nurse: User
) -> None:
    seen = harm.reaction(treated)
    stranger = factories.user(Role.NURSE, other_site)
    assert sources(stranger) == []
    assert offer_named(stranger, f"reaction:{seen.pk}") is None
    assert offer_named(nurse, f"reaction:{seen.pk}") is not None


@pytest.mark.parametrize(
    "source", ["", "reaction", "reaction:", "reaction:x", "dose:1", "result:9"]
)
def test_what_is_no_offer_is_none(nurse: User, source: str) -> None:
    assert offer_named(nurse, source) is None


def test_an_offer_that_is_taken_over_leaves_and_comes_back_with_an_error(
    treated: Participant, nurse: User
) -> None:
    seen = harm.reaction(treated)
    facts = harm.facts(onset_time=dt.time(9, 0))
    event = report_event(treated, facts=facts, offered=Offered(reaction=seen), by=nurse)
    assert sources(nurse) == []
    retract_event(event, reason="Another participant", version=1, by=nurse)
    assert sources(nurse) == [f"reaction:{seen.pk}"]


def test_an_offer_leaves_with_its_reaction(treated: Participant, nurse: User) -> None:
    seen = harm.reaction(treated)
    retract_reaction(seen, reason="Another participant", version=seen.version, by=nurse)
    assert sources(nurse) == []


# --- what an event covers ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grade", "days_ago", "ended_days_ago", "covered"),
    [
        (3, 0, None, True),
        (4, 0, None, True),
        (2, 0, None, False),  # it has become worse
        (3, 1, 1, False),  # it was over
        (3, 1, 0, True),
    ],
)
def test_an_event_covers_what_is_no_worse_and_within_its_dates(
    treated: Participant,
    nurse: User,
    grade: int,
    days_ago: int,
    ended_days_ago: int | None,
    covered: bool,
) -> None:
    harm.severe_result(treated)
    today = harm.facts().onset_on
    ended = None if ended_days_ago is None else today - dt.timedelta(days=ended_days_ago)
    harm.event(
        treated,
        term="Neutrophil count decreased",
        criteria_code="anc",
        grade=grade,
        onset_on=today - dt.timedelta(days=days_ago),
        onset_time=None,
        ended_on=ended,
    )
    assert (sources(nurse) == []) is covered


def test_an_event_of_another_participant_covers_nothing(
    treated: Participant, site: Site, nurse: User
) -> None:
    harm.reaction(treated)
    harm.event(factories.on_treatment(site, "il2_gcv"), grade=3)
    assert len(sources(nurse)) == 1


# --- declining --------------------------------------------------------------------------------


def test_a_declined_offer_is_not_made_again(treated: Participant, nurse: User) -> None:
    harm.reaction(treated)
    [offer] = open_offers(nurse)
    declined = decline(offer, nurse)
    assert (declined.source, declined.why, declined.declined_by) == (
        offer.source,
        "Known migraine",
        nurse,
    )
    assert sources(nurse) == []
    with pytest.raises(Refused, match="already"):
        decline(offer, nurse)


def test_declining_needs_a_reason(treated: Participant, nurse: User) -> None:
    harm.reaction(treated)
    [offer] = open_offers(nurse)
    with pytest.raises(Refused, match="why"):
        decline(offer, nurse, why=" ")


def test_a_graded_result_is_declined_by_an_investigator_alone(
    treated: Participant, nurse: User, investigator: User
) -> None:
    harm.severe_result(treated)
    [offer] = open_offers(nurse)
    with pytest.raises(PermissionDenied):
        decline(offer, nurse)
    assert decline(offer, investigator).pk


def test_two_hundred_offers_take_few_queries(
    treated: Participant, nurse: User, django_assert_max_num_queries: object
) -> None:
    for grade in (1, 2) * 10:
        harm.reaction(treated, kind="chills", grade=grade, onset_at=hours_ago(2))
    harm.severe_result(treated)
    with django_assert_max_num_queries(4):  # type: ignore[operator]
        assert len(open_offers(nurse)) == 21
