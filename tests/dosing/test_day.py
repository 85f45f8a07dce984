"""How the doses of a day stand: planned, due, late, held, recorded; and who is shown where."""

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dosing.actions.orders import order_drug
from dosing.cards import Card
from dosing.checks import Given
from dosing.day import DayPlan, day_plan
from dosing.models import Administration, DrugChoice, Order
from dosing.sheet import BY_SUBJECT, BY_URGENCY, Sheet, sheet_for
from dosing.wards import Ward
from enrollment.actions.participation import end_participation
from enrollment.models import Participant
from enrollment.states import State
from labs.models import ResultStatus
from oversight.recording import recorded
from tests import factories
from tests.dosing.conftest import CONTROL_ARM, IL2_ARM, Blood, at
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import Site, User
from trial_site.roles import Role

Staff = dict[Role, User]
TODAY = dt.date(2026, 3, 18)


@pytest.fixture
def nurse(staff: Staff) -> User:
    return staff[Role.NURSE]


def plan(user: User) -> DayPlan:
    return day_plan(user, [TODAY], clock.now())


def sheet(user: User, day: dt.date = TODAY, order: str = BY_URGENCY) -> Sheet:
    return sheet_for(user, day=day, order=order, page="1")


def only_ward(user: User, day: dt.date = TODAY) -> Ward:
    (ward,) = sheet(user, day).wards
    return ward


def cards(ward: Ward) -> list[list[str]]:
    """The headings of each column."""
    return [[str(card.heading) for card in column.cards] for column in ward.columns]


def first_card(ward: Ward, column: int = 1) -> Card:
    return ward.columns[column].cards[0]


# --- states -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hour", "minute", "state", "heading"),
    [
        (6, 59, "planned", "Planned"),
        (7, 0, "due", "Due in 1 h 0 min"),
        (7, 42, "due", "Due in 18 min"),
        (8, 0, "due", "Due now"),
        (8, 18, "due", "Due for 18 min"),
        (8, 59, "due", "Due for 59 min"),
        (9, 0, "late", "Late 1 h 0 min"),
        (9, 42, "late", "Late 1 h 42 min"),
    ],
)
def test_a_dose_of_eight_oclock_through_the_morning(
    order: Order, nurse: User, hour: int, minute: int, state: str, heading: str
) -> None:
    with time_machine.travel(at(hour, minute), tick=False):
        card = first_card(only_ward(nurse))
    assert (card.slot.state, str(card.heading), card.time) == (state, heading, "08:00")


def test_seconds_change_no_minute_on_the_card(order: Order, nurse: User) -> None:
    with time_machine.travel(at(7, 42).replace(second=59), tick=False):
        assert str(first_card(only_ward(nurse)).heading) == "Due in 18 min"


@pytest.mark.parametrize(
    ("values", "is_held"),
    [
        ({"anc": "0.49"}, True),
        ({"anc": "0.5"}, False),
        ({"anc": "<0.5"}, True),
        ({"anc": "<0.1"}, True),
        ({"anc": "<1.0"}, False),
        ({"hemoglobin": "79"}, True),
        ({"hemoglobin": "80"}, False),
        ({"platelets": "24"}, True),
        ({"platelets": "25"}, False),
        ({}, False),
    ],
)
def test_a_blood_count_holds_ganciclovir(
    order: Order, nurse: User, blood: Blood, values: dict[str, str], is_held: bool
) -> None:
    if values:
        blood(order.participant, **values)
    states = {slot.state for slot in plan(nurse).slots}
    assert states == ({"held"} if is_held else {"late", "planned"})


def test_il2_is_not_held_by_a_blood_count(
    il2_order: Order, order: Order, nurse: User, blood: Blood
) -> None:
    blood(order.participant, anc="0.1")
    states = {slot.drug: slot.state for slot in plan(nurse).slots}
    assert states == {"il2": "late", "ganciclovir": "held"}


def test_the_latest_result_decides(order: Order, nurse: User, blood: Blood) -> None:
    blood(order.participant, at(6, day=17), anc="0.3")
    blood(order.participant, at(6), anc="1.2")
    assert {slot.state for slot in plan(nurse).slots} == {"late", "planned"}


