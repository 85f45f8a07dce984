"""The laboratory's pages: entering, reading and correcting results."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from enrollment.models import Participant
from labs.models import CytotoxicityAssay, FiredCheck, Result, Specimen
from labs.permissions import ENTER_RESULTS, READ_RESULTS
from labs.rules.numbers import rounded
from tests import factories
from tests.labs.examples import (
    BASELINE,
    DAY_7,
    entered,
    pcr,
    pcr_data,
    plate_data,
    plated,
    safety,
    safety_data,
    typed,
)
from trial_site.models import Site
from trial_site.protocol import current
from trial_site.roles import Role

pytestmark = pytest.mark.django_db

Login = Callable[[Role], Client]

INDEX = reverse("labs:index")
PCR, SAFETY, PLATE = (
    reverse(f"labs:{name}") for name in ("pcr-new", "safety-new", "cytotoxicity-new")
)
ENTRY_PAGES = [PCR, SAFETY, PLATE]
OTHERS = sorted(READ_RESULTS.roles - ENTER_RESULTS.roles)


def result_page(result: Result) -> str:
    return reverse("labs:result", args=[result.pk])


def correct_page(result: Result) -> str:
    return reverse("labs:result-correct", args=[result.pk])


def plate_page(assay: CytotoxicityAssay) -> str:
    return reverse("labs:cytotoxicity", args=[assay.pk])


def posted(client: Client, url: str, data: dict[str, str]) -> str:
    """The page that follows a form."""
    return client.post(url, data, follow=True).content.decode()


# --- who may do what --------------------------------------------------------------------------


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("url", ENTRY_PAGES)
@pytest.mark.parametrize("role", OTHERS)
def test_only_the_laboratory_enters(login: Login, url: str, role: Role) -> None:
    assert login(role).get(url).status_code == 403
    assert login(role).post(url, {}).status_code == 403


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", OTHERS)
def test_others_read_without_the_buttons(
    login: Login, participant: Participant, role: Role
) -> None:
    (result,) = entered(participant, pcr("52000"))
    client = login(role)
    assert client.get(plate_page(plated(participant))).status_code == 200
    assert correct_page(result) not in client.get(result_page(result)).content.decode()
    assert PCR not in client.get(INDEX).content.decode()
    assert client.get(correct_page(result)).status_code == 403


@pytest.mark.requirement("R11")
def test_the_administrator_reads_no_results(login: Login, participant: Participant) -> None:
    (result,) = entered(participant, pcr("52000"))
    for url in (INDEX, result_page(result), plate_page(plated(participant))):
        assert login(Role.ADMIN).get(url).status_code == 403


@pytest.mark.requirement("R11")
def test_another_sites_results_do_not_exist(login: Login, stranger: Participant) -> None:
    (result,) = entered(stranger, pcr("52000"))
    client = login(Role.LAB)
    for url in (result_page(result), correct_page(result), plate_page(plated(stranger))):
        assert client.get(url).status_code == 404
    assert client.post(correct_page(result), {}).status_code == 404
    assert stranger.subject not in client.get(INDEX).content.decode()
    for url in ENTRY_PAGES:
        page = client.get(url, {"participant": stranger.subject}).content.decode()
        assert f'value="{stranger.subject}"' not in page


def test_the_pages_that_show_take_no_post(login: Login, participant: Participant) -> None:
    (result,) = entered(participant, pcr("52000"))
    for url in (INDEX, result_page(result), plate_page(plated(participant))):
        assert login(Role.LAB).post(url, {}).status_code == 405


def test_nobody_enters_before_login(client: Client) -> None:
    response = client.get(PCR)
    assert response.status_code == 302
    assert "login" in response["Location"]


def test_no_page_of_the_laboratory_tells_the_arm(login: Login, site: Site) -> None:
    treated = factories.on_treatment(site, arm="il2_gcv")
    (result,) = entered(treated, pcr("52000"))
    urls = [INDEX, *ENTRY_PAGES, result_page(result), correct_page(result)]
    client, labels = login(Role.LAB), {arm.short_label for arm in current().arms}
    for url in [*urls, plate_page(plated(treated))]:
        page = client.get(url, {"participant": treated.subject}).content.decode()
        assert treated.subject in page
        assert 'class="arm' not in page
        assert not any(label in page for label in labels)


# --- CMV-DNA ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "lod", "words"),
    [
        ("52000", "200", ["52,000", "Above threshold", "is above 1,000", "log10 4.7160"]),
        ("1000", "200", ["At threshold: repeat", "is exactly the threshold: repeat it"]),
        ("999", "200", ["Negative", "is below 1,000", "log10 2.9996"]),
        ("<500", "200", ["&lt;500", "Negative", "is below 1,000"]),
        ("<2000", "200", ["Unknown", "does not say on which side"]),
        ("not detected", "200", ["Negative", "detects from 200"]),
        ("not detected", "", ["Unknown", "the limit of detection is missing"]),
        ("not detected", "1500", ["Unknown", "lies above 1,000"]),
    ],
)
def test_a_result_is_saved_and_shown_with_its_verdict(
    login: Login, participant: Participant, printed: str, lod: str, words: list[str]
) -> None:
    page = posted(login(Role.LAB), PCR, pcr_data(participant, printed, lod=lod))
    result = Result.objects.get()
    assert result.participant == participant
    assert f"Saved for {participant.subject}" in page
    for word in words:
        assert word in page.replace("\N{NO-BREAK SPACE}", " ")


def test_the_participant_of_the_address_is_chosen(login: Login, participant: Participant) -> None:
    page = login(Role.LAB).get(PCR, {"participant": participant.subject}).content.decode()
    assert f'name="participant" value="{participant.subject}"' in page


def test_the_saved_result_leads_to_its_history_and_correction(
    login: Login, participant: Participant
) -> None:
    page = posted(login(Role.LAB), PCR, pcr_data(participant, "52000"))
    result = Result.objects.get()
    assert reverse("oversight:history", args=["labs.result", result.pk]) in page
    assert correct_page(result) in page


def test_a_result_leads_to_its_specimen_and_to_the_course_of_its_analyte(
    login: Login, participant: Participant
) -> None:
    client = login(Role.LAB)
    page = posted(client, PCR, pcr_data(participant, "52000"))
    course = reverse("outcomes:course", args=[participant.subject]) + "?analyte=cmv_dna"
    for address in (reverse("labs:specimen", args=[Specimen.objects.get().pk]), course):
        assert f'href="{address}"' in page
        assert client.get(address).status_code == 200


def test_a_plate_leads_to_the_course_of_the_lysis(login: Login, participant: Participant) -> None:
    client = login(Role.LAB)
    page = client.get(plate_page(plated(participant))).content.decode()
    course = reverse("outcomes:course", args=[participant.subject]) + "?analyte=nk_lysis"
    assert f'href="{course}"' in page
    assert client.get(course).status_code == 200


def test_what_was_typed_stays_when_something_is_wrong(
    login: Login, participant: Participant
) -> None:
    data = pcr_data(participant, "52 000 copies", assay="PCR-CMV-9", lod="77")
    response = login(Role.LAB).post(PCR, data)
    page = response.content.decode()
    assert response.status_code == 200
    assert 'href="#id_printed"' in page
    for kept in ("52 000 copies", "PCR-CMV-9", "77", data["collected_at"], data["entry_key"]):
        assert f'value="{kept}"' in page
    assert not Specimen.objects.exists()


@pytest.mark.requirement("R07")
def test_a_doubtful_result_is_asked_about_and_saved_once_answered(
    login: Login, participant: Participant
) -> None:
    client, data = login(Role.LAB), pcr_data(participant, "21,000,000")
    response = client.post(PCR, data)
    assert "expected at most 10,000,000" in response.content.decode()
    assert not Result.objects.exists()

    asked = response.context["form"]["asked"].value()
    page = posted(client, PCR, data | {"confirmed": "on", "asked": asked})
    assert Result.objects.count() == 1
    assert "Asked, and confirmed as printed:" in page


def test_a_value_changed_after_the_question_is_asked_about_anew(
    login: Login, participant: Participant
) -> None:
    client, data = login(Role.LAB), pcr_data(participant, "21,000,000")
    asked = client.post(PCR, data).context["form"]["asked"].value()
    changed = data | {"printed": "31,000,000", "confirmed": "on", "asked": asked}
    assert "31,000,000" in client.post(PCR, changed).context["form"].questions[0][1]
    assert not Result.objects.exists()


@pytest.mark.parametrize(("lod", "saved"), [("2.301", 1), ("200", 0)])
def test_a_limit_beside_a_logarithm_is_a_logarithm(
    login: Login, participant: Participant, lod: str, saved: int
) -> None:
    """The assay's 200 copies/mL does not become ten to the power of 200 with the unit."""
    log10 = {"unit": "log10 copies/mL", "lod": lod, "lloq": "", "uloq": ""}
    response = login(Role.LAB).post(PCR, pcr_data(participant, "4.118") | log10)
    assert Result.objects.count() == saved
    if not saved:
        assert "power of ten" in response.context["form"].errors["lod"][0]


