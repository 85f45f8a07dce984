"""The pages on which laboratories are set up."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from labs.actions.laboratories import add_range, register_assay, register_laboratory
from labs.models import Assay, Laboratory, ReferenceRange
from labs.permissions import READ_RESULTS, SET_UP
from labs.rules.ranges import RangeRow
from labs.rules.setup import AssayRow
from tests import factories
from trial_site.models import Site, User
from trial_site.protocol import current
from trial_site.roles import Role

pytestmark = pytest.mark.django_db

Login = Callable[[Role], Client]
NEW_YEAR = dt.date(2026, 1, 1)
ANC = RangeRow("anc", "", "10^9/L", Decimal("1.8"), Decimal("6.3"), NEW_YEAR, None)
PCR = AssayRow("cmv_dna", "PCR-CMV-2", "copies/mL", lod=Decimal(200), lloq=Decimal(500))
LIST, NEW = reverse("labs:laboratories"), reverse("labs:laboratory-new")
READERS = sorted(READ_RESULTS.roles - SET_UP.roles)


@pytest.fixture
def laboratory(site: Site, lab: User) -> Laboratory:
    return register_laboratory(site, name="Central laboratory", by=lab)


@pytest.fixture
def reference(laboratory: Laboratory, lab: User) -> ReferenceRange:
    return add_range(laboratory, row=ANC, by=lab)


@pytest.fixture
def assay(laboratory: Laboratory, lab: User) -> Assay:
    return register_assay(laboratory, row=PCR, by=lab)


def at(name: str, pk: int) -> str:
    return reverse(f"labs:{name}", args=[pk])


def forms_of(laboratory: Laboratory, reference: ReferenceRange, assay: Assay) -> list[str]:
    return [
        at("laboratory-rename", laboratory.pk),
        at("range-new", laboratory.pk),
        at("assay-new", laboratory.pk),
        at("range-correct", reference.pk),
        at("assay-correct", assay.pk),
    ]


def range_data(**changes: str) -> dict[str, str]:
    values = {
        "entry_key": str(uuid4()),
        "analyte": "hemoglobin",
        "sex": "female",
        "unit": "g/L",
        "low": "115",
        "high": "150",
        "valid_from": "2026-01-01",
        "valid_to": "",
    }
    return values | changes


def assay_data(**changes: str) -> dict[str, str]:
    values = {
        "entry_key": str(uuid4()),
        "analyte": "cmv_dna",
        "name": "PCR-CMV-2",
        "unit": "IU/mL",
        "lod": "91",
        "lloq": "137",
        "uloq": "9,100,000",
        "copies_per_iu": "1.1",
        "factor_source": "Instructions for use, 2024",
    }
    return values | changes


def posted(client: Client, url: str, data: dict[str, str]) -> str:
    page = client.post(url, data, follow=True).content.decode()
    return page.replace("\N{NO-BREAK SPACE}", " ")


# --- who may do what --------------------------------------------------------------------------


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", READERS)
def test_others_read_without_the_buttons(
    login: Login, laboratory: Laboratory, reference: ReferenceRange, assay: Assay, role: Role
) -> None:
    client = login(role)
    page = client.get(at("laboratory", laboratory.pk)).content.decode()
    assert "PCR-CMV-2" in page
    forms = forms_of(laboratory, reference, assay)
    assert not any(url in page for url in forms)
    for url in (NEW, *forms):
        assert client.get(url).status_code == 403
        assert client.post(url, {}).status_code == 403


@pytest.mark.requirement("R11")
def test_the_administrator_sets_up_no_laboratory(login: Login, laboratory: Laboratory) -> None:
    for url in (LIST, NEW, at("laboratory", laboratory.pk)):
        assert login(Role.ADMIN).get(url).status_code == 403


@pytest.mark.requirement("R11")
def test_another_sites_laboratory_does_not_exist(login: Login, other_site: Site) -> None:
    by = factories.user(Role.LAB, other_site)
    theirs = register_laboratory(other_site, name="Theirs", by=by)
    reference, assay = add_range(theirs, row=ANC, by=by), register_assay(theirs, row=PCR, by=by)
    client = login(Role.LAB)
    assert "Theirs" not in client.get(LIST).content.decode()
    for url in (at("laboratory", theirs.pk), *forms_of(theirs, reference, assay)):
        assert client.get(url).status_code == 404
    assert client.post(at("range-new", theirs.pk), range_data()).status_code == 404


def test_the_pages_that_show_take_no_post(login: Login, laboratory: Laboratory) -> None:
    for url in (LIST, at("laboratory", laboratory.pk)):
        assert login(Role.LAB).post(url, {}).status_code == 405


# --- laboratories -----------------------------------------------------------------------------


def test_a_laboratory_is_registered(login: Login, site: Site) -> None:
    client = login(Role.DATA_MANAGER)
    assert "No laboratory here yet" in client.get(LIST).content.decode()
    assert f'<option value="{site.code}" selected>' in client.get(NEW).content.decode()
    data = {"entry_key": str(uuid4()), "name": "Central laboratory", "site": site.code}
    page = posted(client, NEW, data)
    assert "The laboratory is registered." in page
    assert "a change here alters none of them" in page
    assert "This was saved already" in posted(client, NEW, data)
    assert Laboratory.objects.count() == 1


def test_a_name_that_the_site_has_is_refused_and_kept(login: Login, laboratory: Laboratory) -> None:
    data = {"entry_key": str(uuid4()), "name": laboratory.name, "site": laboratory.site.code}
    page = posted(login(Role.LAB), NEW, data)
    assert "This site has a laboratory of this name already" in page
    assert f'value="{laboratory.name}"' in page


def test_a_name_is_corrected(login: Login, laboratory: Laboratory) -> None:
    data = {"entry_key": str(uuid4()), "record_version": "1", "name": "Central", "reason": "Typo"}
    page = posted(login(Role.LAB), at("laboratory-rename", laboratory.pk), data)
    assert "The name is corrected." in page
    assert Laboratory.objects.get().name == "Central"


# --- ranges -----------------------------------------------------------------------------------


def test_a_range_is_added_and_shown_as_in_force(login: Login, laboratory: Laboratory) -> None:
    page = posted(login(Role.LAB), at("range-new", laboratory.pk), range_data())
    for words in ("The range is added.", "115–150 g/L", "Female", "In force", "open"):
        assert words in page


@pytest.mark.parametrize(
    ("first", "last", "badge"),
    [
        ("2026-03-19", "", "To come"),  # from tomorrow on
        ("2026-03-18", "", "In force"),  # the first day
        ("2026-01-01", "2026-03-18", "In force"),  # the last day
        ("2026-01-01", "2026-03-17", "Ended"),
    ],
)
def test_how_a_range_stands_today(
    login: Login, laboratory: Laboratory, first: str, last: str, badge: str
) -> None:
    data = range_data(valid_from=first, valid_to=last)
    page = posted(login(Role.LAB), at("range-new", laboratory.pk), data)
    shown = [text for text in ("To come", "In force", "Ended") if f">{text}<" in page]
    assert shown == [badge]


def test_an_overlap_is_refused_until_the_open_range_is_ended(
    login: Login, laboratory: Laboratory
) -> None:
    client, url = login(Role.LAB), at("range-new", laboratory.pk)
    posted(client, url, range_data())
    again = range_data(low="110", valid_from="2026-03-01")
    page = posted(client, url, again)
    assert "A range of this analyte holds on these days already; end it first" in page
    assert "115–150 g/L from 2026-01-01 on" in page
    assert 'value="110"' in page
    page = posted(client, url, again | {"ends_open": "on"})
    assert "The range is added." in page
    first, second = ReferenceRange.objects.order_by("valid_from")
    assert (first.valid_to, second.valid_to) == (dt.date(2026, 2, 28), None)


def test_what_is_wrong_stands_at_its_field_and_keeps_what_was_typed(
    login: Login, laboratory: Laboratory
) -> None:
    data = range_data(unit="U/L", low="150", high="115", valid_to="2025-12-31")
    page = posted(login(Role.LAB), at("range-new", laboratory.pk), data)
    for field in ("unit", "high", "valid_to"):
        assert f'href="#id_{field}"' in page
    assert "Haemoglobin is not measured in U/L: use g/L, g/dL" in page
    for kept in ("150", "115", "2025-12-31", data["entry_key"]):
        assert f'value="{kept}"' in page
    assert not ReferenceRange.objects.exists()


def test_a_range_sent_twice_is_saved_once(login: Login, laboratory: Laboratory) -> None:
    client, url, data = login(Role.LAB), at("range-new", laboratory.pk), range_data()
    posted(client, url, data)
    assert "This was saved already" in posted(client, url, data)
    assert ReferenceRange.objects.count() == 1


def test_a_range_is_ended_on_its_page(login: Login, reference: ReferenceRange) -> None:
    client, url = login(Role.LAB), at("range-correct", reference.pk)
    page = client.get(url).content.decode()
    for value in ("1.8", "6.3", "2026-01-01"):
        assert f'value="{value}"' in page
    assert "ends_open" not in page
    data = range_data(analyte="anc", sex="", unit="10^9/L", low="1.8", high="6.3")
    data |= {"valid_to": "2026-03-31", "record_version": "1", "reason": ""}
    assert 'href="#id_reason"' in posted(client, url, data)
    assert "The range is corrected." in posted(client, url, data | {"reason": "New analyser"})
    reference.refresh_from_db()
    assert reference.valid_to == dt.date(2026, 3, 31)


def test_a_range_that_somebody_changed_meanwhile_shows_both(
    login: Login, reference: ReferenceRange
) -> None:
    client, url = login(Role.LAB), at("range-correct", reference.pk)
    data = range_data(analyte="anc", sex="", unit="10^9/L", low="2.0", high="6.3")
    data |= {"record_version": "1", "reason": "Typo"}
    posted(client, url, data)
    old = data | {"entry_key": str(uuid4()), "low": "1.9"}
    response = client.post(url, old)
    assert [(str(c.yours), str(c.saved)) for c in response.context["form"].conflicts] == [
        ("1.9", "2.0")
    ]


# --- assays -----------------------------------------------------------------------------------


def test_an_assay_is_registered_with_its_factor(login: Login, laboratory: Laboratory) -> None:
    page = posted(login(Role.LAB), at("assay-new", laboratory.pk), assay_data())
    for words in ("The assay is registered.", "1 IU = 1.1 copies", "quantifies to", "9,100,000"):
        assert words in page


def test_a_factor_without_its_source_is_refused(login: Login, laboratory: Laboratory) -> None:
    page = posted(login(Role.LAB), at("assay-new", laboratory.pk), assay_data(factor_source=""))
    assert 'href="#id_factor_source"' in page
    assert 'value="1.1"' in page
    assert not Assay.objects.exists()


@pytest.mark.parametrize("kit", current().serology_kits)
def test_a_registration_begins_with_a_kits_cut_offs(  # type: ignore[no-untyped-def]
    login: Login, laboratory: Laboratory, kit
) -> None:
    client, url = login(Role.LAB), at("assay-new", laboratory.pk)
    page = client.get(url).content.decode()
    assert f"?kit={kit.code}" in page
    page = client.get(url, {"kit": kit.code}).content.decode()
    assert f'<option value="{kit.analyte}" selected>' in page
    assert f'value="{kit.positive_from}"' in page


def test_an_assay_registered_before_is_refused_in_words(login: Login, assay: Assay) -> None:
    data = assay_data(unit="copies/mL", copies_per_iu="", factor_source="")
    page = posted(login(Role.LAB), at("assay-new", assay.laboratory_id), data)
    assert "This assay is registered already" in page
    assert Assay.objects.count() == 1


def test_an_assay_is_corrected_with_a_reason(login: Login, assay: Assay) -> None:
    client, url = login(Role.LAB), at("assay-correct", assay.pk)
    assert 'value="PCR-CMV-2"' in client.get(url).content.decode()
    data = assay_data(unit="copies/mL", copies_per_iu="", factor_source="", record_version="1")
    assert 'href="#id_reason"' in posted(client, url, data)
    page = posted(client, url, data | {"reason": "Instructions of 2024"})
    assert "The assay is corrected." in page
    assay.refresh_from_db()
    assert (assay.lod, assay.uloq) == (Decimal(91), Decimal(9100000))


def test_pages_ask_the_database_little(
    login: Login,
    laboratory: Laboratory,
    lab: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for analyte in current().analytes:
        if analyte.group == "safety":
            row = RangeRow(analyte.code, "", analyte.unit, Decimal(1), None, NEW_YEAR, None)
            add_range(laboratory, row=row, by=lab)
    client = login(Role.LAB)
    for url in (LIST, at("laboratory", laboratory.pk)):
        with django_assert_max_num_queries(10):
            client.get(url)
