"""Doses, calendar and laboratory of protocol 1.0, typed from DOMAIN 4 to 11."""

from decimal import Decimal

import pytest

from trial_site.protocol import VERSIONS, UnknownProtocolVersion, by_version, current
from trial_site.protocol.consistency.laboratory import is_loinc
from trial_site.protocol.definition import Anchor, ArmCode, Drug, Frequency

PROTOCOL = current()


def test_versions_are_found_by_their_number() -> None:
    assert current().version == "1.0"
    assert by_version("1.0") is current()
    assert list(VERSIONS) == ["1.0"]


def test_an_unknown_version_is_named() -> None:
    with pytest.raises(UnknownProtocolVersion, match=r"9\.9") as raised:
        by_version("9.9")
    assert isinstance(raised.value, KeyError)


@pytest.mark.parametrize(
    ("clearance", "induction", "maintenance"),
    [
        ("120", ("5", "q12h"), ("5", "q24h")),
        ("70", ("5", "q12h"), ("5", "q24h")),
        ("69.6", ("2.5", "q12h"), ("2.5", "q24h")),
        ("50", ("2.5", "q12h"), ("2.5", "q24h")),
        ("49.99", ("2.5", "q24h"), ("1.25", "q24h")),
        ("25", ("2.5", "q24h"), ("1.25", "q24h")),
        ("24.99", ("1.25", "q24h"), ("0.625", "q24h")),
        ("10", ("1.25", "q24h"), ("0.625", "q24h")),
        ("9.99", ("1.25", "3x_week"), ("0.625", "3x_week")),
        ("0", ("1.25", "3x_week"), ("0.625", "3x_week")),
    ],
)
def test_ganciclovir_dose_by_clearance(
    clearance: str, induction: tuple[str, str], maintenance: tuple[str, str]
) -> None:
    band = PROTOCOL.ganciclovir.band(Decimal(clearance))
    for dose, (mg_per_kg, frequency) in (
        (band.induction, induction),
        (band.maintenance, maintenance),
    ):
        assert dose.mg_per_kg == Decimal(mg_per_kg)
        assert dose.frequency is Frequency(frequency)


@pytest.mark.parametrize(
    ("analyte", "held", "given"),
    [("anc", "0.499", "0.5"), ("hemoglobin", "79.9", "80"), ("platelets", "24.9", "25")],
)
def test_holds_are_strict(analyte: str, held: str, given: str) -> None:
    (rule,) = [row for row in PROTOCOL.ganciclovir.holds if row.analyte == analyte]
    assert rule.bound.holds(Decimal(held))
    assert not rule.bound.holds(Decimal(given))


@pytest.mark.parametrize(
    ("code", "analytes", "q12h", "others"),
    [
        ("blood_count", {"anc", "hemoglobin", "platelets"}, 2, 7),
        ("creatinine", {"creatinine"}, 7, 7),
    ],
)
def test_blood_is_examined_under_ganciclovir(
    code: str, analytes: set[str], q12h: int, others: int
) -> None:
    (check,) = [row for row in PROTOCOL.ganciclovir.blood_checks if row.code == code]
    assert set(check.analytes) == analytes
    assert dict(check.days_between) == {"q12h": q12h, "q24h": others, "3x_week": others}


def test_ganciclovir_and_il2_administration() -> None:
    ganciclovir, il2 = PROTOCOL.ganciclovir, PROTOCOL.il2
    assert ganciclovir.infusion_minutes == 60
    assert ganciclovir.soft_deviation_percent == 10
    assert ganciclovir.soft_min_interval_hours == 8
    assert (il2.dose_miu, il2.route, il2.frequency) == (Decimal("1.0"), "SC", "q24h")
    sites = {code for code, _ in il2.injection_sites}
    assert sites == {
        f"{place}_{side}" for place in ("abdomen", "arm", "thigh") for side in ("left", "right")
    }


def test_only_the_experimental_arm_gets_il2() -> None:
    assert PROTOCOL.arm("il2_gcv").drugs == (Drug.IL2, Drug.GANCICLOVIR)
    assert PROTOCOL.arm("gcv").drugs == (Drug.GANCICLOVIR,)


def test_allocation() -> None:
    rule = PROTOCOL.allocation
    assert rule.mode == "randomised"
    assert rule.block_sizes == (4, 6)
    assert rule.ratio == (1, 1)
    assert rule.label("ALL") == "NCT04225780|ALL|v1"
    assert (rule.shortest_list, rule.usual_list) == (11, 20)
    assert rule.arms == (ArmCode.IL2_GANCICLOVIR, ArmCode.GANCICLOVIR)


