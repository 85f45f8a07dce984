"""The page of cytokines and antibodies: readings, kits, cut-offs (DOMAIN 7)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from enrollment.models import Participant
from labs.forms import ElisaForm
from labs.models import Assay, Laboratory, Result, Specimen
from labs.permissions import ENTER_RESULTS
from oversight.accounts import system_actor
from oversight.recording import recorded
from tests.labs.examples import hours_ago, specimen_data, typed
from trial_site.models import Site, User
from trial_site.protocol import current
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db

Login = Callable[[Role], Client]
ELISA = reverse("labs:elisa-new")


@pytest.fixture
def laboratory(site: Site) -> Laboratory:
    """A laboratory that has registered the protocol's four kits."""
    with recorded(by=system_actor()):
        made = Laboratory(site=site, name="Central laboratory")
        made.save()
        for kit in current().serology_kits:
            Assay(
                laboratory=made,
                analyte=kit.analyte,
                name=kit.code,
                unit=kit.unit,
                positive_from=kit.positive_from,
                grey_from=kit.grey_from,
            ).save()
    return made


def elisa_data(participant: Participant, **changes: str) -> dict[str, str]:
    """An empty plate with ``changes``; every analyte in its first unit."""
    groups = {"cytokine", "serology"}
    analytes = [analyte for analyte in current().analytes if analyte.group in groups]
    units = {f"{analyte.code}_unit": analyte.unit for analyte in analytes}
    return specimen_data(participant, **units) | changes


def readings(
    analyte: str, *printed: str, kit: str = "Kit", unit: str = "", lot: str = "L1"
) -> dict[str, str]:
    typed_readings = {f"{analyte}_printed{n}": text for n, text in enumerate(printed, 1)}
    unit = unit or current().analyte(analyte).unit
    own = {f"{analyte}_assay": kit, f"{analyte}_unit": unit, f"{analyte}_lot": lot}
    return typed_readings | own


def page_of(client: Client, data: dict[str, str]) -> str:
    page: str = client.post(ELISA, data, follow=True).content.decode()
    return page.replace("\N{NO-BREAK SPACE}", " ")


def bound(data: dict[str, str], user: User) -> ElisaForm:
    posted = QueryDict(mutable=True)
    posted.update(data)
    return ElisaForm(posted, user=user, participant=None)


# --- readings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        (("4.2",), "4.2"),
        (("4.2", "4.4"), "4.3"),
        (("4.2", "4.4", "4.9"), "4.5"),
        (("1", "1", "2"), "1.333333333333"),
        (("100", "300"), "200"),
    ],
)
def test_the_result_is_the_mean_of_its_readings(
    participant: Participant, lab: User, printed: tuple[str, ...], value: str
) -> None:
    form = bound(elisa_data(participant, **readings("tnf_alpha", *printed)), lab)
    assert form.is_valid(), form.errors
    (entry,) = form.entries
    assert (entry.operator, str(entry.value)) == ("=", value)
    assert entry.replicates == (printed if len(printed) > 1 else ())
    assert (entry.assay, entry.kit_lot, entry.unit) == ("Kit", "L1", "pg/mL")


def test_over_range_is_kept_as_it_was_printed(login: Login, participant: Participant) -> None:
    data = elisa_data(participant, **readings("cmv_igg", ">250", unit="U/mL"))
    page = page_of(login(Role.LAB), data)
    result = Result.objects.get()
    assert (result.operator, result.value, result.unit) == (">", Decimal(250), "U/mL")
    assert "&gt;250 U/mL" in page


def test_readings_that_say_the_same_bound_say_it_together(
    participant: Participant, lab: User
) -> None:
    form = bound(elisa_data(participant, **readings("cmv_igg", ">250", ">250", unit="U/mL")), lab)
    assert form.is_valid(), form.errors
    (entry,) = form.entries
    assert (entry.printed, entry.replicates) == (">250", (">250", ">250"))


@pytest.mark.parametrize("printed", [("248", ">250"), (">250", ">200"), ("<0.5", "0.6", "0.7")])
def test_a_bound_among_readings_leaves_no_mean(
    participant: Participant, lab: User, printed: tuple[str, ...]
) -> None:
    form = bound(elisa_data(participant, **readings("cmv_igg", *printed, unit="U/mL")), lab)
    assert list(form.errors) == ["cmv_igg_printed1"]
    assert "no mean" in form.errors["cmv_igg_printed1"][0]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tnf_alpha_printed1", "4,2"),
        ("tnf_alpha_printed2", "not detected"),
        ("tnf_alpha_assay", ""),
        ("tnf_alpha_unit", "index"),
        ("collected_at", ""),
    ],
)
def test_what_is_wrong_is_told_at_its_field(
    login: Login, participant: Participant, field: str, value: str
) -> None:
    data = elisa_data(participant, **readings("tnf_alpha", "4.2", "4.4")) | {field: value}
    response = login(Role.LAB).post(ELISA, data)
    assert list(response.context["form"].errors) == [field]
    assert 'value="L1"' in response.content.decode()
    assert not Specimen.objects.exists()


def test_an_empty_plate_is_not_taken(participant: Participant, lab: User) -> None:
    assert list(bound(elisa_data(participant), lab).errors) == ["tnf_alpha_printed1"]


def test_compute_shows_mean_and_spread_and_saves_nothing(
    login: Login, participant: Participant
) -> None:
    data = elisa_data(participant, **readings("tnf_alpha", "4.0", "5.0"), preview="1")
    page = page_of(login(Role.LAB), data)
    assert "(4.0 + 5.0) ÷ 2 = 4.50" in page
    assert "CV 15.7 %" in page
    assert not Specimen.objects.exists()