def moved(data: dict[str, str], collected_at: dt.datetime) -> dict[str, str]:
    return data | {"collected_at": typed(collected_at), "received_at": ""}


@pytest.mark.requirement("R07")
def test_blood_from_before_the_consent_is_asked_about_by_its_day(
    login: Login, participant: Participant
) -> None:
    """A slip of the year is told before it is saved, and another day is asked about anew."""
    consent = participant.screening.consent
    assert consent
    client, year = login(Role.LAB), dt.timedelta(days=365)
    data = moved(pcr_data(participant, "52000"), consent.signed_at - year)
    response = client.post(PCR, data)
    day = (consent.signed_at - year).date().isoformat()
    assert f"Collected on {day}, before the consent was signed" in response.content.decode()
    asked = response.context["form"]["asked"].value()

    answered = data | {"confirmed": "on", "asked": asked}
    client.post(PCR, moved(answered, consent.signed_at - 2 * year))
    assert not Result.objects.exists()
    page = posted(client, PCR, answered)
    assert "Asked, and confirmed as printed:" in page
    assert Result.objects.get().confirmed_checks[0]["params"]["day"] == day
    assert {check.printed for check in FiredCheck.objects.all()} == {"52000"}


def test_blood_from_before_birth_is_refused_at_its_field(
    login: Login, participant: Participant
) -> None:
    data = moved(pcr_data(participant, "52000"), dt.datetime(1900, 1, 1, 8, tzinfo=dt.UTC))
    form = login(Role.LAB).post(PCR, data).context["form"]
    assert "before the participant was born" in form.errors["collected_at"][0]
    assert form["printed"].value() == "52000"
    assert not Result.objects.exists()