@pytest.mark.parametrize(
    ("code", "anchor", "months", "opens", "aimed", "closes", "never_early"),
    [
        ("SCREENING", Anchor.ALLOCATION, 0, -14, -1, -1, False),
        ("D0", Anchor.DAY0, 0, 0, 0, 0, False),
        ("D7", Anchor.DAY0, 0, 6, 7, 8, False),
        ("WITHDRAWAL", Anchor.WITHDRAWAL, 0, 0, 1, 3, False),
        ("M1", Anchor.WITHDRAWAL, 1, -7, 0, 7, False),
        ("M2", Anchor.WITHDRAWAL, 2, -7, 0, 7, False),
        ("M3", Anchor.WITHDRAWAL, 3, 0, 0, 14, True),
    ],
)
def test_visit_windows(
    code: str,
    anchor: Anchor,
    months: int,
    opens: int,
    aimed: int,
    closes: int,
    never_early: bool,
) -> None:
    visit = PROTOCOL.visit(code)
    assert (visit.anchor, visit.offset_months) == (anchor, months)
    assert visit.offset_days - visit.days_before == opens
    assert visit.offset_days == aimed
    assert visit.offset_days + visit.days_after == closes
    assert visit.never_early is never_early


@pytest.mark.parametrize(
    ("analyte", "unit", "value", "converted"),
    [
        ("hemoglobin", "g/dL", "7.9", "79"),
        ("bilirubin", "mg/dL", "1.2", "20.52"),
        ("creatinine", "mg/dL", "1", "88.4"),
        ("anc", "10^3/µL", "0.5", "0.5"),
        ("anc", "/µL", "500", "0.5"),
        ("platelets", "/µL", "25000", "25"),
        ("nk_count", "10^9/L", "0.138", "138"),
    ],
)
def test_unit_conversions(analyte: str, unit: str, value: str, converted: str) -> None:
    (conversion,) = [row for row in PROTOCOL.analyte(analyte).conversions if row.unit == unit]
    assert Decimal(value) * conversion.factor == Decimal(converted)


def test_the_worked_creatinine_of_the_reference() -> None:
    (conversion,) = PROTOCOL.analyte("creatinine").conversions
    assert round(150 / conversion.factor, 3) == Decimal("1.697")


@pytest.mark.parametrize(
    ("analyte", "unit"), [("cmv_dna", "IU/mL"), ("cmv_igm", "index"), ("cmv_igg", "U/mL")]
)
def test_some_units_are_recorded_and_never_converted(analyte: str, unit: str) -> None:
    row = PROTOCOL.analyte(analyte)
    assert unit in row.unconverted_units
    assert unit not in row.units


def test_canonical_units() -> None:
    units = {row.code: (row.unit, PROTOCOL.ucum[row.unit]) for row in PROTOCOL.analytes}
    assert units["cmv_dna"] == ("copies/mL", "{copies}/mL")
    assert units["anc"] == units["platelets"] == ("10^9/L", "10*9/L")
    assert units["hemoglobin"] == ("g/L", "g/L")
    assert units["creatinine"] == units["bilirubin"] == ("µmol/L", "umol/L")
    assert units["alt"] == units["ast"] == ("U/L", "U/L")


@pytest.mark.parametrize(
    ("unit", "code"),
    [
        ("copies/mL", "{copies}/mL"),
        ("log10 copies/mL", "{Log_copies}/mL"),
        ("IU/mL", "[IU]/mL"),
        ("%", "%"),
        ("10^9/L", "10*9/L"),
        ("10^3/µL", "10*3/uL"),
        ("/µL", "/uL"),
        ("cells/µL", "{cells}/uL"),
        ("g/L", "g/L"),
        ("g/dL", "g/dL"),
        ("µmol/L", "umol/L"),
        ("mg/dL", "mg/dL"),
        ("U/L", "U/L"),
        ("pg/mL", "pg/mL"),
        ("AU/mL", "[arb'U]/mL"),
        ("U/mL", "{kit_U}/mL"),
        ("index", "{index_val}"),
    ],
)
def test_ucum_codes(unit: str, code: str) -> None:
    assert PROTOCOL.ucum[unit] == code


def test_every_unit_that_is_taken_has_a_code() -> None:
    taken = {unit for row in PROTOCOL.analytes for unit in row.taken_units}
    assert taken == set(PROTOCOL.ucum)


@pytest.mark.parametrize(
    ("analyte", "of"),
    [
        ("nk_percent", "lymphocytes"),
        ("nk_dim_percent", "NK cells"),
        ("nk_bright_percent", "NK cells"),
        ("cmv_cd8_percent", "CD8 T cells"),
        ("nk_ifng_percent", "NK cells"),
        ("nk_tnfa_percent", "NK cells"),
        ("nk_cd107a_percent", "NK cells"),
        ("nk_count", ""),
    ],
)
def test_what_a_percentage_is_of(analyte: str, of: str) -> None:
    assert PROTOCOL.analyte(analyte).denominator == of


