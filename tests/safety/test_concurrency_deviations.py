"""Two people and one offer, at the same moment: one deviation, or one declined offer."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from enrollment.models import Participant
from oversight import verification
from oversight.recording import AlreadyRecorded
from oversight.refusals import Refused
from safety.actions.deviations import accept_offer, decline_deviation
from safety.models import DeclinedOffer, Deviation
from tests import factories
from tests.enrollment.crowd import at_once, one_crowd_at_a_time
from tests.safety.conducted import sources, treated
from trial_site.models import User
from trial_site.roles import Role

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
CLICKS = 12


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    with one_crowd_at_a_time():
        yield


@pytest.fixture
def participant(transactional_db: None) -> Participant:
    return treated(factories.site(), days_ago=1)


def attempt(act: Callable[[], object]) -> str:
    try:
        act()
    except AlreadyRecorded:
        return "again"
    except Refused:
        return "refused"
    return "done"


def test_an_offer_is_settled_once_however_many_decide(participant: Participant) -> None:
    people: list[User] = [
        factories.user(Role.COORDINATOR, participant.site),
        factories.user(Role.INVESTIGATOR, participant.site),
    ]
    [source] = sources(people[0])

    def decide(number: int) -> str:
        by, key = people[number % 2], uuid4()
        if number % 3:
            return attempt(
                lambda: accept_offer(participant, source=source, description="", by=by, key=key)
            )
        return attempt(
            lambda: decline_deviation(participant, source=source, why="No", by=by, key=key)
        )

    told = at_once(decide, CLICKS)
    assert told == {"done": 1, "refused": CLICKS - 1}
    assert Deviation.objects.count() + DeclinedOffer.objects.count() == 1
    assert not list(verification.verify())


def test_a_form_sent_by_two_windows_at_once_saves_once(participant: Participant) -> None:
    by, key = factories.user(Role.COORDINATOR, participant.site), uuid4()
    [source] = sources(by)
    told = at_once(
        lambda _: attempt(
            lambda: accept_offer(participant, source=source, description="", by=by, key=key)
        ),
        CLICKS,
    )
    assert told == {"done": 1, "again": CLICKS - 1}
    assert Deviation.objects.count() == 1
