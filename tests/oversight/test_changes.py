"""What changed, in words: leaf by leaf, choices and records by their names."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from enrollment.models import Participant, Screening
from labs.models import CytotoxicityAssay
from oversight.changes import Change, changed_fields, with_changes
from oversight.leaves import leaves, text
from oversight.trail import AuditEntry
from tests import factories
from tests.labs.examples import plated
from trial_site.messages import Message
from trial_site.models import Site
from trial_site.roles import Role

Login = Callable[[Role], Client]
SENTENCE = Message("%(value)s, below %(limit)s", {"value": "0.46", "limit": "0.5"}).to_json()


# --- leaves -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"birth_date": "1985-03-01"}, {("birth date",): "1985-03-01"}),
        ({"cmv": {"operator": "<", "value": "500"}}, {
            ("cmv", "operator"): "<", ("cmv", "value"): "500",
        }),
        ({"febrile": False, "hcg": None, "steroids": [], "note": ""}, {("febrile",): "no"}),
        ([{"kind": "maximum", "et_ratio": None, "replicate": 1}], {
            ("1",): "kind maximum, replicate 1",
        }),
        ([{"criterion_id": "E4c", "passes": True}], {("E4c",): "passes yes"}),
        ([SENTENCE, SENTENCE], {(): "0.46, below 0.5; 0.46, below 0.5"}),
        ({"needed": [SENTENCE]}, {("needed",): "0.46, below 0.5"}),
        (["visit:1", "participant:1"], {(): "visit:1; participant:1"}),
        ([], {}),
        (None, {}),
    ],
)  # fmt: skip
def test_stored_json_becomes_short_texts(value: Any, found: dict[tuple[str, ...], str]) -> None:
    assert dict(leaves(value)) == found


def test_what_was_recorded_is_not_reworded() -> None:
    assert text("data_manager") == "data_manager"
    assert text(["not_met"]) == "not_met"
    assert text(0) == "0"


# --- entries ----------------------------------------------------------------------------------


def changes_of(record: Any, action: str = "created") -> dict[str, Change]:
    """The changes of the latest such entry of ``record``, by field."""
    label = record._meta.label_lower
    entries = AuditEntry.objects.filter(model=label, object_id=str(record.pk), action=action)
    [(_, changes)] = with_changes([entries.latest("sequence")])
    return {change.field: change for change in changes}


@pytest.fixture
def screening(site: Site) -> Screening:
    return factories.submitted(site)


@pytest.mark.django_db
def test_choices_people_and_times_are_read_as_on_the_page(screening: Screening) -> None:
    found = changes_of(screening, "changed")
    assert (found["status"].old, found["status"].new) == ("Draft", "Eligible")
    assert found["submitted by"].new == "coordinator-pku"
    assert found["submitted"].new.startswith('<time datetime="2026-03-18T12:00:')
    assert found["submitted"].new.endswith("18 Mar 2026 12:00</time>")


@pytest.mark.django_db
def test_a_record_is_named_and_has_no_number(screening: Screening) -> None:
    found = changes_of(screening)
    assert found["site"].new == "Peking University People's Hospital"
    assert found["number"].new == screening.number
    assert "ID" not in found


@pytest.mark.django_db
def test_a_verdict_is_a_line_a_criterion(screening: Screening) -> None:
    found = changes_of(screening, "changed")
    assert found["verdicts · I2"].new.startswith("passes yes, state met, steps ")
    assert "52,000 copies/mL" in found["verdicts · I2"].new
    assert "{" not in "".join(change.new for change in found.values())


@pytest.mark.django_db
def test_a_well_is_a_line_of_a_plate(site: Site) -> None:
    assay: CytotoxicityAssay = plated(factories.enrolled(site))
    found = changes_of(assay)
    assert found["wells · 1"].new == "dead percent 5.8, kind spontaneous, replicate 1, targets 9000"
    assert found["participant"].new == assay.participant.subject


def entry(**values: Any) -> AuditEntry:
    return AuditEntry(**{"action": "changed", "model": "enrollment.screening", **values})


@pytest.mark.django_db
def test_only_the_leaves_that_changed_are_shown() -> None:
    old = {"weight_kg": "60.0", "cmv": {"value": "5200", "unit": "copies/mL"}, "alt": None}
    new = {"weight_kg": "60.0", "cmv": {"value": "52000", "unit": "copies/mL"}, "alt": "22"}
    [(_, changes)] = with_changes([entry(changes={"facts": [old, new]})])
    assert changes == [
        Change("facts · alt", "", "22"),
        Change("facts · cmv · value", "5200", "52000"),
    ]


@pytest.mark.django_db
def test_a_leaf_that_went_away_is_shown_too() -> None:
    [(_, changes)] = with_changes([entry(changes={"facts": [{"alt": "22"}, {}]})])
    assert changes == [Change("facts · alt", "22", "")]


@pytest.mark.django_db
def test_an_event_says_what_was_before_where_it_knows() -> None:
    details = {"account": "data_manager", "sites": [["PKU"], ["PKU", "OTH"]]}
    event = entry(action="event", model="", event="sites_changed", changes=details)
    [(_, changes)] = with_changes([event])
    assert changes == [
        Change("account", "", "data_manager"),
        Change("sites", "PKU", "PKU; OTH"),
    ]
    assert changed_fields(event) == ["account", "sites"]


@pytest.mark.django_db
def test_a_field_that_is_gone_keeps_its_name_and_value() -> None:
    gone = entry(changes={"bed": ["12", "14"], "id": [None, 1]})
    [(_, changes)] = with_changes([gone])
    assert changes == [Change("bed", "12", "14")]
    assert changed_fields(gone) == ["bed"]


@pytest.mark.django_db
def test_naming_every_record_takes_one_question(
    screening: Screening, django_assert_num_queries: Callable[[int], Any]
) -> None:
    entries = list(AuditEntry.objects.all())
    assert len({entry.model for entry in entries}) > 3
    with django_assert_num_queries(1):
        with_changes(entries)


# --- pages ------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.requirement("R05")
def test_a_history_gives_the_time_with_its_zone(login: Login, site: Site) -> None:
    participant: Participant = factories.enrolled(site)
    address = reverse("oversight:history", args=["enrollment.participant", participant.pk])
    page = " ".join(login(Role.MONITOR).get(address).content.decode().split())
    assert '<span class="num">2026-03-18</span> <span class="num">04:00:' in page
    assert "+00:00</span>" in page
    assert "T12:00:" in page  # the site's clock, with its offset, for machines
