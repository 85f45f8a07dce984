"""The page of a whole PCR run."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from enrollment.models import Participant
from labs.models import Assay, Laboratory, Result, Specimen
from labs.permissions import ENTER_RESULTS
from oversight.accounts import system_actor
from oversight.recording import recorded
from tests import factories
from tests.labs.examples import entered, hours_ago, pcr, typed
from trial_site.models import Site
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db

Login = Callable[[Role], Client]
RUN = reverse("labs:pcr-run")
HEAD = {"kind": "plasma", "assay": "PCR-CMV-2", "kit_lot": "L7", "unit": "copies/mL"}
LIMITS = {"lod": "200", "lloq": "500", "uloq": ""}


@pytest.fixture
def people(site: Site) -> list[Participant]:
    return [factories.enrolled(site) for _ in range(3)]


def run_data(*samples: tuple[Participant, str], **changes: str) -> dict[str, str]:
    """A run whose first rows hold ``samples``; the others stay empty."""
    data = {"entry_key": str(uuid4()), "rows": "8", **HEAD, **LIMITS}
    for number, (participant, printed) in enumerate(samples, 1):
        data |= sample_row(number, participant.subject, printed)
    return data | changes


def sample_row(number: int, subject: str, printed: str, hours: int = 4) -> dict[str, str]:
    return {
        f"r{number}_participant": subject,
        f"r{number}_collected_at": typed(hours_ago(hours)),
        f"r{number}_received_at": "",
        f"r{number}_printed": printed,
    }


@pytest.fixture
def assay(site: Site) -> Assay:
    with recorded(by=system_actor()):
        laboratory = Laboratory(site=site, name="Central laboratory")
        laboratory.save()
        made = Assay(
            laboratory=laboratory,
            analyte="cmv_dna",
            name="PCR-CMV-9",
            unit="IU/mL",
            lod=34,
            lloq=137,
        )
        made.save()
    return made


def test_a_run_is_saved_with_its_head_in_every_result(
    login: Login, people: list[Participant]
) -> None:
    values = ["52000", "<500", "not detected"]
    data = run_data(*zip(people, values, strict=True))
    response = login(Role.LAB).post(RUN, data, follow=True)
    assert "3 results saved" in response.content.decode()
    results = Result.objects.order_by("participant__subject")
    assert [r.printed for r in results] == values
    assert {(r.assay, r.kit_lot, r.lod, r.lloq) for r in results} == {("PCR-CMV-2", "L7", 200, 500)}
    assert {s.kind for s in Specimen.objects.all()} == {"plasma"}


def test_the_visit_follows_from_the_day(login: Login, site: Site) -> None:
    treated = factories.on_treatment(site, days_ago=7)
    login(Role.LAB).post(RUN, run_data((treated, "52000")))
    assert Specimen.objects.get().visit == "D7"


def test_empty_rows_between_are_ignored(login: Login, people: list[Participant]) -> None:
    data = run_data() | sample_row(2, people[0].subject, "52000")
    data |= sample_row(7, people[1].subject.lower(), "41000")
    login(Role.LAB).post(RUN, data)
    assert Result.objects.count() == 2


def test_more_rows_keep_what_was_typed(login: Login, people: list[Participant]) -> None:
    data = run_data((people[0], "5,2000"), more="1") | sample_row(8, "", "41000")
    page = login(Role.LAB).post(RUN, data).content.decode()
    for kept in ("5,2000", "41000", people[0].subject, "L7", data["entry_key"]):
        assert f'value="{kept}"' in page
    assert 'name="rows" value="16"' in page
    assert 'name="r16_printed"' in page
    assert 'name="r17_printed"' not in page
    assert "Not saved" not in page
    assert not Specimen.objects.exists()


@pytest.mark.parametrize(
    ("rows", "last"), [("90", 96), ("96", 96), ("500", 96), ("none", 16), ("0", 16)]
)
def test_a_plate_has_ninety_six_rows(login: Login, rows: str, last: int) -> None:
    page = login(Role.LAB).post(RUN, run_data(more="1") | {"rows": rows}).content.decode()
    assert f'name="r{last}_printed"' in page
    assert f'name="r{last + 1}_printed"' not in page
    assert ("More rows" in page) is (last < 96)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"r1_printed": "5 2000"}, "r1_printed"),
        ({"r1_printed": ""}, "r1_printed"),
        ({"r1_participant": ""}, "r1_participant"),
        ({"r1_participant": "PKU-999"}, "r1_participant"),
        ({"r1_collected_at": ""}, "r1_collected_at"),
        ({"r1_collected_at": -30}, "r1_collected_at"),
        ({"r1_received_at": 9}, "r1_collected_at"),
        ({"lloq": "500", "uloq": "400"}, "uloq"),
        ({"assay": ""}, "assay"),
    ],
)
def test_what_is_wrong_is_said_at_its_cell(
    login: Login, people: list[Participant], changes: dict[str, str | int], field: str
) -> None:
    typed_changes = {
        name: typed(hours_ago(value)) if isinstance(value, int) else value
        for name, value in changes.items()
    }
    response = login(Role.LAB).post(RUN, run_data((people[0], "52000")) | typed_changes)
    assert list(response.context["form"].errors) == [field]
    assert f'href="#id_{field}"' in response.content.decode()
    assert not Specimen.objects.exists()


def test_an_empty_run_is_not_taken(login: Login) -> None:
    response = login(Role.LAB).post(RUN, run_data())
    assert list(response.context["form"].errors) == ["r1_participant"]


def test_one_participant_at_one_time_twice_is_said_at_the_second(
    login: Login, people: list[Participant]
) -> None:
    data = run_data((people[0], "52000"), (people[1], "41000"), (people[0], "41000"))
    response = login(Role.LAB).post(RUN, data)
    assert list(response.context["form"].errors) == ["r3_participant"]
    assert "stand in row 1 already" in response.content.decode()


def test_a_sample_that_has_a_result_is_said_at_its_row(
    login: Login, people: list[Participant]
) -> None:
    entered(people[1], pcr("41000"), hours=4)
    response = login(Role.LAB).post(RUN, run_data((people[0], "52000"), (people[1], "41000")))
    errors = response.context["form"].errors
    assert list(errors) == ["r2_participant", "__all__"]
    assert errors["__all__"] == ["Nothing of this run was saved"]
    assert Result.objects.count() == 1


@pytest.mark.requirement("R11")
def test_a_participant_of_another_site_is_none(
    login: Login, people: list[Participant], stranger: Participant
) -> None:
    response = login(Role.LAB).post(RUN, run_data((people[0], "52000"), (stranger, "41000")))
    assert list(response.context["form"].errors) == ["r2_participant"]
    assert stranger.subject not in response.context["form"].subjects


@pytest.mark.requirement("R07")
def test_doubts_stand_at_their_rows_and_are_answered_together(
    login: Login, people: list[Participant]
) -> None:
    client = login(Role.LAB)
    data = run_data((people[0], "21,000,000"), (people[1], "52000"), (people[2], "99"))
    response = client.post(RUN, data)
    form = response.context["form"]
    assert [name for name, _ in form.questions] == ["r1_printed", "r3_printed"]
    assert response.content.decode().count('name="confirmed"') == 1
    answered = data | {"confirmed": "on", "asked": form["asked"].value()}
    client.post(RUN, answered | {"r3_printed": "98"})
    assert not Result.objects.exists()
    client.post(RUN, answered)
    assert Result.objects.count() == 3


def test_a_sample_from_before_birth_is_refused_at_its_cell(
    login: Login, people: list[Participant]
) -> None:
    data = run_data((people[0], "52000"), r1_collected_at="1900-01-01T08:00")
    form = login(Role.LAB).post(RUN, data).context["form"]
    assert list(form.errors) == ["r1_collected_at"]


@pytest.mark.requirement("R07")
def test_a_sample_from_before_the_consent_is_asked_about_at_its_row(
    login: Login, people: list[Participant]
) -> None:
    client = login(Role.LAB)
    data = run_data((people[0], "52000")) | sample_row(2, people[1].subject, "52000", hours=49)
    form = client.post(RUN, data).context["form"]
    ((name, question),) = form.questions
    assert name == "r2_printed"
    assert "before the consent was signed" in question
    client.post(RUN, data | {"confirmed": "on", "asked": form["asked"].value()})
    assert Result.objects.count() == 2


def test_a_run_sent_twice_is_saved_once(login: Login, people: list[Participant]) -> None:
    client, data = login(Role.LAB), run_data((people[0], "52000"))
    client.post(RUN, data)
    page = client.post(RUN, data, follow=True).content.decode()
    assert "This was saved already" in page
    assert Result.objects.count() == 1


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", sorted(PEOPLE - ENTER_RESULTS.roles))
def test_only_the_laboratory_enters_a_run(login: Login, role: Role) -> None:
    assert login(role).get(RUN).status_code == 403
    assert login(role).post(RUN, run_data()).status_code == 403


def test_the_page_takes_no_other_method(login: Login) -> None:
    assert login(Role.LAB).put(RUN).status_code in {403, 405}


# --- a registered assay -----------------------------------------------------------------------


def test_the_only_laboratory_and_its_only_assay_begin_the_run(login: Login, assay: Assay) -> None:
    form = login(Role.LAB).get(RUN).context["form"]
    names = ("assay", "unit", "lod", "lloq", "uloq", "kind")
    assert form["laboratory"].value() == assay.laboratory.pk
    assert [str(form[name].value()) for name in names] == [
        "PCR-CMV-9", "IU/mL", "34", "137", "None", "plasma",
    ]  # fmt: skip


def test_choosing_an_assay_brings_its_limits(login: Login, assay: Assay) -> None:
    with recorded(by=system_actor()):
        Assay(
            laboratory=assay.laboratory, analyte="cmv_dna", name="Other", unit="copies/mL", lod=91
        ).save()
    client = login(Role.LAB)
    assert client.get(RUN).context["form"]["assay"].value() is None
    form = client.get(RUN, {"assay": "Other", "laboratory": str(assay.laboratory.pk)}).context[
        "form"
    ]
    assert (form["unit"].value(), str(form["lod"].value())) == ("copies/mL", "91")
    fetched = form.fields["assay"].widget.attrs["hx-select-oob"]
    assert fetched == "#id_unit,#id_lod,#id_lloq,#id_uloq"


def test_limits_left_empty_are_those_of_the_registered_assay(
    login: Login, assay: Assay, people: list[Participant]
) -> None:
    head = {"assay": "PCR-CMV-9", "unit": "IU/mL", "lod": "", "lloq": ""}
    data = run_data((people[0], "not detected"), laboratory=str(assay.laboratory.pk), **head)
    login(Role.LAB).post(RUN, data)
    saved = Result.objects.get()
    assert (saved.laboratory, saved.lod, saved.lloq) == (assay.laboratory, 34, 137)