def test_an_impossible_result_is_refused(login: Login, participant: Participant) -> None:
    page = posted(login(Role.LAB), PCR, pcr_data(participant, "0") | {"confirmed": "on"})
    assert page.count("Some values cannot be true") == 1
    assert not Result.objects.exists()


@pytest.mark.parametrize(
    ("url", "data"),
    [
        (PCR, lambda participant: pcr_data(participant, "52000")),
        (SAFETY, lambda participant: safety_data(participant, anc_printed="3.2")),
        (PLATE, plate_data),
    ],
)
def test_a_form_sent_twice_is_saved_once(
    login: Login, participant: Participant, url: str, data: Callable[..., dict[str, str]]
) -> None:
    client, values = login(Role.LAB), data(participant)
    first = client.post(url, values)
    again = client.post(url, values, follow=True)
    assert Specimen.objects.count() == 1
    assert again.redirect_chain[-1][0] == first["Location"]
    assert "This was saved already" in again.content.decode()


# --- safety blood -----------------------------------------------------------------------------


def test_a_panel_is_saved_and_graded(login: Login, participant: Participant) -> None:
    values = {
        "anc_printed": "0.49",
        "anc_lln": "1.8",
        "hemoglobin_printed": "7.9",
        "hemoglobin_unit": "g/dL",
        "hemoglobin_lln": "11.5",
        "alt_printed": "40",
        "alt_uln": "40",
        "ast_printed": "35",
    }
    page = posted(login(Role.LAB), SAFETY, safety_data(participant, **values))
    grades = dict(Result.objects.values_list("analyte", "grade"))
    assert grades == {"anc": 4, "hemoglobin": 3, "alt": 0, "ast": None}
    for words in ("Grade 4", "Grade 3", "Grade 0", "Grade unknown", "0.49 is below 0.5"):
        assert words in page
    assert "verdict--bad" in page


