"""What the database itself refuses, and what a result says about itself."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from enrollment.models import Participant
from labs.models import CytotoxicityAssay, Result, Specimen
from oversight.recording import recorded
from tests.labs.examples import BASELINE, entered, hours_ago, pcr, plated, wells
from trial_site.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def specimen(participant: Participant) -> Specimen:
    return entered(participant, pcr("52000"))[0].specimen


def result_of(specimen: Specimen, **changes: object) -> Result:
    values = {"analyte": "anc", "operator": "=", "value": Decimal("3.2"), "unit": "10^9/L"}
    return Result(
        participant=specimen.participant,
        specimen=specimen,
        collected_at=specimen.collected_at,
        **(values | changes),
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"operator": "ND"},
        {"value": None},
        {"unit": ""},
        {"analyte": "cmv_dna", "unit": "copies/mL"},
    ],
    ids=["not detected with a number", "no number", "no unit", "a second one of the analyte"],
)
def test_the_database_refuses(specimen: Specimen, lab: User, changes: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), recorded(by=lab):
        result_of(specimen, **changes).save()
    assert Result.objects.count() == 1


def test_a_result_entered_in_error_makes_room_for_another(specimen: Specimen, lab: User) -> None:
    with recorded(by=lab, reason="Typed for the wrong tube"):
        wrong = specimen.results.get()
        wrong.status = "in_error"
        wrong.save()
        result_of(specimen, analyte="cmv_dna", unit="copies/mL").save()
    assert Result.objects.in_force().get().value == Decimal("3.2")


def test_the_database_refuses_a_specimen_received_before_it_was_collected(
    participant: Participant, lab: User
) -> None:
    backwards = Specimen(
        participant=participant,
        kind=Specimen.Kind.PLASMA,
        collected_at=hours_ago(3),
        received_at=hours_ago(4),
    )
    with pytest.raises(IntegrityError), transaction.atomic(), recorded(by=lab):
        backwards.save()


def test_a_result_is_shown_with_its_unit_and_printed_as_typed(specimen: Specimen) -> None:
    result = result_of(specimen, operator="<", value=Decimal("500.0"), unit="copies/mL")
    assert str(result.text) == "<500\N{NO-BREAK SPACE}copies/mL"
    assert result.printed == "<500.0"


@pytest.mark.requirement("R11")
def test_only_ones_own_sites_results_are_visible(
    participant: Participant, stranger: Participant, lab: User
) -> None:
    (own,) = entered(participant, pcr("52000"))
    own_plate = plated(participant)
    entered(stranger, pcr("41000"))
    plated(stranger)
    assert list(Result.objects.visible_to(lab)) == [own]
    assert list(CytotoxicityAssay.objects.visible_to(lab)) == [own_plate]
    assert set(Specimen.objects.visible_to(lab)) == {own.specimen, own_plate.specimen}


def test_a_plate_gives_its_wells_back_as_typed(participant: Participant) -> None:
    plate = CytotoxicityAssay.objects.get(pk=plated(participant).pk)
    assert list(plate.typed_wells) == wells(BASELINE)
    assert [str(well.dead_percent) for well in plate.typed_wells][:3] == ["5.8", "6.1", "6.1"]
