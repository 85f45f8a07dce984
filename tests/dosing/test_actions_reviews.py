"""A clearance that moves to another band asks for a review: computed, kept with a reason, gone."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dosing import worklist
from dosing.actions.orders import order_drug, stop_drug
from dosing.actions.reviews import keep_order
from dosing.actions.weights import record_weight, retract_weight
from dosing.models import DoseReview, Order
from dosing.reviews import review_of, reviews_for
from enrollment.actions.participation import end_participation
from enrollment.models import Participant
from enrollment.states import State
from oversight.recording import UnrecordedWrite
from oversight.refusals import Refused
from tests import factories
from tests.dosing.conftest import Blood, at
from trial_site.messages import Message
from trial_site.models import Site, User
from trial_site.presentation import WorkRow
from trial_site.roles import Role

Staff = dict[Role, User]
NOT_INVESTIGATORS = sorted(set(Role) - {Role.INVESTIGATOR, Role.SYSTEM})


@pytest.fixture
def doctor(staff: Staff) -> User:
    return staff[Role.INVESTIGATOR]


def review_rows(user: User) -> list[WorkRow]:
    return [row for row in worklist.rows(user) if "/reviews/" in row.url]


# --- what asks --------------------------------------------------------------------------------


def test_an_order_of_its_own_band_asks_nothing(order: Order, doctor: User, blood: Blood) -> None:
    assert review_of(order) is None
    blood(order.participant, creatinine="88")  # 70.44 mL/min
    assert review_of(order) is None


def test_a_creatinine_of_another_band_asks(order: Order, doctor: User, blood: Blood) -> None:
    blood(order.participant, creatinine="89")  # 69.65 mL/min: not rounded up to 70
    review = review_of(order)
    assert review is not None
    assert (review.proposal.band, str(review.text)) == ("50-70", "150\u00a0mg every 12 hours")
    (row,) = review_rows(doctor)
    assert str(row.title) == "Review the ganciclovir order"
    assert str(row.why) == (
        "Ordered 300\u00a0mg every 12 hours, now proposed 150\u00a0mg every 12 hours: "
        "creatinine clearance 69.65 mL/min, at least 50 and below 70: 2.5 mg/kg q12h"
    )
    assert row.url == f"/dosing/reviews/{order.pk}/"


def test_a_weight_of_another_band_asks_until_it_is_taken_back(
    order: Order, doctor: User, staff: Staff
) -> None:
    """99.98 mL/min at 60 kg are 66.65 at 40 kg."""
    nurse = staff[Role.NURSE]
    light = record_weight(order.participant, kg=Decimal(40), measured_at=at(9), by=nurse)
    review = review_of(order)
    assert review is not None
    assert review.proposal.band == "50-70"
    retract_weight(light, reason="Other patient", version=1, by=nurse)
    assert review_of(order) is None


def test_the_review_keeps_the_phase_of_the_order(participant: Participant, blood: Blood) -> None:
    order = factories.order(participant, frequency="q24h", phase="maintenance")
    blood(participant, creatinine="150")
    review = review_of(order)
    assert review is not None
    assert str(review.text) == "75\u00a0mg every 24 hours"


def test_a_creatinine_without_a_number_asks_nothing(order: Order, blood: Blood) -> None:
    blood(order.participant, creatinine=">1500")
    assert review_of(order) is None


def test_an_order_written_without_a_creatinine_asks_when_there_is_one(
    participant: Participant, doctor: User, blood: Blood
) -> None:
    blood(participant, creatinine="<40")
    order = factories.order(participant)
    assert (order.band, review_of(order)) == ("", None)
    blood(participant, at(8), creatinine="62")
    assert review_of(order) is not None


def test_only_an_open_ganciclovir_order_of_somebody_treated_asks(
    order: Order, il2_order: Order, doctor: User, staff: Staff, blood: Blood
) -> None:
    blood(order.participant, creatinine="150")
    assert review_of(il2_order) is None
    stop_drug(order.participant, drug="ganciclovir", reason="Kidneys", by=doctor)
    assert review_of(order) is None
    again = factories.order(order.participant, starts_at=at(11))
    assert review_of(again) is None
    blood(order.participant, at(8), creatinine="62")
    assert review_of(again) is not None
    end_participation(order.participant, after=State.LOST, why="Gone", by=staff[Role.COORDINATOR])
    assert review_of(again) is None


# --- what answers -----------------------------------------------------------------------------


def test_a_changed_order_ends_the_review(order: Order, doctor: User, blood: Blood) -> None:
    blood(order.participant, creatinine="150")
    assert len(review_rows(doctor)) == 1
    order_drug(
        order.participant,
        drug="ganciclovir",
        amount=Decimal("150"),
        frequency="q24h",
        starts_at=at(10),
        change_reason="Clearance",
        by=doctor,
    )
    assert review_rows(doctor) == []
    assert Order.objects.get(ends_at=None).band == "25-50"


def test_a_kept_order_asks_again_only_at_a_further_band(
    order: Order, doctor: User, blood: Blood
) -> None:
    blood(order.participant, creatinine="150")
    kept = keep_order(order, band="25-50", why=" Repeat tomorrow ", by=doctor)
    assert (kept.why, kept.band, kept.reviewed_at) == ("Repeat tomorrow", "25-50", at(9, 42))
    assert str(Message.from_json(kept.steps[-1])) == "60 kg × 2.5 mg/kg = 150 mg"
    assert review_rows(doctor) == []
    blood(order.participant, at(7), creatinine="300")
    assert len(review_rows(doctor)) == 1
    keep_order(order, band="10-25", why="Dialysis planned", by=doctor)
    blood(order.participant, at(8), creatinine="150")
    assert review_rows(doctor) == []  # this band was looked at for this order
    assert DoseReview.objects.count() == 2


@pytest.mark.parametrize(
    ("band", "why", "said"),
    [
        ("25-50", " ", "Say why the order stays"),
        ("50-70", "Stays", "The clearance has changed since"),
    ],
)
def test_what_is_not_kept(
    order: Order, doctor: User, blood: Blood, band: str, why: str, said: str
) -> None:
    blood(order.participant, creatinine="150")
    with pytest.raises(Refused, match=said):
        keep_order(order, band=band, why=why, by=doctor)
    assert not DoseReview.objects.exists()


def test_nothing_is_kept_that_asks_nothing(order: Order, doctor: User) -> None:
    with pytest.raises(Refused, match="Nothing asks for a review"):
        keep_order(order, band="70-", why="Stays", by=doctor)


def test_a_review_is_written_once(order: Order, doctor: User, blood: Blood) -> None:
    blood(order.participant, creatinine="150")
    kept = keep_order(order, band="25-50", why="Stays", by=doctor)
    kept.why = "Something else"
    with pytest.raises(UnrecordedWrite):
        kept.save()


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", NOT_INVESTIGATORS)
def test_only_the_investigator_keeps(order: Order, staff: Staff, blood: Blood, role: Role) -> None:
    blood(order.participant, creatinine="150")
    with pytest.raises(PermissionDenied):
        keep_order(order, band="25-50", why="Stays", by=staff[role])


# --- many participants ------------------------------------------------------------------------


@pytest.mark.requirement("R11")
def test_another_sites_orders_ask_nobody_here(order: Order, blood: Blood, other_site: Site) -> None:
    blood(order.participant, creatinine="150")
    assert reviews_for(factories.user(Role.INVESTIGATOR, other_site)) == []


def test_reviews_take_as_many_queries_for_many_as_for_one(
    site: Site, doctor: User, blood: Blood, staff: Staff
) -> None:
    def treat() -> Any:
        person = factories.allocated(site, "gcv")
        order = factories.order(person)
        blood(person, creatinine="150")
        record_weight(person, kg=Decimal(61), measured_at=at(7), by=staff[Role.NURSE])
        return order

    treat()
    with CaptureQueriesContext(connection) as few:
        assert len(reviews_for(doctor)) == 1
    for _ in range(3):
        treat()
    with CaptureQueriesContext(connection) as many:
        assert len(reviews_for(doctor)) == 4
    assert len(few) == len(many) == 4
