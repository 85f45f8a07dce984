"""The bedside's own pages: lots, unplanned doses, undo, errors, vital signs, reactions."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dosing.actions.reactions import record_reaction
from dosing.actions.vital_signs import Measured, record_vital_signs
from dosing.models import Administration, DrugChoice, Order, Reaction, VitalSigns
from dosing.rules.reactions import Seen
from dosing.stock import balances
from enrollment.models import Participant
from tests import factories
from tests.dosing import stocked
from tests.dosing.conftest import Blood, at
from trial_site.models import Site
from trial_site.roles import Role

Login = Callable[[Role], Client]
SLOT = at(8)
PEOPLE = sorted(set(Role) - {Role.SYSTEM})


def key() -> dict[str, str]:
    return {"entry_key": str(uuid4())}


def said(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def give_url(order: Order) -> str:
    return reverse("dosing:give", args=[order.pk, SLOT])


def record_url(order: Order) -> str:
    return reverse("dosing:record", args=[order.pk, SLOT])


def dose_url(name: str, dose: Administration) -> str:
    return reverse(f"dosing:{name}", args=[dose.pk])


@pytest.fixture
def dose(order: Order) -> Administration:
    return factories.dose(order, SLOT)


@pytest.fixture
def signs(dose: Administration) -> VitalSigns:
    nurse = factories.user(Role.NURSE, dose.participant.site)
    measured = Measured("before", at(7, 55), Decimal("36.8"), 118, 74)
    return record_vital_signs(dose, measured=measured, by=nurse)


@pytest.fixture
def reaction(dose: Administration) -> Reaction:
    nurse = factories.user(Role.NURSE, dose.participant.site)
    return record_reaction(dose, seen=Seen("redness", 1, at(8, 30)), by=nurse)


@pytest.fixture
def pages(dose: Administration, signs: VitalSigns, reaction: Reaction) -> list[str]:
    subject = dose.participant.subject
    return [
        dose_url("in-error", dose),
        dose_url("vital-signs", dose),
        dose_url("reaction", dose) + "?kind=redness",
        reverse("dosing:vital-signs-correct", args=[signs.pk]),
        reverse("dosing:vital-signs-in-error", args=[signs.pk]),
        reverse("dosing:reaction-correct", args=[reaction.pk]),
        reverse("dosing:reaction-in-error", args=[reaction.pk]),
        reverse("dosing:unplanned", args=[subject, "il2"]),
    ]


@pytest.mark.requirement("R11")
def test_each_page_is_the_nurses_of_its_site(
    pages: list[str], login: Login, other_site: Site, client: Client
) -> None:
    for role in PEOPLE:
        expected = 200 if role == Role.NURSE else 403
        assert [login(role).get(page).status_code for page in pages] == [expected] * len(pages)
    assert [login(Role.NURSE).delete(page).status_code for page in pages] == [405] * len(pages)
    client.force_login(factories.user(Role.NURSE, other_site))
    assert [client.get(page).status_code for page in pages] == [404] * len(pages)
    assert [client.post(page, key()).status_code for page in pages] == [404] * len(pages)


def test_the_choices_before_a_form_are_the_nurses_alone(
    dose: Administration, login: Login, participant: Participant
) -> None:
    choose = reverse("dosing:unplanned-choose", args=[participant.subject])
    for page in (choose, dose_url("reaction", dose)):
        assert login(Role.NURSE).get(page).status_code == 200
        assert login(Role.INVESTIGATOR).get(page).status_code == 403
    assert login(Role.NURSE).post(choose).status_code == 405
    unknown = dose_url("reaction", dose) + "?kind=hiccups"
    assert login(Role.NURSE).get(unknown).status_code == 404
    aspirin = reverse("dosing:unplanned", args=[participant.subject, "aspirin"])
    assert login(Role.NURSE).get(aspirin).status_code == 404


# --- the lot of a dose ----------------------------------------------------------------------------


def test_the_first_lot_to_expire_is_suggested_and_taken(il2_order: Order, login: Login) -> None:
    site = il2_order.participant.site
    strength = {"content": Decimal(10), "diluent_ml": Decimal(1)}
    later = stocked.lot(site, DrugChoice.IL2, number="L-2", **strength)
    soon = stocked.lot(
        site, DrugChoice.IL2, number="L-1", expires_on=dt.date(2026, 11, 30), **strength
    )
    client = login(Role.NURSE)
    page = client.get(give_url(il2_order)).content.decode()
    assert "Lot L-1, expires 30 Nov 2026" in page
    assert "0.1\u00a0mL of 10 million IU/mL" in page
    form = key() | {"injection_site": "arm_left", "lot": str(soon.pk)}
    client.post(give_url(il2_order), form)
    saved = Administration.objects.get()
    assert (saved.lot, saved.vials, saved.warnings) == (soon, 1, [])
    assert balances([soon, later]) == {soon.pk: 19, later.pk: 20}


def test_another_lot_is_scanned_over_the_suggestion(order: Order, login: Login) -> None:
    site = order.participant.site
    one, other = stocked.lot(site), stocked.lot(site, number="GCV-2602")
    form = key() | {"lot": str(one.pk), "lot_typed": "gcv-2602"}
    login(Role.NURSE).post(give_url(order), form)
    assert Administration.objects.get().lot == other


def test_a_lot_that_is_not_in_stock_is_asked_about_and_recorded(order: Order, login: Login) -> None:
    client, form = login(Role.NURSE), key() | {"lot_typed": "ELSEWHERE-9"}
    page = client.post(give_url(order), form).content.decode()
    assert "Lot ELSEWHERE-9 is not in stock here" in page
    assert 'value="ELSEWHERE-9"' in page
    assert not Administration.objects.exists()
    client.post(give_url(order), form | {"confirmed": "on"})
    saved = Administration.objects.get()
    assert (saved.lot, saved.lot_number) == (None, "ELSEWHERE-9")


def test_the_last_site_is_asked_about(il2_order: Order, login: Login) -> None:
    with time_machine.travel(at(9, day=19), tick=False):
        factories.dose(il2_order, at(8), injection_site="arm_left")
        url = reverse("dosing:give", args=[il2_order.pk, at(8, day=19)])
        client, form = login(Role.NURSE), key() | {"injection_site": "arm_left"}
        page = client.post(url, form).content.decode()
        assert "Arm, left is the site of the dose before as well" in page
        assert client.post(url, form | {"confirmed": "on"}).status_code == 302


def test_the_form_keeps_infusion_volume_product_and_vials(order: Order, login: Login) -> None:
    form = key() | {
        "status": "given",
        "given_at": "2026-03-18T08:05",
        "ended_at": "2026-03-18T09:05",
        "amount": "300",
        "volume_ml": "100",
        "lot_typed": "B-7",
        "product": "Generic",
        "expires_on": "2026-12-31",
        "vials": "2",
        "note": "second pump",
        "confirmed": "on",
    }
    assert login(Role.NURSE).post(record_url(order), form).status_code == 302
    saved = Administration.objects.get()
    assert (saved.given_at, saved.ended_at) == (at(8, 5), at(9, 5))
    assert (saved.volume_ml, saved.vials, saved.product) == (Decimal(100), 2, "Generic")
    assert (saved.lot_number, saved.expires_on) == ("B-7", dt.date(2026, 12, 31))


@pytest.mark.parametrize(("volume", "amount"), [("60", "180"), ("33.3", "99.9")])
def test_a_part_is_told_as_a_volume_of_a_volume(
    order: Order, login: Login, volume: str, amount: str
) -> None:
    form = key() | {
        "status": "partial",
        "given_at": "2026-03-18T08:05",
        "volume_ml": volume,
        "of_ml": "100",
        "why": "error",
    }
    login(Role.NURSE).post(record_url(order), form)
    assert Administration.objects.get().amount == Decimal(amount)


def test_more_than_was_prepared_is_no_part(order: Order, login: Login) -> None:
    form = key() | {
        "status": "partial",
        "given_at": "2026-03-18T08:05",
        "volume_ml": "101",
        "of_ml": "100",
        "why": "error",
    }
    page = login(Role.NURSE).post(record_url(order), form).content.decode()
    assert "More was given than prepared" in page


# --- what waited ----------------------------------------------------------------------------------


def test_what_waited_is_recorded_at_the_time_that_it_was_entered(
    order: Order, login: Login, blood: Blood
) -> None:
    """Held or of yesterday by now: it has happened."""
    blood(order.participant, anc="0.4", hemoglobin="112", platelets="140")
    with time_machine.travel(at(0, 10, day=19), tick=False):
        form = key() | {"queued_at": "2026-03-18T00:06:30Z"}
        response = login(Role.NURSE).post(give_url(order), form)
    assert response.status_code == 302
    saved = Administration.objects.get()
    assert (saved.given_at, saved.queued_at) == (at(8, 6), at(8, 6).replace(second=30))
    assert len(saved.warnings) == 1


@pytest.mark.parametrize("moment", ["2026-03-18T01:45:01Z", "soon"])
def test_what_waited_with_a_wrong_clock_is_said_and_kept(
    order: Order, login: Login, moment: str
) -> None:
    response = login(Role.NURSE).post(give_url(order), key() | {"queued_at": moment})
    assert response.status_code == 200
    assert moment in response.content.decode()
    assert not Administration.objects.exists()


def test_a_conflict_of_what_waited_is_said_and_changes_nothing(
    dose: Administration, order: Order, login: Login
) -> None:
    form = key() | {"queued_at": "2026-03-18T00:06:00Z"}
    page = login(Role.NURSE).post(give_url(order), form).content.decode()
    assert "Recorded already by nurse-pku" in page
    assert Administration.objects.count() == 1


# --- not planned ----------------------------------------------------------------------------------


def test_a_dose_that_was_not_planned_is_recorded_from_the_sheet(
    control: Participant, login: Login
) -> None:
    factories.order(control)
    client = login(Role.NURSE)
    choose = reverse("dosing:unplanned-choose", args=[control.subject])
    assert choose in client.get(reverse("dosing:sheet")).content.decode()
    url = reverse("dosing:unplanned", args=[control.subject, "il2"])
    assert url in client.get(choose).content.decode()
    assert "This arm does not receive this drug" in client.get(url).content.decode()
    form = key() | {"given_at": "2026-03-18T09:00", "amount": "1", "injection_site": "arm_left"}
    assert "this dose is a protocol deviation" in client.post(url, form).content.decode()
    for _ in range(2):  # a double click
        assert client.post(url, form | {"confirmed": "on"}).status_code == 302
    assert Administration.objects.count() == 1
    page = client.get(reverse("dosing:sheet")).content.decode()
    assert "Not planned by an order" in page
    assert "this dose is a protocol deviation" in page


def test_an_unplanned_dose_of_yesterday_says_why(participant: Participant, login: Login) -> None:
    factories.order(participant, starts_at=at(8, day=17))
    url = reverse("dosing:unplanned", args=[participant.subject, "ganciclovir"])
    form = key() | {"given_at": "2026-03-17T11:00", "amount": "300"}
    client = login(Role.NURSE)
    page = client.post(url, form).content.decode()
    assert "Say why it is recorded on a later day" in page
    response = client.post(url, form | {"late_reason": "Found on paper"})
    assert response["Location"].startswith("/dosing/?date=2026-03-17")
    assert Administration.objects.get().late_reason == "Found on paper"


def test_three_times_a_week_has_no_clock_and_says_so(
    participant: Participant, login: Login
) -> None:
    factories.order(participant, frequency="3x_week")
    page = login(Role.NURSE).get(reverse("dosing:sheet")).content.decode()
    assert "Three times a week, after haemodialysis" in page
    assert reverse("dosing:unplanned", args=[participant.subject, "ganciclovir"]) in page
    assert "incomplete" not in page


# --- undo, error ----------------------------------------------------------------------------------


@pytest.mark.requirement("R04")
def test_undo_is_one_tap_on_the_card_and_frees_the_slot(order: Order, login: Login) -> None:
    client = login(Role.NURSE)
    client.post(give_url(order), key())
    dose = Administration.objects.get()
    undo = dose_url("undo", dose)
    assert undo in client.get(reverse("dosing:sheet")).content.decode()
    assert said(client.post(undo)) == ["PKU-001, Ganciclovir: undone, nothing is recorded"]
    assert "in error already" in said(client.post(undo))[-1]
    assert give_url(order) in client.get(reverse("dosing:sheet")).content.decode()


def test_undo_is_gone_after_a_minute_and_was_never_somebody_elses(
    dose: Administration, login: Login, client: Client
) -> None:
    undo = dose_url("undo", dose)
    client.force_login(factories.user(Role.NURSE, dose.participant.site, username="nurse-2"))
    assert undo not in client.get(reverse("dosing:sheet")).content.decode()
    assert "Only who recorded" in said(client.post(undo))[-1]
    assert login(Role.NURSE).get(undo).status_code == 405
    with time_machine.travel(at(9, 44), tick=False):
        mine = login(Role.NURSE)
        assert undo not in mine.get(reverse("dosing:sheet")).content.decode()
        assert "for a minute" in said(mine.post(undo))[-1]
    assert Administration.objects.in_force().exists()


@pytest.mark.requirement("R04")
def test_a_dose_is_marked_as_entered_in_error(dose: Administration, login: Login) -> None:
    client, url = login(Role.NURSE), dose_url("in-error", dose)
    assert url in client.get(dose_url("correct", dose)).content.decode()
    form = key() | {"record_version": "1"}
    assert "This field is required" in client.post(url, form).content.decode()
    client.post(url, form | {"reason": "Wrong participant"})
    dose.refresh_from_db()
    assert dose.retracted_at == at(9, 42)
    assert client.get(url).status_code == 404
    assert client.get(dose_url("correct", dose)).status_code == 404


def test_a_dose_with_observations_is_not_taken_back_unseen(
    dose: Administration, signs: VitalSigns, reaction: Reaction, login: Login
) -> None:
    client, form = login(Role.NURSE), {"reason": "Wrong participant", "record_version": "1"}
    page = client.post(dose_url("in-error", dose), form | key()).content.decode()
    assert "mark those as entered in error first" in page
    for name, row in (("vital-signs", signs), ("reaction", reaction)):
        url = reverse(f"dosing:{name}-in-error", args=[row.pk])
        assert client.post(url, form | key()).status_code == 302
        row.refresh_from_db()
        assert row.retracted_by is not None
        assert client.get(url).status_code == 404
    assert client.post(dose_url("in-error", dose), form | key()).status_code == 302


# --- vital signs and reactions --------------------------------------------------------------------


def test_vital_signs_are_kept_with_their_alerts_and_shown(
    dose: Administration, login: Login
) -> None:
    client, url = login(Role.NURSE), dose_url("vital-signs", dose)
    form = key() | {
        "timing": "after",
        "temperature": "38.5",
        "systolic": "88",
        "diastolic": "50",
        "spo2": "89",
        "measured_at": "2026-03-18T09:10",
    }
    for _ in range(2):
        assert client.post(url, form).status_code == 302
    saved = VitalSigns.objects.get()
    assert (saved.systolic, saved.pulse, len(saved.warnings)) == (88, None, 3)
    page = client.get(reverse("dosing:sheet")).content.decode()
    assert "Alert: Systolic pressure 88\u00a0mmHg, below 90" in page
    assert "Alert: Oxygen saturation 89\u00a0%, below 90" in page
    assert "Fever, CTCAE grade 1: 38.5\u00a0°C" in page


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"temperature": ""}, "Enter at least one vital sign"),
        ({"temperature": "51"}, "cannot be true"),
        ({"diastolic": "74"}, "Blood pressure is two numbers"),
        ({"measured_at": "2026-03-18T09:43"}, "not in the future"),
        ({"measured_at": ""}, "This field is required"),
        ({"timing": ""}, "This field is required"),
    ],
)
def test_vital_signs_that_cannot_be_keep_what_was_typed(
    dose: Administration, login: Login, changes: dict[str, str], asked: str
) -> None:
    form = {"timing": "before", "temperature": "36.8", "pulse": "", "note": ""}
    form |= {"measured_at": "2026-03-18T07:55"} | changes
    page = login(Role.NURSE).post(dose_url("vital-signs", dose), form | key()).content.decode()
    assert asked in page
    assert all(f'value="{value}"' in page for value in form.values() if value)
    assert not VitalSigns.objects.exists()


def test_nothing_comes_after_a_dose_that_was_not_given(order: Order, login: Login) -> None:
    client = login(Role.NURSE)
    client.post(record_url(order), key() | {"status": "not_given", "why": "adverse_event"})
    dose = Administration.objects.get()
    form = {"timing": "after", "temperature": "39.2", "measured_at": "2026-03-18T08:05"}
    page = client.post(dose_url("vital-signs", dose), form | key()).content.decode()
    assert "This dose was not given" in page
    before = form | {"timing": "before"}
    assert client.post(dose_url("vital-signs", dose), before | key()).status_code == 302
    url = dose_url("reaction", dose) + "?kind=fever"
    seen = key() | {"grade": "2", "onset_at": "2026-03-18T08:30"}
    assert "This dose was not given" in client.post(url, seen).content.decode()


@pytest.mark.requirement("R04")
def test_vital_signs_are_corrected_with_a_reason(signs: VitalSigns, login: Login) -> None:
    client, url = login(Role.NURSE), reverse("dosing:vital-signs-correct", args=[signs.pk])
    form = {"timing": "before", "systolic": "85", "measured_at": "2026-03-18T07:55"}
    form |= {"record_version": "1"}
    assert "This field is required" in client.post(url, form | key()).content.decode()
    assert client.post(url, form | key() | {"reason": "Misread"}).status_code == 302
    signs.refresh_from_db()
    assert (signs.systolic, signs.diastolic, signs.temperature, len(signs.warnings)) == (
        85,
        None,
        None,
        1,
    )
    stale = client.post(url, form | key() | {"reason": "Again"}).content.decode()
    assert "Somebody saved this record after you opened it" in stale


def test_a_reaction_is_graded_in_its_own_words(dose: Administration, login: Login) -> None:
    client, url = login(Role.NURSE), dose_url("reaction", dose)
    assert "?kind=redness" in client.get(url).content.decode()
    local = client.get(f"{url}?kind=redness").content.decode()
    assert "1 · Tenderness with or without redness or itching" in local
    assert "diameter_mm" in local
    general = client.get(f"{url}?kind=chills").content.decode()
    assert "Moderate: minimal, local or noninvasive treatment" in general
    assert "diameter_mm" not in general

    form = key() | {"grade": "1", "diameter_mm": "25", "onset_at": "2026-03-18T08:30"}
    for _ in range(2):
        assert client.post(f"{url}?kind=redness", form).status_code == 302
    assert Reaction.objects.get().diameter_mm == Decimal(25)
    page = client.get(reverse("dosing:sheet")).content.decode()
    assert "Redness at the site, grade 1, 25\u00a0mm" in page


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"grade": ""}, "This field is required"),
        ({"diameter_mm": "0"}, "A diameter is above 0 mm"),
        ({"onset_at": "2026-03-18T07:59"}, "begins after the dose"),
        ({"onset_at": "2026-03-18T09:43"}, "not in the future"),
        ({"ended_at": "2026-03-18T08:29"}, "ends after it begins"),
    ],
)
def test_a_reaction_that_cannot_be_is_refused(
    dose: Administration, login: Login, changes: dict[str, str], asked: str
) -> None:
    form = {"grade": "1", "diameter_mm": "25", "onset_at": "2026-03-18T08:30"} | changes
    url = dose_url("reaction", dose) + "?kind=redness"
    assert asked in login(Role.NURSE).post(url, form | key()).content.decode()
    assert not Reaction.objects.exists()


@pytest.mark.requirement("R04")
def test_a_reaction_that_has_ended_is_corrected(reaction: Reaction, login: Login) -> None:
    url = reverse("dosing:reaction-correct", args=[reaction.pk])
    form = {"grade": "2", "onset_at": "2026-03-18T08:30", "ended_at": "2026-03-18T09:30"}
    form |= {"record_version": "1", "reason": "It has ended, and was worse"}
    assert login(Role.NURSE).post(url, form | key()).status_code == 302
    reaction.refresh_from_db()
    assert (reaction.grade, reaction.ended_at) == (2, at(9, 30))


# --- how much is recorded, and how fast -----------------------------------------------------------


def test_the_sheet_says_how_much_is_recorded(order: Order, il2_order: Order, login: Login) -> None:
    client, url = login(Role.NURSE), reverse("dosing:sheet")
    assert "0 of 2 recorded, 0 %" in client.get(url).content.decode()
    factories.dose(order, SLOT)
    page = client.get(url).content.decode()
    assert "1 of 2 recorded, 50 %" in page
    assert page.count("?date=2026-03-1") >= 7  # each of the last seven days leads to its sheet


def test_a_sheet_of_forty_takes_at_most_15_queries(site: Site, login: Login, blood: Blood) -> None:
    factories.allocation_list(length=40)
    with time_machine.travel(at(9, day=17), tick=False):
        forty = [factories.on_treatment(site, days_ago=0) for _ in range(40)]
    nurse = factories.user(Role.NURSE, site)
    for person in forty[:3]:
        blood(person, anc="0.3")
        dose = factories.dose(person.orders.get(), SLOT)
        measured = Measured("before", at(7, 55), Decimal("38.4"))
        record_vital_signs(dose, measured=measured, by=nurse)
        record_reaction(dose, seen=Seen("fever", 1, at(8, 30)), by=nurse)
    client = login(Role.NURSE)
    for order in ("urgency", "subject"):
        with CaptureQueriesContext(connection) as queries:
            response = client.get(reverse("dosing:sheet"), {"order": order})
        assert response.content.decode().count('class="ward"') == 10
        assert len(queries) <= 15