@pytest.mark.parametrize(
    ("analyte", "ranges"),
    [
        ("nk_percent", [("5.0", "32.5")]),
        ("nk_count", [("91", "593"), ("61", "607")]),
        ("nk_dim_percent", [("47.0", "94.5")]),
        ("nk_dim_count", [("51", "482")]),
        ("nk_bright_percent", [("0.7", "6.3")]),
        ("nk_bright_count", [("2", "16")]),
        ("cd4_count", [("396", "1309")]),
        ("cd8_count", [("224", "1014")]),
        ("cmv_cd8_percent", [("0", "10")]),
        ("nk_ifng_percent", [("11.3", "52.0")]),
        ("nk_tnfa_percent", []),
        ("nk_cd107a_percent", [("9.9", "27.6")]),
        ("tnf_alpha", [("1.4", "11.9")]),
        ("ifn_gamma", [("None", "15")]),
    ],
)
def test_what_is_found_in_adults(analyte: str, ranges: list[tuple[str, str]]) -> None:
    found = PROTOCOL.analyte(analyte).adult_ranges
    assert [(str(row.low), str(row.high)) for row in found] == ranges


@pytest.mark.parametrize(
    ("code", "analyte", "unit", "positive", "grey"),
    [
        ("architect_igm", "cmv_igm", "index", "1.00", "0.85"),
        ("other_igm", "cmv_igm", "AU/mL", "35", None),
        ("architect_igg", "cmv_igg", "AU/mL", "6.0", None),
        ("other_igg", "cmv_igg", "U/mL", "0.70", None),
    ],
)
def test_cut_offs_of_kits(
    code: str, analyte: str, unit: str, positive: str, grey: str | None
) -> None:
    (kit,) = [row for row in PROTOCOL.serology_kits if row.code == code]
    assert (kit.analyte, kit.unit, kit.positive_from) == (analyte, unit, Decimal(positive))
    assert kit.grey_from == (None if grey is None else Decimal(grey))


@pytest.mark.parametrize(
    ("visit", "panels"),
    [
        ("SCREENING", {"pcr", "safety"}),
        ("D0", {"pcr", "cytotoxicity", "subset", "cytokine", "serology"}),
        ("D7", {"cytotoxicity", "subset", "cytokine"}),
        ("WITHDRAWAL", {"subset", "cytokine", "serology"}),
        ("M1", {"pcr", "safety"}),
        ("M2", {"pcr", "safety"}),
        ("M3", {"pcr", "subset", "cytokine", "serology"}),
    ],
)
def test_what_the_laboratory_expects_of_a_visit(visit: str, panels: set[str]) -> None:
    assert set(PROTOCOL.visit(visit).panels) == panels


def test_what_each_panel_is_measured_in() -> None:
    assert {panel.group: panel.specimens for panel in PROTOCOL.panels} == {
        "pcr": ("plasma",),
        "safety": ("whole_blood", "serum"),
        "cytotoxicity": ("pbmc",),
        "subset": ("whole_blood",),
        "cytokine": ("serum",),
        "serology": ("serum",),
    }
    assert PROTOCOL.panel("pcr").specimens == ("plasma",)


@pytest.mark.parametrize(
    ("code", "valid"),
    [("718-7", True), ("14682-9", True), ("718-8", False), ("14628-9", False), ("718", False)],
)
def test_loinc_check_digit(code: str, valid: bool) -> None:
    assert is_loinc(code) is valid


def test_pcr_rule() -> None:
    rule = PROTOCOL.pcr
    assert (rule.threshold, rule.unit, rule.specimen) == (1000, "copies/mL", "plasma")
    assert (rule.confirmation_days, rule.relapse_results) == (5, 2)
    assert (rule.refractory_log10_rise, rule.refractory_after_days) == (1, 14)
    assert (rule.days_between_until_confirmed, rule.slack_days) == (3, 1)
    assert (rule.days_between_until_withdrawal, rule.months_between_in_follow_up) == (7, 1)


def test_cytotoxicity_rule() -> None:
    rule = PROTOCOL.cytotoxicity
    assert (rule.formula, rule.et_ratio, rule.replicates) == ("A", 25, 3)
    assert rule.et_ratios == (50, 25, Decimal("12.5"), Decimal("6.25"))
    assert (rule.max_spontaneous, rule.min_maximum) == (15, 85)
    assert (rule.max_cv_percent, rule.min_targets) == (20, 5000)


def test_fifteen_decisions_and_the_readings() -> None:
    assert [row.id for row in PROTOCOL.decisions] == [f"D{number}" for number in range(1, 16)]
    assert len(PROTOCOL.readings) == 12
    assert PROTOCOL.follow_up_months == 3