def test_the_page_of_a_panel_opens_on_its_worst_result(
    login: Login, participant: Participant
) -> None:
    values = {"anc_printed": "3.2", "anc_lln": "1.8", "platelets_printed": "24"}
    response = login(Role.LAB).post(SAFETY, safety_data(participant, **values))
    assert response["Location"] == result_page(Result.objects.get(analyte="platelets"))


def test_a_value_in_another_unit_shows_its_conversion(
    login: Login, participant: Participant
) -> None:
    (result,) = entered(participant, safety("bilirubin", "1.2", "mg/dL", uln="1.3"))
    page = login(Role.LAB).get(result_page(result)).content.decode()
    assert "1.2 mg/dL = 20.52 µmol/L" in page.replace("\N{NO-BREAK SPACE}", " ")


def test_a_doubtful_value_of_a_panel_is_asked_about_in_its_row(
    login: Login, participant: Participant
) -> None:
    values = {"creatinine_printed": "16", "creatinine_unit": "mg/dL", "anc_printed": "3.2"}
    client, data = login(Role.LAB), safety_data(participant, **values)
    response = client.post(SAFETY, data)
    ((field, question),) = response.context["form"].questions
    assert field == "creatinine_printed"
    assert "is this µmol/L?" in question
    asked = response.context["form"]["asked"].value()
    posted(client, SAFETY, data | {"confirmed": "on", "asked": asked})
    assert len(Result.objects.get(analyte="creatinine").confirmed_checks) == 1


def test_what_was_typed_in_a_panel_stays(login: Login, participant: Participant) -> None:
    values = {"anc_printed": "0,46", "alt_printed": "22", "alt_uln": "41"}
    page = posted(login(Role.LAB), SAFETY, safety_data(participant, **values))
    for kept in values.values():
        assert f'value="{kept}"' in page
    assert "is ambiguous" in page
    assert not Specimen.objects.exists()


# --- plates -----------------------------------------------------------------------------------


def test_the_worked_example_through_the_form(login: Login, site: Site) -> None:
    treated = factories.on_treatment(site, days_ago=7)
    client = login(Role.LAB)
    assert treated.day0_at is not None
    before = typed(treated.day0_at - dt.timedelta(hours=1))
    client.post(PLATE, plate_data(treated, BASELINE, collected_at=before, received_at=""))
    baseline = plate_page(CytotoxicityAssay.objects.get())
    assert "percentage points" not in client.get(baseline).content.decode()
    page = posted(client, PLATE, plate_data(treated, DAY_7))

    lyses = [rounded(assay.lysis, 3) for assay in CytotoxicityAssay.objects.all()]
    assert lyses == ["20.745", "29.362"]
    for words in (
        "29.36 %", "30.67 %", "27.60 %",
        "(33.60 − 6.00) ÷ (100 − 6.00) × 100",
        "Baseline 20.74 %, change +8.62 percentage points",
    ):  # fmt: skip
        assert words in page


def test_compute_shows_the_lysis_and_saves_nothing(login: Login, participant: Participant) -> None:
    data = plate_data(participant) | {"et12_5-d1": "22.1", "et12_5-n1": "4,610", "preview": "1"}
    page = posted(login(Role.LAB), PLATE, data)
    for words in ("20.74 %", "21.67 %", "19.50 %", "Well 1: 4,610 targets, fewer than 5,000"):
        assert words in page
    assert "the endpoint is not affected" in page
    assert 'value="24.9"' in page
    assert not Specimen.objects.exists()


