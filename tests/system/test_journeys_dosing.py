"""From the order to the dose: the investigator orders, the nurse gives, once."""

import datetime as dt
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from dosing.models import Administration, DrugChoice
from enrollment.models import Participant
from tests import factories
from tests.system.conftest import PHONE
from tests.system.steps import again, choose, fill, follow, press, says
from trial_site import clock
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.browser

TEN = dt.time(10)  # half an hour before the journeys begin


def both_drugs_ordered(at: Site) -> Participant:
    participant = factories.allocated(at, "il2_gcv")
    ten = factories.local(clock.today(), TEN)
    factories.order(participant, DrugChoice.GANCICLOVIR, starts_at=ten)
    factories.order(participant, DrugChoice.IL2, starts_at=ten)
    return participant


def test_the_investigator_orders_both_drugs(sign_in: Callable[..., Page], site: Site) -> None:
    # Given a participant allocated to both drugs, of 60 kg, with creatinine 62 µmol/L,
    factories.allocated(site, "il2_gcv")
    page = sign_in(Role.INVESTIGATOR)
    # when ganciclovir is ordered as proposed,
    follow(page, "Write the order · PKU-001, Order Ganciclovir")
    says(page, "creatinine clearance 99.98 mL/min, at least 70: 5 mg/kg q12h")
    says(page, "60 kg × 5 mg/kg = 300 mg")
    press(page, "Order Ganciclovir for PKU-001")
    # then the sheet plans it, and the worklist asks for the other drug;
    says(page, "PKU-001, Ganciclovir: 300 mg every 12 hours")
    follow(page, "Dosing")
    says(page, "Due in 30 min")
    follow(page, "Worklist")
    follow(page, "Write the order · PKU-001, Order Interleukin-2")
    # whose dose nobody has to work out.
    says(page, "1 million IU every 24 hours", "it depends on neither weight nor body surface")
    press(page, "Order Interleukin-2 for PKU-001")
    says(page, "PKU-001, Interleukin-2: 1 million IU every 24 hours")
    follow(page, "Dosing")
    says(page, "2 due")


def test_a_dose_is_given_with_one_tap_and_one_confirmation(
    sign_in: Callable[..., Page], site: Site
) -> None:
    # Given both drugs due, and a nurse with a phone, who has the same page open twice,
    both_drugs_ordered(site)
    page = sign_in(Role.NURSE, width=PHONE)
    follow(page, "Record the dose · PKU-001, Interleukin-2")
    says(page, "Check the wristband", "Interleukin-2", "1 million IU", "Subcutaneous")
    second = again(page)
    # when the confirmation is tapped twice,
    page.get_by_role("button", name="Record given: PKU-001, 1 million IU").dblclick()
    # then the dose is recorded where rotation begins;
    says(page, "PKU-001, Interleukin-2: Given: 1 million IU", "Given 10:3", "Abdomen, left")
    # when the nurse goes back, and taps in the other window,
    page.go_back()
    press(second, "Record given: PKU-001, 1 million IU")
    # then both say who recorded it, and there is one dose.
    for window in (page, second):
        says(window, "Recorded already by nurse-pku at 10:3", "1 given")
    assert Administration.objects.count() == 1


def test_a_dose_in_part_has_a_reason(sign_in: Callable[..., Page], site: Site) -> None:
    # Given ganciclovir 300 mg due,
    both_drugs_ordered(site)
    page = sign_in(Role.NURSE, width=PHONE)
    follow(page, "Dosing")
    # when the infusion stopped at 60 %,
    follow(page, "Something else happened · PKU-001, Ganciclovir 10:00")
    choose(page, "What happened?", "Given in part")
    fill(page, {"Or the share that was given": "60"})
    press(page, "Record: PKU-001, Ganciclovir")
    # then the reason is asked for, and nothing that was typed is lost;
    says(page, "Say why the dose was not given in full")
    expect(page.get_by_label("Or the share that was given")).to_have_value("60")
    # with it the sheet shows what was delivered, of what was ordered.
    fill(page, {"Why?": "Adverse event"})
    press(page, "Record: PKU-001, Ganciclovir")
    says(page, "PKU-001, Ganciclovir: Given in part: 180 mg", "300 mg ordered", "Adverse event")


def test_a_slip_is_undone_and_what_was_seen_is_kept(
    sign_in: Callable[..., Page], site: Site
) -> None:
    # Given an injection that was recorded too early,
    both_drugs_ordered(site)
    page = sign_in(Role.NURSE, width=PHONE)
    follow(page, "Record the dose · PKU-001, Interleukin-2")
    press(page, "Record given: PKU-001, 1 million IU")
    # when it is undone on its card,
    press(page, "Undo · PKU-001, Interleukin-2 10:00")
    # then it is due again;
    says(page, "PKU-001, Interleukin-2: undone, nothing is recorded", "Due for")
    # and when it is given, with a pressure that is too low and a red spot,
    follow(page, "Given as ordered · PKU-001, Interleukin-2 10:00")
    press(page, "Record given: PKU-001, 1 million IU")
    follow(page, "Vital signs · PKU-001, Interleukin-2 10:00")
    fill(page, {"Blood pressure, systolic": "88", "Diastolic": "50"})
    press(page, "Record vital signs: PKU-001")
    follow(page, "Reaction · PKU-001, Interleukin-2 10:00")
    follow(page, "Redness at the site")
    choose(page, "CTCAE grade", "1 · Tenderness with or without redness or itching")
    fill(page, {"Diameter": "25"})
    press(page, "Record: PKU-001, Redness at the site")
    # then the card says both.
    says(page, "Alert: Systolic pressure 88\u00a0mmHg, below 90")
    says(page, "Redness at the site, grade 1, 25\u00a0mm")


def test_interleukin_2_in_the_control_arm_is_recorded_as_it_happened(
    sign_in: Callable[..., Page], site: Site
) -> None:
    # Given a participant of the control arm, the second of the list,
    control = factories.allocated(site, "gcv")
    factories.order(control, starts_at=factories.local(clock.today(), TEN))
    page = sign_in(Role.NURSE, width=PHONE)
    follow(page, "Dosing")
    # when interleukin-2 was given all the same,
    follow(page, "Record a dose that was not planned · PKU-002")
    follow(page, "Interleukin-2")
    says(page, "This arm does not receive this drug")
    fill(page, {"Amount given": "1", "Where was it injected?": "Abdomen, left"})
    press(page, "Record: PKU-002, Interleukin-2")
    # then it is asked about and never refused.
    says(page, "this dose is a protocol deviation")
    page.get_by_label("Yes, this is what happened").check()
    press(page, "Record: PKU-002, Interleukin-2")
    says(page, "PKU-002, Interleukin-2: Given: 1 million IU", "Not planned by an order")
