"""The screening form in the browser: drafts, corrections, questions, conflicts."""

from decimal import Decimal

import pytest
from django.test import Client

from enrollment.models import Screening
from tests import factories
from tests.enrollment.pages import (
    NEW,
    page,
    send,
    text,
    typed,
    verdict_of,
)
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.django_db


def eligible_answers(desk: Client, site: Site) -> dict[str, str]:
    """What a coordinator types for an eligible patient."""
    made = factories.screening(site)
    answers = typed(desk.get(page(made, "edit")))
    return {
        name: value
        for name, value in answers.items()
        if name not in {"entry_key", "record_version"}
    }


def test_a_new_screening_is_saved_as_typed(desk: Client, site: Site) -> None:
    answers = eligible_answers(desk, site)
    response = send(desk, NEW, **answers, draft="")
    made = Screening.objects.get(number="SCR-002")
    assert response.redirect_chain[-1][0] == page(made, "edit")
    assert "The draft is saved." in text(response)
    assert made.answers == factories.eligible_facts()
    assert made.site == site


def test_who_works_at_two_sites_chooses_one(client: Client, site: Site, other_site: Site) -> None:
    both = factories.user(Role.COORDINATOR, site, other_site, username="coordinator-both")
    client.force_login(both)
    refused = send(client, NEW, draft="")
    assert "Site: This field is required." in text(refused)
    send(client, NEW, site=other_site.pk, draft="")
    assert Screening.objects.get().site == other_site


def test_a_site_that_is_not_ones_own_is_refused(desk: Client, other_site: Site) -> None:
    send(desk, NEW, site=other_site.pk, draft="")
    assert not Screening.objects.exists()


def test_bad_input_keeps_everything_that_was_typed(desk: Client, site: Site) -> None:
    answers = eligible_answers(desk, site) | {"weight_kg": "6o", "cmv_value": "52,000"}
    response = send(desk, NEW, **answers, draft="")
    assert "Not saved: 1 answer to correct" in text(response)
    assert '<a href="#id_weight_kg">Weight: Enter a number.</a>' in text(response)
    kept = typed(response)
    assert {name: kept[name] for name in answers} == answers
    assert Screening.objects.count() == 1


def test_the_same_form_sent_twice_saves_one_screening(desk: Client) -> None:
    data = typed(desk.get(NEW)) | {"draft": ""}
    desk.post(NEW, data)
    again = desk.post(NEW, data, follow=True)
    assert "This was saved already." in text(again)
    assert Screening.objects.count() == 1


def test_an_unusual_value_is_asked_about_once(desk: Client, draft: Screening) -> None:
    asked = send(desk, page(draft, "edit"), weight_kg="34.9", draft="")
    assert "34.9 kg is unusual. Is this right?" in text(asked)
    assert "Not saved: 1 answer to confirm" in text(asked)
    assert Screening.objects.get().answers.weight_kg == Decimal("60.0")
    desk.post(page(draft, "edit"), typed(asked) | {"confirmed": "on", "draft": ""})
    assert Screening.objects.get().answers.weight_kg == Decimal("34.9")
    later = send(desk, page(draft, "edit"), malignancy="yes", draft="")
    assert "is unusual" not in text(later)
    assert Screening.objects.get().answers.malignancy is True


def test_an_impossible_value_is_refused_at_its_field(desk: Client, draft: Screening) -> None:
    refused = send(desk, page(draft, "edit"), creatinine="62", creatinine_unit="mg/dL", draft="")
    assert "62 mg/dL is not possible. Is this µmol/L?" in text(refused)
    assert '<a href="#id_creatinine">' in text(refused)


def test_verdicts_stand_beside_the_fields_after_saving(desk: Client, site: Site) -> None:
    new = text(desk.get(NEW))
    assert "Not judged yet" in new
    assert "passes" not in new
    draft = factories.screening(site, factories.eligible_facts(ast=None))
    form = desk.get(page(draft, "edit"))
    assert "E4c · Exclusion Unknown · blocks" in verdict_of(form, "E4c")
    assert "Needed: AST" in verdict_of(form, "E4c")
    assert "Submitting now records an undecided screening: E4c." in text(form)


def test_a_draft_is_submitted_from_its_form(desk: Client, draft: Screening) -> None:
    response = send(desk, page(draft, "edit"), weight_kg="61.0")
    assert "The screening is submitted." in text(response)
    submitted = Screening.objects.get()
    assert submitted.status == "eligible"
    assert submitted.answers.weight_kg == Decimal("61.0")


@pytest.mark.requirement("R10")
def test_submitting_without_consent_saves_the_draft_and_leads_to_the_consent(
    desk: Client, site: Site
) -> None:
    draft = factories.screening(site, consent=False)
    response = send(desk, page(draft, "edit"), weight_kg="61.0")
    assert response.redirect_chain[-1][0] == page(draft, "consent")
    assert "Record the consent first: it precedes the verdict" in text(response)
    saved = Screening.objects.get()
    assert (saved.is_draft, saved.answers.weight_kg) == (True, Decimal("61.0"))


@pytest.mark.requirement("R04")
def test_a_correction_needs_a_reason_and_is_judged_again(desk: Client, site: Site) -> None:
    screening = factories.confirmed(site)
    refused = send(desk, page(screening, "edit"), malignancy="yes", reason="")
    assert "Why is the record changed? This field is required." in text(refused)
    assert Screening.objects.get().status == "eligible"
    send(desk, page(screening, "edit"), malignancy="yes", reason="Found in the records")
    changed = Screening.objects.get()
    assert (changed.status, changed.confirmed_at) == ("failed", None)


def test_a_stale_form_shows_both_values_and_loses_nothing(desk: Client, draft: Screening) -> None:
    stale = typed(desk.get(page(draft, "edit")))
    send(desk, page(draft, "edit"), weight_kg="61.0", malignancy="yes", draft="")
    response = desk.post(page(draft, "edit"), stale | {"weight_kg": "62.0", "draft": ""})
    assert "The record has changed since you opened it." in text(response)
    assert "<td>62.0 kg</td><td>61.0 kg</td>" in text(response)
    assert "<td>No</td><td>Yes</td>" in text(response)
    assert Screening.objects.get().answers.weight_kg == Decimal("61.0")
    desk.post(page(draft, "edit"), typed(response) | {"draft": ""})
    assert Screening.objects.get().answers.weight_kg == Decimal("62.0")


def test_a_draft_that_ended_is_closed(desk: Client, draft: Screening) -> None:
    form = page(draft, "edit")
    opened_before = typed(desk.get(form)) | {"draft": ""}
    send(desk, page(draft, "end"), after="lost", why="Did not come back")
    assert f'href="{form}"' not in text(desk.get(page(draft)))
    assert "This screening has ended." in text(desk.get(form, follow=True))
    assert "Somebody saved this record after you opened it" in text(desk.post(form, opened_before))
    again = opened_before | {"record_version": str(Screening.objects.get().version)}
    assert "This screening has ended" in text(desk.post(form, again))