def test_compute_needs_no_participant(login: Login, participant: Participant) -> None:
    data = plate_data(participant) | {"participant": "", "preview": "1"}
    page = posted(login(Role.LAB), PLATE, data)
    assert "20.74 %" in page
    assert "1 answer to correct" in page


def test_compute_says_what_is_missing(login: Login, participant: Participant) -> None:
    data = {k: v for k, v in plate_data(participant).items() if not k.startswith("et25")}
    page = posted(login(Role.LAB), PLATE, data | {"preview": "1"})
    assert "wells at E:T 25:1 are needed" in page


def test_quality_is_told_in_words(login: Login, participant: Participant) -> None:
    noisy = (("16.0", "16.0", "16.2"), *BASELINE[1:])
    page = posted(login(Role.LAB), PLATE, plate_data(participant, noisy))
    assert "Spontaneous 16.07 %, above 15" in page
    assert "Controls pass" not in page


def test_an_impossible_lysis_is_refused_and_kept_in_the_form(
    login: Login, participant: Participant
) -> None:
    upside_down = (("60", "60", "60"), ("95", "95", "95"), ("5", "5", "5"))
    page = posted(login(Role.LAB), PLATE, plate_data(participant, upside_down))
    assert "The wells give an impossible lysis" in page
    assert 'value="60"' in page
    assert not Specimen.objects.exists()


def test_a_well_that_cannot_be_read_keeps_the_plate(login: Login, participant: Participant) -> None:
    page = posted(login(Role.LAB), PLATE, plate_data(participant) | {"et25-d2": "26,1"})
    assert 'value="26,1"' in page
    assert 'href="#id_et25-d2"' in page
    assert not Specimen.objects.exists()


def test_other_effectors_than_at_baseline_are_pointed_out(login: Login, site: Site) -> None:
    treated = factories.on_treatment(site)
    plated(treated, at=treated.day0_at, effectors="pbmc")
    page = posted(login(Role.LAB), PLATE, plate_data(treated, effectors="purified_nk"))
    assert "with other effector cells" in page


# --- correcting -------------------------------------------------------------------------------


def correction(result: Result, **changes: Any) -> dict[str, str]:
    names = ("printed", "unit", "assay", "lod", "lloq", "uloq")
    saved = {name: getattr(result, name) for name in names}
    values = {name: "" if value is None else str(value) for name, value in saved.items()}
    fixed = {"entry_key": str(uuid4()), "record_version": str(result.version), "reason": "Misread"}
    return values | fixed | changes


@pytest.fixture
def saved(participant: Participant) -> Result:
    (result,) = entered(participant, pcr("5200", lod="200", lloq="500"))
    return result


@pytest.mark.requirement("R04")
def test_a_correction_shows_the_new_value(login: Login, saved: Result) -> None:
    page = posted(login(Role.LAB), correct_page(saved), correction(saved, printed="52,000"))
    assert "The result was corrected" in page
    assert "Corrected" in page
    assert str(Result.objects.get().value) == "52000"


def test_the_form_opens_on_the_saved_values(login: Login, saved: Result) -> None:
    page = login(Role.LAB).get(correct_page(saved)).content.decode()
    for value in ("5200", "200", "500", "PCR-CMV-2"):
        assert f'value="{value}"' in page


@pytest.mark.requirement("R04")
@pytest.mark.parametrize("reason", ["", "   "])
def test_a_correction_without_a_reason_is_refused_and_keeps_what_was_typed(
    login: Login, saved: Result, reason: str
) -> None:
    data = correction(saved, printed="52,000", reason=reason)
    page = posted(login(Role.LAB), correct_page(saved), data)
    assert 'href="#id_reason"' in page
    assert 'value="52,000"' in page
    assert str(Result.objects.get().value) == "5200"


