"""The form judged as it is typed: what comes back, and that nothing is written."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from enrollment.actions.allocation import allocate
from enrollment.models import Participant, Screening
from oversight.models import AuditEntry
from tests import factories
from tests.enrollment.conftest import Login
from tests.enrollment.pages import KEY, NEW, Response, page, send, text, typed, verdict_of
from tests.enrollment.thresholds import man_of_68, methylprednisolone, told
from trial_site import clock
from trial_site.models import Site, User
from trial_site.protocol import current
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db

EVALUATE = "/screening/evaluate/"
MOST_QUERIES = 12


def judged(desk: Client, draft: Screening, **answers: Any) -> Response:
    """What comes back when the answers of ``draft`` are changed and nothing is sent."""
    data = typed(desk.get(page(draft, "edit"))) | answers
    response = desk.post(f"{EVALUATE}?number={draft.number}", data)
    assert response.status_code == 200
    return response


def test_every_verdict_comes_back_as_typed_and_not_saved(desk: Client, draft: Screening) -> None:
    response = judged(desk, draft)
    for criterion in current().criteria:
        assert f'id="verdict-{criterion.id}"' in text(response)
    assert "16 pass" in text(response)
    assert "Nothing is missing." in text(response)
    assert "As typed, not saved yet" in verdict_of(response, "E4c")


@pytest.mark.parametrize("code", ["A1", "I1", "I2", "I3", "E2", "E3", "E4b", "E7", "S1"])
def test_each_piece_names_where_it_belongs_on_the_page(
    desk: Client, draft: Screening, code: str
) -> None:
    form, response = text(desk.get(page(draft, "edit"))), text(judged(desk, draft))
    for place in (f'id="cards-{code}"', 'id="tally"', 'id="needs"', 'id="needs-count"'):
        assert form.count(place) == 1
        assert response.count(place) == 1


def test_a_missing_value_is_listed_with_a_link_to_its_question(
    desk: Client, draft: Screening
) -> None:
    response = judged(desk, draft, ast="")
    assert "Needed: AST" in verdict_of(response, "E4c")
    assert '<a id="need-E4c-0" href="#id_ast">E4c: AST</a>' in text(response)
    assert "15 pass" in text(response)
    assert "1 unknown" in text(response)


def test_it_writes_nothing_and_spends_no_key(desk: Client, draft: Screening) -> None:
    written = AuditEntry.objects.count()
    form = typed(desk.get(page(draft, "edit")))
    desk.post(f"{EVALUATE}?number={draft.number}", form | {"malignancy": "yes"})
    unchanged = Screening.objects.get()
    assert (unchanged.version, unchanged.facts) == (draft.version, draft.facts)
    assert AuditEntry.objects.count() == written
    saved = desk.post(page(draft, "edit"), form | {"draft": ""}, follow=True)
    assert "The draft is saved." in text(saved)


def test_a_new_screening_is_judged_without_a_consent(desk: Client) -> None:
    data = typed(desk.get(NEW)) | {"sex": "male"}
    response = desk.post(EVALUATE, data)
    assert "Met · passes" in verdict_of(response, "A2")
    assert "the date of consent" in verdict_of(response, "A1")
    assert "Not applicable · passes" in verdict_of(response, "E7")
    assert not Screening.objects.exists()


@pytest.mark.parametrize("text_typed", ["6o", "1,5", "NaN", "1e999", "💉", "1" * 40])
def test_what_cannot_be_read_is_missing_and_never_passes(
    desk: Client, draft: Screening, text_typed: str
) -> None:
    response = judged(desk, draft, alt=text_typed, hcg_on=text_typed, infection_rpr=text_typed)
    for criterion in ("E4c", "E7", "E2"):
        assert "Unknown · blocks" in verdict_of(response, criterion)
    assert "ALT: " in text(response)


def test_nothing_at_all_is_unknown_throughout(desk: Client) -> None:
    response = desk.post(EVALUATE, {})
    assert response.status_code == 200
    assert "0 pass" in text(response)
    assert "16 unknown" in text(response)


@pytest.mark.parametrize(
    "broken",
    [
        {"steroids-1-agent": "prednisone"},
        {"steroids-1-dose_mg": "2o"},
        {"steroids-TOTAL_FORMS": "many"},
        {
            "steroids-1-agent": "prednisone",
            "steroids-1-dose_mg": "-5",
            "steroids-1-on": "2026-03-17",
        },
    ],
)
def test_a_broken_corticosteroid_line_leaves_the_whole_block_unknown(
    desk: Client, draft: Screening, broken: dict[str, str]
) -> None:
    answers = told(methylprednisolone("4"))
    assert "Met · passes" in verdict_of(judged(desk, draft, **answers), "I3")
    assert "Unknown · blocks" in verdict_of(judged(desk, draft, **answers, **broken), "I3")
    none = judged(desk, draft, no_steroids="yes", **broken)
    assert "Unknown · blocks" in verdict_of(none, "I3")


def test_a_broken_line_is_named(desk: Client, draft: Screening) -> None:
    response = judged(desk, draft, **{"steroids-1-agent": "prednisone"})
    assert "Dose 2: Complete the line, or empty it" in text(response)


def test_the_clearance_is_shown_step_by_step(desk: Client, draft: Screening) -> None:
    card = verdict_of(judged(desk, draft, **told(man_of_68("2.0"))), "E4b")
    assert "(140 − 68) × 60 ÷ (72 × 2)" in card
    assert "30.00 mL/min" in card


@pytest.mark.parametrize(
    ("answers", "question"),
    [
        ({"creatinine": "62"}, "Creatinine: 62 mg/dL is not possible. Is this µmol/L?"),
        ({"creatinine": "20"}, "20 mg/dL is very high. Is this µmol/L?"),
        ({"creatinine": "4"}, "4 mg/dL is unusual. Is this right?"),
    ],
)
def test_a_unit_slip_is_asked_about_at_once(
    desk: Client, draft: Screening, answers: dict[str, str], question: str
) -> None:
    response = text(judged(desk, draft, creatinine_unit="mg/dL", **answers))
    assert response.count(question) == 2  # beside the field, and in the list


def test_what_was_called_right_before_is_not_asked_again(desk: Client, site: Site) -> None:
    light = factories.screening(site, factories.eligible_facts(weight_kg=Decimal("34.9")))
    assert "is unusual" not in text(judged(desk, light))
    assert "34.8 kg is unusual" in text(judged(desk, light, weight_kg="34.8"))


def test_a_correction_after_allocation_is_judged_on_that_day(
    desk: Client, waiting: Participant, coordinator: User
) -> None:
    allocate(waiting, by=coordinator)
    with time_machine.travel(clock.now() + dt.timedelta(days=30)):
        desk.force_login(coordinator)
        assert "16 pass" in text(judged(desk, waiting.screening))


def test_no_text_of_the_form_comes_back(desk: Client, draft: Screening) -> None:
    response = judged(desk, draft, cmv_assay="an assay typed just now")
    assert "an assay typed just now" not in text(response)
    assert "<input" not in text(response)


def test_a_text_typed_is_escaped(desk: Client, draft: Screening) -> None:
    response = judged(
        desk,
        draft,
        other_severe_disease="yes",
        other_severe_disease_text="<script>alert(1)</script>",
    )
    assert "<script>" not in text(response)


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", sorted(PEOPLE - {Role.COORDINATOR}))
def test_only_who_screens_is_answered(login: Login, draft: Screening, role: Role) -> None:
    assert login(role).post(f"{EVALUATE}?number={draft.number}").status_code == 403


def test_another_sites_screening_does_not_exist(desk: Client, other_site: Site, site: Site) -> None:
    elsewhere = factories.screening(other_site)
    assert desk.post(f"{EVALUATE}?number={elsewhere.number}").status_code == 404
    assert desk.post(f"{EVALUATE}?number=SCR-999").status_code == 404


def test_it_cannot_be_opened(desk: Client) -> None:
    assert desk.get(EVALUATE).status_code == 405


def test_it_takes_few_queries(
    desk: Client, draft: Screening, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    data = typed(desk.get(page(draft, "edit")))
    with django_assert_max_num_queries(MOST_QUERIES):
        desk.post(f"{EVALUATE}?number={draft.number}", data)


def test_a_form_that_was_refused_is_judged_when_it_comes_back(
    desk: Client, draft: Screening
) -> None:
    assert 'hx-trigger="input delay:400ms"' in text(desk.get(page(draft, "edit")))
    refused = send(desk, page(draft, "edit"), weight_kg="6o", draft="")
    assert 'hx-trigger="load, input delay:400ms"' in text(refused)
    assert KEY in typed(refused)
