"""Double clicks of one investigator and clicks of two: one order, one hold, one decision."""

from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from dosing.actions.holds import hold_drug, resume_drug
from dosing.actions.orders import order_drug, stop_drug
from dosing.actions.reviews import keep_order
from dosing.actions.weights import record_weight
from dosing.models import BodyWeight, DoseReview, Hold, Order, Withdrawal
from enrollment.models import Participant
from oversight import verification
from oversight.recording import AlreadyRecorded
from oversight.refusals import Refused
from tests import factories
from tests.dosing.conftest import Blood, at
from tests.enrollment.crowd import at_once, one_crowd_at_a_time
from trial_site.models import User
from trial_site.roles import Role

CLICKS = 24
LOSERS = CLICKS - 1

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    with one_crowd_at_a_time():
        yield


@pytest.fixture
def doctors(participant: Participant) -> list[User]:
    names = ("doctor-one", "doctor-two")
    site = participant.site
    return [factories.user(Role.INVESTIGATOR, site, username=name) for name in names]


def said(verb: str, attempt: object) -> str:
    try:
        attempt()  # type: ignore[operator]
    except (Refused, AlreadyRecorded) as refused:
        return str(getattr(refused, "message", "saved already"))
    return verb


def order(participant: Participant, by: User, key: UUID | None = None) -> Order:
    return order_drug(
        participant,
        drug="ganciclovir",
        amount=Decimal("300"),
        frequency="q12h",
        starts_at=at(8),
        by=by,
        key=key,
    )


def test_many_clicks_write_one_order(participant: Participant, doctors: list[User]) -> None:
    key = uuid4()
    outcome = at_once(
        lambda number: said("ordered", lambda: order(participant, doctors[0], key)), CLICKS
    )
    assert outcome == {"ordered": 1, "saved already": LOSERS}
    assert Order.objects.count() == 1
    assert not list(verification.verify())


def test_two_investigators_write_one_order(participant: Participant, doctors: list[User]) -> None:
    outcome = at_once(
        lambda number: said("ordered", lambda: order(participant, doctors[number % 2])), CLICKS
    )
    assert outcome == {
        "ordered": 1,
        "This drug is ordered already: say why it changes": LOSERS,
    }
    assert Order.objects.filter(ends_at=None).count() == 1


def test_two_investigators_hold_once_and_resume_once(
    participant: Participant, doctors: list[User]
) -> None:
    order(participant, doctors[0])

    def hold(number: int) -> str:
        by = doctors[number % 2]
        return said(
            "held",
            lambda: hold_drug(participant, drug="ganciclovir", why="other", note="Rash", by=by),
        )

    assert at_once(hold, CLICKS) == {"held": 1, "This drug is held already": LOSERS}
    held = Hold.objects.get()

    def resume(number: int) -> str:
        by = doctors[number % 2]
        return said("resumed", lambda: resume_drug(held, why="Rash gone", by=by))

    assert at_once(resume, CLICKS) == {"resumed": 1, "This hold has ended already": LOSERS}
    assert not list(verification.verify())


def test_holds_and_stops_at_once_leave_no_open_hold_on_a_stopped_drug(
    participant: Participant, doctors: list[User]
) -> None:
    order(participant, doctors[0])

    def act(number: int) -> str:
        by = doctors[number % 2]
        if number % 3:
            return said(
                "held",
                lambda: hold_drug(participant, drug="ganciclovir", why="other", note="x", by=by),
            )
        return said(
            "stopped",
            lambda: stop_drug(participant, drug="ganciclovir", reason="Over", by=by),
        )

    assert at_once(act, CLICKS)["stopped"] == 1
    assert not Order.objects.filter(ends_at=None).exists()
    assert not Hold.objects.filter(resumed_at=None).exists()
    assert not list(verification.verify())


def test_one_review_one_weight_and_one_withdrawal(
    participant: Participant, doctors: list[User], blood: Blood
) -> None:
    written = order(participant, doctors[0])
    blood(participant, creatinine="150")

    def keep(number: int) -> str:
        by = doctors[number % 2]
        return said("kept", lambda: keep_order(written, band="25-50", why="Repeat", by=by))

    assert at_once(keep, CLICKS)["kept"] == 1

    def weigh(number: int) -> str:
        by = doctors[number % 2]
        return said(
            "weighed",
            lambda: record_weight(participant, kg=Decimal(61), measured_at=at(9), by=by),
        )

    assert at_once(weigh, CLICKS)["weighed"] == 1
    factories.dose(written, at(8))

    def withdraw(number: int) -> str:
        by = doctors[number % 2]
        return said("withdrawn", lambda: factories.withdrawn(participant, by=by))

    assert at_once(withdraw, CLICKS) == {
        "withdrawn": 1,
        "This participant is no longer on treatment": LOSERS,
    }
    counts = [model.objects.count() for model in (DoseReview, BodyWeight, Withdrawal)]
    assert counts == [1, 1, 1]
    assert not Order.objects.filter(ends_at=None).exists()
    assert not list(verification.verify())
