"""What the forms asked stays on the page of a result: first answer, question, outcome (R07)."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from enrollment.models import Participant
from labs.models import FiredCheck, Result
from tests.labs.examples import entered, pcr, pcr_data, safety_data
from trial_site.roles import Role

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R07")]

Login = Callable[[Role], Client]
PCR, SAFETY = reverse("labs:pcr-new"), reverse("labs:safety-new")


def page_of(client: Client, result: Result) -> str:
    page: str = client.get(reverse("labs:result", args=[result.pk])).content.decode()
    return page.replace("\N{NO-BREAK SPACE}", " ")


def confirmed(client: Client, url: str, data: dict[str, str]) -> dict[str, str]:
    """``data`` with the questions that the page asks about it answered."""
    asked = client.post(url, data).context["form"]["asked"].value()
    return data | {"confirmed": "on", "asked": asked}


def test_a_confirmed_answer_stands_with_its_question(
    login: Login, participant: Participant
) -> None:
    client, data = login(Role.LAB), pcr_data(participant, "21,000,000")
    client.post(PCR, confirmed(client, PCR, data))
    page = page_of(client, Result.objects.get())
    for words in ("What was asked", "21,000,000 copies/mL is unusual", "as first answered"):
        assert words in page


def test_a_first_answer_that_was_changed_is_not_forgotten(
    login: Login, participant: Participant
) -> None:
    client, data = login(Role.LAB), pcr_data(participant, "21,000,000")
    client.post(PCR, data)
    client.post(PCR, data | {"printed": "2,100,000"})
    page = page_of(client, Result.objects.get())
    assert "21,000,000 copies/mL" in page
    assert "as first answered" not in page
    assert page.count("2,100,000 copies/mL") >= 2


def test_a_refused_answer_says_so(login: Login, participant: Participant) -> None:
    client, data = login(Role.LAB), pcr_data(participant, "0")
    client.post(PCR, data)
    client.post(PCR, data | {"printed": "52000"})
    page = page_of(client, Result.objects.get())
    assert "0 copies/mL is impossible" in page
    assert "Refused" in page


def test_the_other_analytes_of_the_form_are_listed_too(
    login: Login, participant: Participant
) -> None:
    client = login(Role.LAB)
    values = {"creatinine_printed": "16", "creatinine_unit": "mg/dL", "anc_printed": "3.2"}
    data = safety_data(participant, **values)
    client.post(SAFETY, data)
    client.post(SAFETY, data | {"creatinine_printed": ""})
    page = page_of(client, Result.objects.get())
    assert "16 mg/dL" in page
    assert "nothing" in page


def test_the_questions_of_a_correction_are_listed_with_those_before(
    login: Login, participant: Participant
) -> None:
    client, first = login(Role.LAB), pcr_data(participant, "21,000,000")
    client.post(PCR, confirmed(client, PCR, first))
    result = Result.objects.get()
    url = reverse("labs:result-correct", args=[result.pk])
    data = {
        **{name: first[name] for name in ("unit", "assay", "lod", "lloq", "uloq")},
        "entry_key": str(uuid4()),
        "record_version": str(result.version),
        "reason": "Misread",
        "printed": "31,000,000",
    }
    client.post(url, confirmed(client, url, data))
    page = page_of(client, Result.objects.get())
    assert FiredCheck.objects.count() == 2
    assert "21,000,000 copies/mL is unusual" in page
    assert "31,000,000 copies/mL is unusual" in page


def test_nothing_is_said_where_nothing_was_asked(login: Login, participant: Participant) -> None:
    (result,) = entered(participant, pcr("52000"))
    assert "What was asked" not in page_of(login(Role.LAB), result)