# --- every kit of DOMAIN 7 ------------------------------------------------------------------------

VERDICTS = [
    ("architect_igm", "cmv_igm", "index", "0.84", "Negative"),
    ("architect_igm", "cmv_igm", "index", "0.85", "Grey zone: repeat"),
    ("architect_igm", "cmv_igm", "index", "0.99", "Grey zone: repeat"),
    ("architect_igm", "cmv_igm", "index", "1.00", "Positive"),
    ("other_igm", "cmv_igm", "AU/mL", "34.9", "Negative"),
    ("other_igm", "cmv_igm", "AU/mL", "35", "Positive"),
    ("other_igm", "cmv_igm", "AU/mL", ">250", "Positive"),
    ("other_igm", "cmv_igm", "AU/mL", "<0.5", "Negative"),
    ("other_igm", "cmv_igm", "AU/mL", "<40", "Unknown"),
    ("architect_igg", "cmv_igg", "AU/mL", "5.9", "Negative"),
    ("architect_igg", "cmv_igg", "AU/mL", "6.0", "Positive"),
    ("other_igg", "cmv_igg", "U/mL", "0.69", "Negative"),
    ("other_igg", "cmv_igg", "U/mL", "0.70", "Positive"),
    ("other_igg", "cmv_igg", "AU/mL", "0.70", "Unknown"),
    ("never registered", "cmv_igg", "U/mL", "0.70", "Unknown"),
]


@pytest.mark.parametrize(("kit", "analyte", "unit", "printed", "verdict"), VERDICTS)
def test_antibodies_are_read_by_the_kits_own_cut_offs(
    login: Login,
    participant: Participant,
    laboratory: Laboratory,
    kit: str,
    analyte: str,
    unit: str,
    printed: str,
    verdict: str,
) -> None:
    client = login(Role.LAB)
    data = elisa_data(participant, **readings(analyte, printed, kit=kit, unit=unit))
    data |= {"laboratory": str(laboratory.pk)}
    response = client.post(ELISA, data | {"preview": "1"})
    rows = {row.analyte.code: row for row in response.context["form"].rows}
    assert str(rows[analyte].badge[1]) == verdict
    assert verdict in page_of(client, data)
    assert Result.objects.get().laboratory == laboratory


def test_cut_offs_that_change_alter_no_saved_result(
    login: Login, participant: Participant, laboratory: Laboratory
) -> None:
    data = elisa_data(participant, **readings("cmv_igg", "6.0", kit="architect_igg"))
    page_of(login(Role.LAB), data | {"laboratory": str(laboratory.pk)})
    with recorded(by=system_actor(), reason="New package insert"):
        kit = Assay.objects.get(name="architect_igg")
        kit.positive_from = Decimal(7)
        kit.save()
    assert Result.objects.get().positive_from == Decimal("6.0")


# --- one kit with another -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kit": "Other kit"}, "Not comparable: kit Other kit, the earlier one by kit Kit"),
        ({"lot": "L2"}, "Not comparable as it is: lot L2, the earlier one of lot L1"),
        ({"lot": ""}, "Not comparable as it is: lot not named, the earlier one of lot L1"),
        ({"unit": "U/mL"}, "Not comparable: measured in U/mL, the earlier one in AU/mL"),
        ({}, ""),
    ],
)
def test_another_kit_lot_or_unit_is_warned_of(
    login: Login, participant: Participant, change: dict[str, str], words: str
) -> None:
    client = login(Role.LAB)
    earlier = elisa_data(participant, **readings("cmv_igg", "12"))
    earlier |= {"collected_at": typed(hours_ago(47)), "received_at": ""}
    client.post(ELISA, earlier)
    assert Result.objects.count() == 1
    data = elisa_data(participant, **readings("cmv_igg", "30", **change))
    for page in (page_of(client, data | {"preview": "1"}), page_of(client, data)):
        assert (words in page) if words else ("ot comparable" not in page)
    assert Result.objects.count() == 2


def test_the_kit_begins_as_in_the_last_result_and_the_lot_is_never_carried_over(
    login: Login, participant: Participant, lab: User
) -> None:
    login(Role.LAB).post(ELISA, elisa_data(participant, **readings("cmv_igg", "12", unit="U/mL")))
    form = ElisaForm(user=lab, participant=participant)
    names = ("assay", "unit", "lot", "printed1")
    assert [form[f"cmv_igg_{name}"].value() for name in names] == ["Kit", "U/mL", None, None]


# --- who, once ------------------------------------------------------------------------------------


def test_a_plate_sent_twice_is_saved_once(login: Login, participant: Participant) -> None:
    client, data = login(Role.LAB), elisa_data(participant, **readings("tnf_alpha", "4.2"))
    client.post(ELISA, data)
    assert "This was saved already" in page_of(client, data)
    assert [specimen.kind for specimen in Specimen.objects.all()] == ["serum"]


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", sorted(PEOPLE - ENTER_RESULTS.roles))
def test_only_the_laboratory_enters_elisa(login: Login, role: Role) -> None:
    assert login(role).get(ELISA).status_code == 403
    assert login(role).post(ELISA, {}).status_code == 403


@pytest.mark.requirement("R11")
def test_a_participant_and_a_laboratory_of_other_sites_are_none(
    login: Login, participant: Participant, stranger: Participant
) -> None:
    with recorded(by=system_actor()):
        elsewhere = Laboratory(site=stranger.site, name="Elsewhere")
        elsewhere.save()
    data: dict[str, Any] = elisa_data(stranger, **readings("tnf_alpha", "4.2"))
    response = login(Role.LAB).post(ELISA, data | {"laboratory": str(elsewhere.pk)})
    assert set(response.context["form"].errors) == {"participant", "laboratory"}