def test_a_result_entered_in_error_holds_nothing(
    order: Order, nurse: User, blood: Blood, staff: Staff
) -> None:
    (result,) = blood(order.participant, anc="0.3")
    result.status = ResultStatus.IN_ERROR
    with recorded(by=staff[Role.LAB], reason="Another participant's tube"):
        result.save()
    assert {slot.state for slot in plan(nurse).slots} == {"late", "planned"}


def test_a_held_card_shows_the_result_and_has_no_main_action(
    order: Order, nurse: User, blood: Blood
) -> None:
    blood(order.participant, anc="0.49")
    ward = only_ward(nurse)
    first, second = first_card(ward, 1), first_card(ward, 2)
    assert [str(line) for line in first.why] == [
        "Neutrophils (ANC) 0.49\u00a0×10⁹/L, below 0.5: hold (blood of 18 Mar 06:30)"
    ]
    assert [button.label for button in first.buttons] == [
        "Record not given: held",
        "Something else happened",
    ]
    assert {button.look for button in first.buttons} == {""}
    assert second.buttons == ()


def test_a_bound_is_shown_as_it_was_printed(order: Order, nurse: User, blood: Blood) -> None:
    blood(order.participant, anc="<0.5")
    assert "<0.5\u00a0×10⁹/L, below 0.5" in str(first_card(only_ward(nurse)).why[0])


def test_unknown_counts_are_named_and_never_good(order: Order, nurse: User, blood: Blood) -> None:
    blood(order.participant, anc="<1.0", platelets="140")
    assert [str(line) for line in first_card(only_ward(nurse)).why[-2:]] == [
        "no result for Neutrophils (ANC)",
        "no result for Haemoglobin",
    ]


def test_a_recorded_dose_says_what_and_who(order: Order, nurse: User) -> None:
    part = Given("partial", Decimal("180"), at(8, 5), why="error", note="Cannula out")
    factories.dose(order, at(8), part)
    card = first_card(only_ward(nurse))
    assert str(card.heading) == "Given in part 08:05"
    assert (card.amount, str(card.ordered)) == (Decimal("180"), "300\u00a0mg")
    assert [str(line) for line in card.why] == ["Error", "Cannula out", "Recorded by nurse-pku"]
    labels = [button.label for button in card.buttons]
    assert labels == ["Undo", "Vital signs", "Reaction", "Correct"]


def test_the_last_dose_and_the_basis_say_why(participant: Participant, nurse: User) -> None:
    with time_machine.travel(at(9, day=17), tick=False):
        order = factories.order(participant, frequency="q24h", phase="maintenance")
        factories.dose(order, at(8, day=17))
    why = [str(line) for line in first_card(only_ward(nurse)).why]
    assert why[:3] == [
        "Last dose 17 Mar 08:00, 25 h 42 min ago",
        "creatinine clearance 99.98 mL/min, at least 70: 5 mg/kg q24h",
        "60 kg × 5 mg/kg = 300 mg",
    ]


# --- days ---------------------------------------------------------------------------------------


def test_yesterday_shows_what_nobody_recorded(order: Order, nurse: User) -> None:
    with time_machine.travel(at(9, day=19), tick=False):
        card = first_card(only_ward(nurse, TODAY))
        today = sheet(nurse, dt.date(2026, 3, 19))
    assert (str(card.heading), card.why) == ("Not recorded", ())
    assert [button.label for button in card.buttons] == ["Record what happened"]
    assert card.buttons[0].url.endswith("/20260318T0000Z/record/?outcome=given")
    assert today.forgotten == 2


def test_a_dose_of_midnight_belongs_to_the_day_that_begins(
    participant: Participant, nurse: User
) -> None:
    factories.dose(factories.order(participant, starts_at=at(12, day=17)), at(0))
    days = day_plan(nurse, [TODAY - dt.timedelta(days=1), TODAY], clock.now()).slots
    assert [(slot.day.day, slot.state) for slot in days] == [
        (17, "late"),
        (18, "given"),
        (18, "planned"),
    ]


