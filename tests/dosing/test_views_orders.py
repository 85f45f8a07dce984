"""The pages of whoever orders, holds, weighs and withdraws."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dosing.actions.holds import hold_drug
from dosing.actions.weights import record_weight
from dosing.models import BodyWeight, DoseReview, Hold, Order, Withdrawal
from enrollment.actions.participation import begin_rescue, end_participation
from enrollment.models import Participant
from enrollment.states import State
from oversight.trail import AuditAction, AuditEntry
from tests import factories
from tests.dosing.conftest import CONTROL_ARM, Blood, at, pcr
from trial_site.models import Site
from trial_site.protocol import current
from trial_site.roles import Role

Login = Callable[[Role], Client]
PEOPLE = sorted(set(Role) - {Role.SYSTEM})
READERS = {Role.NURSE, Role.INVESTIGATOR, Role.COORDINATOR, Role.MONITOR, Role.DATA_MANAGER}
WEIGHERS = {Role.NURSE, Role.INVESTIGATOR, Role.COORDINATOR}
ALLOWED = {
    "order-new": {Role.INVESTIGATOR},
    "stop": {Role.INVESTIGATOR},
    "hold": {Role.INVESTIGATOR},
    "resume": {Role.INVESTIGATOR},
    "review": {Role.INVESTIGATOR},
    "withdraw": {Role.INVESTIGATOR},
    "rescue-end": {Role.INVESTIGATOR},
    "weight-new": WEIGHERS,
    "weight-correct": WEIGHERS,
    "weight-in-error": WEIGHERS,
}


def said(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def key() -> dict[str, str]:
    return {"entry_key": str(uuid4())}


def html(response: Any) -> str:
    return str(response.content.decode())


def order_url(participant: Participant, drug: str = "ganciclovir") -> str:
    return reverse("dosing:order-new", args=[participant.subject, drug])


def orders_url(participant: Participant) -> str:
    return reverse("dosing:orders", args=[participant.subject])


@pytest.fixture
def held(order: Order) -> Hold:
    by = factories.user(Role.INVESTIGATOR, order.participant.site)
    return hold_drug(order.participant, drug="ganciclovir", why="other", note="Rash", by=by)


@pytest.fixture
def weight(participant: Participant) -> BodyWeight:
    """A weight of 62 kg this morning."""
    by = factories.user(Role.NURSE, participant.site)
    return record_weight(participant, kg=Decimal("62"), measured_at=at(7), by=by)


@pytest.fixture
def rescued(site: Site) -> Participant:
    """In rescue treatment, in the control arm, nothing ordered for it."""
    by = factories.user(Role.INVESTIGATOR, site)
    followed = factories.withdrawn(factories.on_treatment(site, CONTROL_ARM))
    return begin_rescue(followed, why="Relapse", by=by)


# --- who, where, how --------------------------------------------------------------------------


@pytest.fixture
def pages(held: Hold, weight: BodyWeight, rescued: Participant, blood: Blood) -> dict[str, str]:
    """Every page with a record behind it."""
    participant, order = held.participant, Order.objects.get(participant=held.participant)
    blood(participant, creatinine="150")
    subject = participant.subject
    return {
        "order-new": order_url(participant),
        "stop": reverse("dosing:stop", args=[subject, "ganciclovir"]),
        "hold": reverse("dosing:hold", args=[subject, "il2"]),
        "resume": reverse("dosing:resume", args=[held.pk]),
        "review": reverse("dosing:review", args=[order.pk]),
        "withdraw": reverse("dosing:withdraw", args=[subject]),
        "rescue-end": reverse("dosing:rescue-end", args=[rescued.subject]),
        "weight-new": reverse("dosing:weight-new", args=[subject]),
        "weight-correct": reverse("dosing:weight-correct", args=[weight.pk]),
        "weight-in-error": reverse("dosing:weight-in-error", args=[weight.pk]),
    }


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("page", ALLOWED)
def test_each_page_opens_for_its_roles_alone(
    pages: dict[str, str], login: Login, page: str
) -> None:
    for role in PEOPLE:
        expected = 200 if role in ALLOWED[page] else 403
        client = login(role)
        assert client.get(pages[page]).status_code == expected, role
        if expected == 403:
            assert client.post(pages[page], key()).status_code == 403


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", PEOPLE)
def test_the_orders_are_for_those_who_read_doses(order: Order, login: Login, role: Role) -> None:
    expected = 200 if role in READERS else 403
    assert login(role).get(orders_url(order.participant)).status_code == expected


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("page", [*ALLOWED, "orders"])
def test_another_sites_records_do_not_exist(
    pages: dict[str, str], other_site: Site, client: Client, held: Hold, page: str
) -> None:
    client.force_login(factories.user(Role.INVESTIGATOR, other_site))
    url = pages.get(page, orders_url(held.participant))
    assert client.get(url).status_code == 404
    if page in ALLOWED:
        assert client.post(url, key()).status_code == 404


@pytest.mark.parametrize("page", [*ALLOWED, "orders"])
def test_other_methods_are_refused(
    pages: dict[str, str], login: Login, held: Hold, page: str
) -> None:
    url = pages.get(page, orders_url(held.participant))
    assert login(Role.INVESTIGATOR).delete(url).status_code == 405


@pytest.mark.parametrize("page", ["order-new", "stop", "hold"])
def test_an_unknown_drug_does_not_exist(participant: Participant, login: Login, page: str) -> None:
    url = reverse(f"dosing:{page}", args=[participant.subject, "aspirin"])
    assert login(Role.INVESTIGATOR).get(url).status_code == 404


@pytest.mark.parametrize("page", ALLOWED)
def test_an_empty_form_saves_nothing_and_says_why(
    pages: dict[str, str], login: Login, page: str
) -> None:
    before = AuditEntry.objects.count()
    shown = login(Role.INVESTIGATOR).post(pages[page], key())
    assert shown.status_code == 200
    assert shown.context["form"].errors
    assert AuditEntry.objects.count() == before


# --- all orders of one participant ------------------------------------------------------------


def test_before_the_first_order_the_page_offers_to_write_it(
    participant: Participant, login: Login
) -> None:
    page = html(login(Role.INVESTIGATOR).get(orders_url(participant)))
    assert order_url(participant) in page
    assert order_url(participant, "il2") in page


def test_the_control_arm_shows_ganciclovir_alone(control: Participant, login: Login) -> None:
    page = html(login(Role.INVESTIGATOR).get(orders_url(control)))
    assert "Interleukin-2" not in page


def test_an_order_shows_its_basis_its_hold_its_review_and_what_can_be_done(
    held: Hold, il2_order: Order, blood: Blood, login: Login
) -> None:
    participant = held.participant
    blood(participant, creatinine="150", anc="0.49")
    page = html(login(Role.INVESTIGATOR).get(orders_url(participant)))
    for shown in (
        "300\u00a0mg every 12 hours",
        "creatinine clearance 99.98 mL/min, at least 70: 5 mg/kg q12h",
        "Held by the investigator since 18 Mar 09:42: Another reason; Rash",
        "0.49\u00a0×10⁹/L, below 0.5",
        "The creatinine clearance lies in another band than when this was ordered.",
        "1\u00a0million IU every 24 hours",
        reverse("dosing:resume", args=[held.pk]),
        reverse("dosing:review", args=[Order.objects.get(drug="ganciclovir").pk]),
        reverse("dosing:stop", args=[participant.subject, "il2"]),
    ):
        assert shown in page


def test_a_nurse_reads_the_orders_and_may_weigh(order: Order, login: Login) -> None:
    page = html(login(Role.NURSE).get(orders_url(order.participant)))
    assert "300\u00a0mg every 12 hours" in page
    assert reverse("dosing:weight-new", args=[order.participant.subject]) in page
    for name in ("stop", "hold"):
        args = [order.participant.subject, "ganciclovir"]
        assert reverse(f"dosing:{name}", args=args) not in page


def test_a_monitor_may_do_nothing_here(order: Order, login: Login) -> None:
    page = html(login(Role.MONITOR).get(orders_url(order.participant)))
    assert reverse("dosing:weight-new", args=[order.participant.subject]) not in page


def test_the_page_takes_as_many_queries_however_many_orders(
    order: Order, login: Login, held: Hold, blood: Blood
) -> None:
    client, url = login(Role.INVESTIGATOR), orders_url(order.participant)
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for hour in (11, 12, 13):
        factories.order(order.participant, starts_at=at(hour), change_reason="Again")
        by = factories.user(Role.NURSE, order.participant.site)
        record_weight(order.participant, kg=Decimal(60), measured_at=at(hour - 5), by=by)
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) <= len(few) <= 30


def test_after_the_end_of_the_participation_nothing_is_offered(order: Order, login: Login) -> None:
    by = factories.user(Role.COORDINATOR, order.participant.site)
    end_participation(order.participant, after=State.LOST, why="Gone", by=by)
    page = html(login(Role.INVESTIGATOR).get(orders_url(order.participant)))
    assert "The participation has ended" in page
    for name in ("hold", "stop", "order-new"):
        args = [order.participant.subject, "ganciclovir"]
        assert reverse(f"dosing:{name}", args=args) not in page


# --- ordering ---------------------------------------------------------------------------------

AS_PROPOSED = {
    "phase": "induction",
    "amount": "300",
    "frequency": "q12h",
    "starts_at": "2026-03-18T10:00",
}


def test_ganciclovir_is_ordered_as_proposed(participant: Participant, login: Login) -> None:
    client = login(Role.INVESTIGATOR)
    page = html(client.get(order_url(participant)))
    assert "creatinine clearance 99.98 mL/min, at least 70: 5 mg/kg q12h" in page
    assert "60\u00a0kg" in page
    response = client.post(order_url(participant), key() | AS_PROPOSED)
    assert said(response) == ["PKU-001, Ganciclovir: 300\u00a0mg every 12 hours"]
    assert response["Location"] == orders_url(participant)
    order = Order.objects.get()
    assert (order.amount, order.weight_kg, order.starts_at) == (
        Decimal("300"),
        Decimal("60.0"),
        at(10),
    )
    assert (order.phase, order.band, len(order.basis)) == ("induction", "70-", 6)


def test_an_old_weight_is_flagged_before_anything_is_ordered(
    participant: Participant, login: Login, ward_clock: Any
) -> None:
    client = login(Role.INVESTIGATOR)
    assert "Too old: weigh again" not in html(client.get(order_url(participant)))
    ward_clock.move_to(at(9, 42, day=25))
    later = Client()
    later.force_login(factories.user(Role.INVESTIGATOR, participant.site))
    assert "Too old: weigh again" in html(later.get(order_url(participant)))


def test_another_dose_needs_a_reason_and_keeps_it(participant: Participant, login: Login) -> None:
    client, form = login(Role.INVESTIGATOR), key() | AS_PROPOSED | {"amount": "250"}
    refused = html(client.post(order_url(participant), form))
    assert "The order differs from the proposal: say why" in refused
    assert 'value="250"' in refused
    client.post(order_url(participant), form | {"departure_reason": "Borderline marrow"})
    assert Order.objects.get().departure_reason == "Borderline marrow"


def test_the_proposal_follows_the_phase(participant: Participant, login: Login) -> None:
    form = key() | AS_PROPOSED | {"phase": "maintenance", "propose": ""}
    page = html(login(Role.INVESTIGATOR).post(order_url(participant), form))
    assert "5 mg/kg q24h" in page
    assert not Order.objects.exists()


def test_an_unusual_dose_is_asked_about(participant: Participant, login: Login) -> None:
    client = login(Role.INVESTIGATOR)
    form = key() | AS_PROPOSED | {"amount": "605", "departure_reason": "Loading"}
    assert "605\u00a0mg is unusual: expected at most 600" in html(
        client.post(order_url(participant), form)
    )
    client.post(order_url(participant), form | {"confirmed": "on"})
    assert Order.objects.get().amount == Decimal("605")


def test_below_ten_the_order_is_three_times_a_week(
    participant: Participant, login: Login, blood: Blood
) -> None:
    blood(participant, creatinine="700")
    form = key() | AS_PROPOSED | {"amount": "75", "frequency": "3x_week"}
    client = login(Role.INVESTIGATOR)
    client.post(order_url(participant), form)
    assert Order.objects.get().band == "-10"
    sheet = html(client.get(reverse("dosing:sheet")))
    assert "after haemodialysis" in sheet


def test_il2_is_ordered_in_its_fixed_dose(participant: Participant, login: Login) -> None:
    client, url = login(Role.INVESTIGATOR), order_url(participant, "il2")
    page = html(client.get(url))
    assert "1\u00a0million IU every 24 hours" in page
    assert 'name="amount"' not in page
    client.post(url, key() | {"starts_at": "2026-03-18T10:00", "amount": "18"})
    order = Order.objects.get()
    assert (order.amount, order.unit, order.frequency) == (Decimal("1.0"), "MIU", "q24h")
    assert (order.phase, order.band, order.basis) == ("", "", [])


def test_il2_cannot_be_ordered_in_the_control_arm(control: Participant, login: Login) -> None:
    client, url = login(Role.INVESTIGATOR), order_url(control, "il2")
    for response in (
        client.get(url),
        client.post(url, key() | {"starts_at": "2026-03-18T10:00"}),
    ):
        assert "This arm does not receive this drug" in html(response)
    assert not Order.objects.exists()


@pytest.mark.requirement("R10")
def test_nothing_is_ordered_before_allocation(site: Site, login: Login) -> None:
    enrolled = factories.enrolled(site)
    page = html(login(Role.INVESTIGATOR).get(order_url(enrolled)))
    assert "Only an allocated participant is treated" in page
    assert login(Role.INVESTIGATOR).get(orders_url(enrolled)).status_code == 200


def test_an_order_sent_twice_is_one_order(participant: Participant, login: Login) -> None:
    client, form = login(Role.INVESTIGATOR), key() | AS_PROPOSED
    client.post(order_url(participant), form)
    again = client.post(order_url(participant), form | {"change_reason": "double tap"})
    assert said(again)[-1] == "This was saved already"
    assert Order.objects.count() == 1


def test_a_running_order_is_changed_with_a_reason(order: Order, login: Login) -> None:
    client = login(Role.INVESTIGATOR)
    shown = html(client.get(order_url(order.participant)))
    assert "Ordered now: 300\u00a0mg every 12 hours" in shown
    form = AS_PROPOSED | {"phase": "maintenance", "frequency": "q24h"}
    client.post(order_url(order.participant), key() | form | {"change_reason": "Day 21"})
    order.refresh_from_db()
    assert (order.ends_at, order.ended_as, order.end_reason) == (at(10), "changed", "Day 21")
    assert Order.objects.get(ends_at=None).frequency == "q24h"


# --- stopping, holding, resuming --------------------------------------------------------------


def test_one_drug_is_stopped_and_the_other_goes_on(
    order: Order, il2_order: Order, login: Login
) -> None:
    client = login(Role.INVESTIGATOR)
    url = reverse("dosing:stop", args=[order.participant.subject, "il2"])
    assert "This is no drug withdrawal" in html(client.get(url))
    response = client.post(url, key() | {"why": "Fever after each injection"})
    assert response["Location"] == orders_url(order.participant)
    il2_order.refresh_from_db()
    order.refresh_from_db()
    assert (il2_order.ends_at, il2_order.ended_as) == (at(9, 42), "stopped")
    assert order.ends_at is None
    page = html(client.get(orders_url(order.participant)))
    assert "Stopped: Fever after each injection" in page
    again = client.get(url)
    assert said(again)[-1] == "This drug is not ordered"


def test_a_hold_names_the_result_and_shows_at_the_bedside(
    order: Order, blood: Blood, login: Login
) -> None:
    (anc,) = blood(order.participant, anc="0.6")
    client = login(Role.INVESTIGATOR)
    url = reverse("dosing:hold", args=[order.participant.subject, "ganciclovir"])
    assert f"{current().analyte('anc').name} 0.6" in html(client.get(url))
    client.post(url, key() | {"why": "result", "result": str(anc.pk), "note": "falling"})
    hold = Hold.objects.get()
    assert (hold.result, hold.note, hold.held_at) == (anc, "falling", at(9, 42))
    sheet = html(login(Role.NURSE).get(reverse("dosing:sheet")))
    assert "Held: do not give" in sheet
    assert "falling" in sheet


def test_a_hold_that_was_refused_keeps_what_was_typed(order: Order, login: Login) -> None:
    url = reverse("dosing:hold", args=[order.participant.subject, "ganciclovir"])
    shown = login(Role.INVESTIGATOR).post(url, key() | {"note": "Typed already"})
    assert "Typed already</textarea>" in html(shown)
    assert not Hold.objects.exists()


@pytest.mark.parametrize(("drug", "why"), [("il2", "not ordered"), ("ganciclovir", "held already")])
def test_what_cannot_be_held_says_why(held: Hold, login: Login, drug: str, why: str) -> None:
    url = reverse("dosing:hold", args=[held.participant.subject, drug])
    assert f"This drug is {why}" in html(login(Role.INVESTIGATOR).get(url))


def test_a_hold_is_ended_with_a_reason_and_once(held: Hold, login: Login) -> None:
    client, url = login(Role.INVESTIGATOR), reverse("dosing:resume", args=[held.pk])
    assert "Another reason; Rash" in html(client.get(url))
    client.post(url, key() | {"why": "Rash gone"})
    held.refresh_from_db()
    assert (held.resumed_at, held.resumed_why) == (at(9, 42), "Rash gone")
    assert said(client.get(url))[-1] == "This hold has ended already"
    shown = html(client.post(url, key() | {"why": "Again"}))
    assert "This hold has ended already" in shown
    assert "Rash gone" in html(client.get(orders_url(held.participant)))


def test_resuming_says_what_still_holds(held: Hold, blood: Blood, login: Login) -> None:
    blood(held.participant, platelets="24")
    page = html(login(Role.INVESTIGATOR).get(reverse("dosing:resume", args=[held.pk])))
    assert "A result still holds this drug by itself:" in page
    assert "below 25" in page


# --- reviews ----------------------------------------------------------------------------------


def test_a_new_creatinine_leads_to_a_page_with_both_computations(
    order: Order, blood: Blood, login: Login
) -> None:
    client, url = login(Role.INVESTIGATOR), reverse("dosing:review", args=[order.pk])
    gone = client.get(url)
    assert said(gone)[-1] == "Nothing asks for a review of this order"
    blood(order.participant, creatinine="150")
    page = html(client.get(url))
    assert "creatinine clearance 99.98 mL/min, at least 70: 5 mg/kg q12h" in page
    assert "at least 25 and below 50: 2.5 mg/kg q24h" in page
    assert "150\u00a0mg every 24 hours" in page
    assert order_url(order.participant) in page


def test_an_order_is_kept_with_a_reason_and_asks_no_more(
    order: Order, blood: Blood, login: Login
) -> None:
    blood(order.participant, creatinine="150")
    client, url = login(Role.INVESTIGATOR), reverse("dosing:review", args=[order.pk])
    band = client.get(url).context["form"]["band"].value()
    refused = client.post(url, key() | {"band": band, "why": " "})
    assert refused.context["form"].errors["why"]
    client.post(url, key() | {"band": band, "why": "Dehydrated, repeat tomorrow"})
    kept = DoseReview.objects.get()
    assert (kept.band, kept.order) == ("25-50", order)
    assert said(client.get(url))[-1] == "Nothing asks for a review of this order"
    assert "Dehydrated, repeat tomorrow" in html(client.get(orders_url(order.participant)))


def test_a_review_of_a_computation_that_moved_is_looked_at_again(
    order: Order, blood: Blood, login: Login
) -> None:
    blood(order.participant, creatinine="150")
    client, url = login(Role.INVESTIGATOR), reverse("dosing:review", args=[order.pk])
    client.get(url)
    blood(order.participant, collected_at=at(8), creatinine="300")
    shown = client.post(url, key() | {"band": "25-50", "why": "Stays"})
    assert "The clearance has changed since" in html(shown)
    assert shown.context["form"]["band"].value() == "10-25"
    assert not DoseReview.objects.exists()


# --- weights ----------------------------------------------------------------------------------


def test_a_weight_is_recorded_and_an_unusual_one_asked_about(
    participant: Participant, login: Login
) -> None:
    client = login(Role.NURSE)
    url = reverse("dosing:weight-new", args=[participant.subject])
    form = key() | {"kg": "27.5", "measured_at": "2026-03-18T07:00"}
    asked = html(client.post(url, form))
    assert "27.5\u00a0kg is unusual: expected at least 35" in asked
    assert 'value="27.5"' in asked
    response = client.post(url, form | {"confirmed": "on"})
    assert response["Location"] == orders_url(participant)
    assert BodyWeight.objects.get().kg == Decimal("27.5")


def test_a_weight_is_corrected_and_marked_as_entered_in_error(
    weight: BodyWeight, login: Login
) -> None:
    client = login(Role.COORDINATOR)
    url = reverse("dosing:weight-correct", args=[weight.pk])
    form = {"kg": "61", "measured_at": "2026-03-18T07:00", "reason": "Shoes", "record_version": "1"}
    client.post(url, key() | form)
    weight.refresh_from_db()
    assert weight.kg == Decimal("61")
    stale = html(client.post(url, key() | form | {"kg": "60"}))
    assert "Somebody saved this record after you opened it" in stale
    error_url = reverse("dosing:weight-in-error", args=[weight.pk])
    client.post(error_url, key() | {"reason": "Other patient", "record_version": "2"})
    weight.refresh_from_db()
    assert weight.retracted_at == at(9, 42)
    assert client.get(url).status_code == 404
    assert "entered in error" in html(client.get(orders_url(weight.participant)))


# --- withdrawal -------------------------------------------------------------------------------

DECISION = {"why": "converted", "note": "Twice negative", "password": factories.PASSWORD}


def withdraw_url(participant: Participant) -> str:
    return reverse("dosing:withdraw", args=[participant.subject])


@pytest.mark.requirement("R15")
def test_the_drugs_are_withdrawn_with_a_reason_and_a_signature(site: Site, login: Login) -> None:
    treated = factories.on_treatment(site)
    client, url = login(Role.INVESTIGATOR), withdraw_url(treated)
    page = html(client.get(url))
    for shown in ("300\u00a0mg", "5.0\u00a0mg/kg", "Ganciclovir stops: 300\u00a0mg every 12 hours"):
        assert shown in page
    response = client.post(url, key() | DECISION)
    assert response["Location"] == orders_url(treated)
    treated.refresh_from_db()
    assert treated.state == State.FOLLOW_UP
    decision = Withdrawal.objects.get()
    assert (decision.why, decision.note, decision.decided_by.username) == (
        "converted",
        "Twice negative",
        "investigator-pku",
    )
    assert "Twice negative" in html(client.get(orders_url(treated)))


@pytest.mark.requirement("R15")
def test_a_wrong_password_signs_nothing(site: Site, login: Login) -> None:
    treated = factories.on_treatment(site)
    shown = login(Role.INVESTIGATOR).post(
        withdraw_url(treated), key() | DECISION | {"password": "wrong"}
    )
    page = html(shown)
    assert "The password is wrong; nothing was signed" in page
    assert "Twice negative</textarea>" in page
    assert "wrong" not in str(shown.context["form"]["password"])
    treated.refresh_from_db()
    assert treated.state == State.ON_TREATMENT
    assert AuditEntry.objects.filter(event="signature_refused").count() == 1


def test_the_page_shows_the_course_the_conversion_and_what_is_open(
    site: Site, login: Login, ward_clock: Any
) -> None:
    treated = factories.on_treatment(site, days_ago=10)
    pcr(treated, at(9, day=10), "=", "5200")
    pcr(treated, at(9, day=11), "<", "500")
    pcr(treated, at(9, day=16), "ND", None)
    page = html(login(Role.INVESTIGATOR).get(withdraw_url(treated)))
    for shown in (
        "Conversion confirmed",
        "first negative on day 3",
        "negative since day 3, confirmed on day 8",
        "&lt;500\u00a0copies/mL",
        "not detected",
        "Above threshold",
        "No hold, and no severe result waits to be acknowledged.",
        current().visit("M3").title,
        'datetime="2026-06-08"',  # three months after the last ganciclovir, 8 March
    ):
        assert shown in page, shown


def test_a_severe_result_that_waits_is_named_before_the_decision(
    site: Site, login: Login, blood: Blood
) -> None:
    treated = factories.on_treatment(site)
    (anc,) = blood(treated, anc="0.9")
    page = html(login(Role.INVESTIGATOR).get(withdraw_url(treated)))
    assert reverse("labs:result-acknowledge", args=[anc.pk]) in page
    assert "No hold, and no severe result" not in page


def test_before_the_first_dose_there_is_nothing_to_withdraw(order: Order, login: Login) -> None:
    client, url = login(Role.INVESTIGATOR), withdraw_url(order.participant)
    page = html(client.get(url))
    assert "No ganciclovir has been given yet" in page
    assert 'name="password"' not in page
    assert "No ganciclovir" in html(client.post(url, key() | DECISION))


def test_a_second_withdrawal_ends_in_a_sentence(site: Site, login: Login) -> None:
    treated = factories.on_treatment(site)
    client, url = login(Role.INVESTIGATOR), withdraw_url(treated)
    form = key() | DECISION
    client.post(url, form)
    assert client.post(url, form).status_code == 302
    page = html(client.post(url, key() | DECISION))
    assert "This participant is no longer on treatment" in page


def test_the_page_takes_a_bounded_number_of_queries(
    site: Site, login: Login, ward_clock: Any
) -> None:
    treated = factories.on_treatment(site, days_ago=10)
    client = login(Role.INVESTIGATOR)
    pcr(treated, at(9, day=10), "=", "5200")
    client.get(withdraw_url(treated))
    with CaptureQueriesContext(connection) as few:
        client.get(withdraw_url(treated))
    for day in range(11, 18):
        pcr(treated, at(9, day=day), "=", "5200")
    with CaptureQueriesContext(connection) as many:
        client.get(withdraw_url(treated))
    assert len(many) <= len(few) <= 30


# --- rescue -----------------------------------------------------------------------------------


def test_rescue_is_begun_ordered_and_ended(site: Site, login: Login) -> None:
    followed = factories.withdrawn(factories.on_treatment(site, CONTROL_ARM))
    client = login(Role.INVESTIGATOR)
    begin = reverse("enrollment:rescue", args=[followed.subject])
    response = client.post(begin, key() | {"why": "Relapse"})
    assert response["Location"] == orders_url(followed)
    client.post(order_url(followed), key() | AS_PROPOSED)
    order = Order.objects.get(ends_at=None)
    assert order.course == "rescue"
    end = reverse("dosing:rescue-end", args=[followed.subject])
    assert client.get(begin)["Location"] == end
    assert "Ganciclovir 300\u00a0mg every 12 hours stops now." in html(client.get(end))
    client.post(end, key() | {"why": "Negative twice"})
    order.refresh_from_db()
    followed.refresh_from_db()
    assert (order.ended_as, order.end_reason) == ("rescue_ended", "Negative twice")
    assert followed.state == State.FOLLOW_UP
    assert said(client.get(end))[-1] == "This participant is not under rescue treatment"


def test_il2_is_not_part_of_a_rescue(site: Site, login: Login) -> None:
    by = factories.user(Role.INVESTIGATOR, site)
    followed = factories.withdrawn(factories.on_treatment(site, "il2_gcv"))
    begin_rescue(followed, why="Relapse", by=by)
    page = html(login(Role.INVESTIGATOR).get(order_url(followed, "il2")))
    assert "Rescue treatment is ganciclovir alone" in page


@pytest.mark.requirement("R04")
def test_every_decision_keeps_its_reason(held: Hold, login: Login) -> None:
    client = login(Role.INVESTIGATOR)
    client.post(reverse("dosing:resume", args=[held.pk]), key() | {"why": "Rash gone"})
    entry = AuditEntry.objects.get(model="dosing.hold", action=AuditAction.CHANGED)
    assert entry.reason == "Rash gone"


def test_the_casebook_says_what_is_held_and_leads_to_the_orders(held: Hold, login: Login) -> None:
    url = reverse("outcomes:casebook", args=[held.participant.subject])
    page = html(login(Role.MONITOR).get(url))
    assert "Held by the investigator since 18 Mar 09:42: Another reason; Rash" in page
    assert orders_url(held.participant) in page


def test_rescue_milligrams_stand_in_a_column_of_their_own(
    rescued: Participant, login: Login
) -> None:
    factories.dose(factories.order(rescued, starts_at=at(9), amount=Decimal("250")), at(9))
    client = login(Role.INVESTIGATOR)
    page = html(client.get("/outcomes/ganciclovir/"))
    assert "Rescue, mg" in page
    assert '<td class="end num">250</td>' in page
    rows = html(client.get("/outcomes/ganciclovir/rows.csv"))
    assert rows.splitlines()[0].endswith("rescue_mg")
    (own,) = [row for row in rows.splitlines() if rescued.subject in row]
    assert own.endswith(",250")
    casebook = reverse("outcomes:casebook", args=[rescued.subject])
    assert "Rescue treatment, apart" in html(client.get(casebook))