def test_a_correction_of_an_older_version_shows_both_values(login: Login, saved: Result) -> None:
    client, old = login(Role.LAB), correction(saved, printed="53000")
    client.post(correct_page(saved), correction(saved, printed="52000"))
    response = client.post(correct_page(saved), old)
    assert [(c.yours, c.saved) for c in response.context["form"].conflicts] == [("53000", "52000")]
    assert str(Result.objects.get().value) == "52000"

    version = response.context["form"]["record_version"].value()
    posted(client, correct_page(saved), old | {"record_version": version})
    assert str(Result.objects.get().value) == "53000"


def test_a_correction_that_changes_nothing_says_so(login: Login, saved: Result) -> None:
    page = posted(login(Role.LAB), correct_page(saved), correction(saved))
    assert "Nothing differs from the saved result" in page
    assert Result.objects.get().version == 1


def test_a_correction_sent_twice_is_saved_once(login: Login, saved: Result) -> None:
    client, data = login(Role.LAB), correction(saved, printed="52000")
    client.post(correct_page(saved), data)
    assert "This was saved already" in posted(client, correct_page(saved), data)
    assert Result.objects.get().version == 2


def test_the_limits_of_a_safety_result_are_corrected_too(
    login: Login, participant: Participant
) -> None:
    (result,) = entered(participant, safety("platelets", "140", "10^9/L"))
    data = {"printed": "140", "unit": "10^9/L", "assay": "", "lln": "125", "uln": ""}
    fixed = {key: correction(result)[key] for key in ("entry_key", "record_version", "reason")}
    posted(login(Role.LAB), correct_page(result), data | fixed)
    assert Result.objects.get().grade == 0


# --- the list ---------------------------------------------------------------------------------


def test_the_list_is_filtered_in_the_address(
    login: Login, participant: Participant, site: Site
) -> None:
    other = factories.enrolled(site)
    entered(participant, pcr("52000"), hours=30)
    entered(participant, safety("anc", "3.271", "10^9/L", lln="1.8"), hours=20)
    entered(other, pcr("41000"), hours=10)
    plated(other)

    def shown(**filters: str) -> str:
        return login(Role.LAB).get(INDEX, filters).content.decode()

    everything = shown()
    order = [everything.index(text) for text in ("20.74 %", "41,000", "3.271", "52,000")]
    assert order == sorted(order)
    mine = shown(participant=participant.subject)
    assert "52,000" in mine
    assert "41,000" not in mine
    assert "20.74 %" not in mine
    counts = shown(participant=participant.subject, analyte="anc")
    assert "3.271" in counts
    assert "52,000" not in counts
    plates = shown(analyte="nk_lysis")
    assert "20.74 %" in plates
    assert "41,000" not in plates
    assert "No results here" in shown(analyte="nk_lysis", participant=participant.subject)


def test_the_list_has_pages_that_keep_the_filter(login: Login, participant: Participant) -> None:
    for number in range(26):
        entered(participant, pcr(str(1000 + number)), hours=100 - number)
    client, filters = login(Role.LAB), {"participant": participant.subject}
    first = client.get(INDEX, filters).content.decode()
    assert "26 specimens" in first
    assert "Page 1 of 2" in first
    assert f"participant={participant.subject}&amp;page=2" in first
    second = client.get(INDEX, filters | {"page": "2"}).content.decode()
    assert second.replace("\N{NO-BREAK SPACE}", " ").count("1,000 copies/mL") == 1


def test_the_pages_cost_the_same_whatever_the_number_of_rows(
    login: Login, participant: Participant, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    panel = [safety("anc", "3.2", "10^9/L", lln="1.8"), safety("alt", "22", "U/L", uln="40")]
    for hours in range(1, 20):
        results = entered(participant, *panel, hours=hours)
    plated(participant)
    client, subject = login(Role.LAB), {"participant": participant.subject}
    for url in (INDEX, *ENTRY_PAGES, result_page(results[0]), correct_page(results[0])):
        with django_assert_max_num_queries(15):
            client.get(url, subject)