def test_an_old_dose_is_not_held_by_todays_blood(order: Order, nurse: User, blood: Blood) -> None:
    with time_machine.travel(at(9, day=19), tick=False):
        blood(order.participant, at(6, day=19), anc="0.2")
        assert first_card(only_ward(nurse, TODAY)).slot.state == "late"
        assert first_card(only_ward(nurse, dt.date(2026, 3, 19))).slot.state == "held"


def test_tomorrow_is_planned_and_has_no_buttons(order: Order, nurse: User) -> None:
    ward = only_ward(nurse, dt.date(2026, 3, 19))
    assert cards(ward) == [[], ["Planned"], ["Planned"]]
    assert all(not card.buttons for column in ward.columns for card in column.cards)


def test_nothing_is_planned_once_the_participant_left(
    order: Order, nurse: User, staff: Staff
) -> None:
    factories.dose(order, at(8))
    end_participation(
        order.participant, after=State.LOST, why="No contact", by=staff[Role.COORDINATOR]
    )
    ward = only_ward(nurse)
    assert cards(ward)[1:] == [["Given 08:00"], []]
    assert str(ward.columns[2].absent) == "The participation has ended"
    assert sheet(nurse, dt.date(2026, 3, 19)).wards == []


def test_leaving_follow_up_brings_no_dose_back(site: Site, nurse: User, staff: Staff) -> None:
    treated = factories.on_treatment(site, CONTROL_ARM)
    factories.withdrawn(treated, "Conversion", by=staff[Role.INVESTIGATOR])
    with time_machine.travel(at(23), tick=False):
        end_participation(treated, after=State.LOST, why="No contact", by=staff[Role.COORDINATOR])
        slots = plan(nurse).slots
    assert [timezone.localtime(slot.at).hour for slot in slots] == [8]


def test_a_large_ward_is_shown_page_by_page(site: Site, nurse: User) -> None:
    for hour in range(11):
        factories.order(factories.allocated(site, CONTROL_ARM), starts_at=at(10 + hour))
    first = sheet(nurse)
    second = sheet_for(nurse, day=TODAY, order=BY_URGENCY, page="2")
    assert (len(first.wards), len(second.wards)) == (10, 1)
    assert {ward.participant for ward in second.wards}.isdisjoint(
        ward.participant for ward in first.wards
    )
    assert first.tally == second.tally == [("due", Message("%(n)s due", {"n": "1"}))]


# --- columns --------------------------------------------------------------------------------------


def test_columns_never_move_and_say_what_is_not_there(
    site: Site, nurse: User, order: Order
) -> None:
    control = factories.allocated(site, CONTROL_ARM)
    factories.order(control, frequency="q24h")
    first, second = sheet(nurse, order=BY_SUBJECT).wards
    if first.participant == control:
        first, second = second, first
    assert [str(column.absent or "") for column in first.columns] == [
        "Not ordered yet: ask the investigator",
        "",
        "",
    ]
    assert first.columns[0].to_order == DrugChoice.IL2
    assert [str(column.absent or "") for column in second.columns] == [
        "No IL-2: ganciclovir arm",
        "",
        "No second infusion: once a day",
    ]


def test_an_evening_start_stands_in_the_second_column(
    participant: Participant, nurse: User
) -> None:
    factories.order(participant, starts_at=at(20))
    ward = only_ward(nurse)
    assert str(ward.columns[1].absent) == "First dose 20:00"
    assert ward.columns[2].cards[0].time == "20:00"


def test_a_drug_given_once_a_day_stands_in_its_first_column_at_any_hour(
    participant: Participant, nurse: User
) -> None:
    factories.order(participant, starts_at=at(20), frequency="q24h")
    factories.order(participant, DrugChoice.IL2, starts_at=at(20))
    assert cards(only_ward(nurse)) == [["Planned"], ["Planned"], []]


def test_an_order_that_ended_before_it_began_plans_nothing(
    site: Site, nurse: User, staff: Staff
) -> None:
    treated = factories.on_treatment(site, IL2_ARM)
    factories.order(treated, DrugChoice.IL2, starts_at=at(20))
    factories.withdrawn(treated, "Conversion", by=staff[Role.INVESTIGATOR])
    ward = only_ward(nurse)
    assert cards(ward)[0] == []
    assert str(ward.columns[0].absent) == "Stopped before the first dose"


def test_an_order_of_tomorrow_is_announced(participant: Participant, nurse: User) -> None:
    factories.order(participant, starts_at=at(8, day=19))
    ward = only_ward(nurse)
    assert [str(column.absent) for column in ward.columns[1:]] == ["First dose 19 Mar 08:00"] * 2


def test_a_stopped_drug_says_since_when(site: Site, nurse: User, staff: Staff) -> None:
    treated = factories.on_treatment(site, IL2_ARM)
    factories.withdrawn(treated, "Conversion", by=staff[Role.INVESTIGATOR])
    ward = only_ward(nurse)
    assert cards(ward)[1] == ["Late 1 h 42 min"]
    assert str(ward.columns[2].absent) == "Stopped 09:42"


def test_a_change_of_order_keeps_every_dose_of_the_day(order: Order, nurse: User) -> None:
    factories.dose(order, at(8))
    order_drug(
        order.participant,
        drug=DrugChoice.GANCICLOVIR,
        amount=Decimal("150"),
        frequency="q12h",
        starts_at=at(10),
        change_reason="Clearance",
        departure_reason="Half",
        by=factories.user(Role.INVESTIGATOR, order.participant.site),
    )
    ward = only_ward(nurse)
    assert cards(ward)[1:] == [["Given 08:00", "Due in 18 min"], ["Planned"]]
    assert ward.columns[2].cards[0].time == "22:00"


def test_a_dose_recorded_early_stays_when_its_order_ends_before_it(
    order: Order, nurse: User, staff: Staff
) -> None:
    factories.dose(order, at(8))
    with time_machine.travel(at(19, 30), tick=False):
        factories.dose(order, at(20), Given("given", Decimal("300"), at(19, 30)))
        factories.withdrawn(order.participant, "Conversion", by=staff[Role.INVESTIGATOR])
        assert cards(only_ward(nurse))[2] == ["Given 19:30"]


# --- order and size -------------------------------------------------------------------------------


def test_the_most_urgent_participant_comes_first(site: Site, nurse: User, blood: Blood) -> None:
    planned, held, due, late, done = (factories.allocated(site, CONTROL_ARM) for _ in range(5))
    factories.order(planned, starts_at=at(12), frequency="q24h")
    factories.order(held, starts_at=at(8))
    blood(held, anc="0.2")
    factories.order(due, starts_at=at(10))
    factories.order(late, starts_at=at(8))
    factories.dose(factories.order(done, starts_at=at(8), frequency="q24h"), at(8))

    by_urgency = [ward.participant for ward in sheet(nurse).wards]
    assert by_urgency == [late, due, held, planned, done]
    by_subject = [ward.participant.subject for ward in sheet(nurse, order=BY_SUBJECT).wards]
    assert by_subject == sorted(by_subject)
    assert [(kind, str(text)) for kind, text in sheet(nurse).tally] == [
        ("late", "1 late"),
        ("held", "2 held"),
        ("due", "1 due"),
        ("done", "1 given"),
    ]


def test_only_the_sites_of_the_user_are_shown(order: Order, nurse: User, other_site: Site) -> None:
    stranger = factories.user(Role.NURSE, other_site)
    assert len(sheet(nurse).wards) == 1
    assert sheet(stranger).wards == []


def test_an_allocated_participant_without_any_order_is_not_shown(
    participant: Participant, nurse: User
) -> None:
    assert sheet(nurse).wards == []


def test_queries_do_not_grow_with_the_ward(site: Site, nurse: User, blood: Blood) -> None:
    counts = []
    for _ in range(3):
        treated = factories.on_treatment(site, IL2_ARM)
        factories.order(treated, DrugChoice.IL2)
        blood(treated, anc="1.2")
        with CaptureQueriesContext(connection) as queries:
            sheet(nurse)
        counts.append(len(queries))
    assert counts[0] == counts[1] == counts[2]
    assert counts[0] <= 11
    assert Administration.objects.count() == 3
