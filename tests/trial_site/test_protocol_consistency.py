"""Each kind of mistake in a protocol is found, and Django refuses to start on it."""

from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

import pytest
from django.core.checks import registry

from trial_site import protocol as protocol_package
from trial_site.checks import check_protocol
from trial_site.protocol import current
from trial_site.protocol.consistency import problems
from trial_site.protocol.definition import (
    AdultRange,
    ArmCode,
    CriterionKind,
    Drug,
    EntryLimits,
    GradeBound,
    Protocol,
    Provenance,
    Reference,
    Source,
    above,
    at_least,
    at_most,
    below,
)

SOUND = current()


def _with(table: str, code: str, **changes: object) -> Protocol:
    """``SOUND`` with one row of ``table`` changed; ``code`` is the row's code, id or analyte."""
    rows = tuple(
        replace(row, **changes) if code in _names(row) else row for row in getattr(SOUND, table)
    )
    assert rows != getattr(SOUND, table)
    return replace(SOUND, **{table: rows})


def _names(row: object) -> set[str]:
    return {getattr(row, name, "") for name in ("code", "id", "analyte")}


def _without(table: str, code: str) -> Protocol:
    rows = tuple(row for row in getattr(SOUND, table) if code not in _names(row))
    return replace(SOUND, **{table: rows})


def _rule(name: str, **changes: object) -> Protocol:
    return replace(SOUND, **{name: replace(getattr(SOUND, name), **changes)})


def _factor(**changes: object) -> Protocol:
    """``SOUND`` with the first stratification factor changed."""
    first, *others = SOUND.allocation.factors
    return _rule("allocation", factors=(replace(first, **changes), *others))


def _band(index: int, **changes: object) -> Protocol:
    bands = list(SOUND.ganciclovir.bands)
    bands[index] = replace(bands[index], **changes)
    return _rule("ganciclovir", bands=tuple(bands))


def _hold(**changes: object) -> Protocol:
    first, *others = SOUND.ganciclovir.holds
    return _rule("ganciclovir", holds=(replace(first, **changes), *others))


def _check(**changes: object) -> Protocol:
    """``SOUND`` with the first blood check under ganciclovir changed."""
    first, *others = SOUND.ganciclovir.blood_checks
    return _rule("ganciclovir", blood_checks=(replace(first, **changes), *others))


def _grades(analyte: str, *rows: GradeBound) -> Protocol:
    return _with("grades", analyte, rows=rows)


def _absolute(grade: int, limit: str, unit: str = "10^9/L") -> GradeBound:
    return GradeBound(grade, Reference.ABSOLUTE, below(limit, unit))


def _panel(**changes: object) -> Protocol:
    first, *others = SOUND.panels
    return replace(SOUND, panels=(replace(first, **changes), *others))


def _count(**changes: object) -> Protocol:
    first, *others = SOUND.counts
    return replace(SOUND, counts=(replace(first, **changes), *others))


def _kit(**changes: object) -> Protocol:
    first, *others = SOUND.serology_kits
    return replace(SOUND, serology_kits=(replace(first, **changes), *others))


TWENTY = Decimal(20)
FOUR, THREE, TWO = _absolute(4, "0.5"), _absolute(3, "1.0"), _absolute(2, "1.5")
ONE = GradeBound(1, Reference.LLN, below("1", "× LLN"))
QUOTELESS = Provenance(Source.REGISTRY, reading="read")
SILENT = Provenance(Source.DECISION)
LOOSE = Provenance(Source.DECISION, reading="read", decision="D16")
FIRST_DECISION = SOUND.decisions[0]
CMV = SOUND.analyte("cmv_dna")
CONVERSION = SOUND.analyte("hemoglobin").conversions[0]
TIGHT = EntryLimits("mg", soft=(at_most("700", "mg"),), hard=(at_most("600", "mg"),))
CROSSED = EntryLimits("mg", hard=(at_least("2", "mg"), at_most("1", "mg")))
MIXED = EntryLimits("mg", hard=(at_least("2", "g"),))

BROKEN = [
    # codes
    (replace(SOUND, outcomes=SOUND.outcomes * 2), "outcome igm stands 2 times"),
    (replace(SOUND, analytes=SOUND.analytes * 2), "analyte anc stands 2 times"),
    (replace(SOUND, decisions=(*SOUND.decisions, FIRST_DECISION)), "decision D1 stands 2 times"),
    # criteria
    (_without("criteria", "E4c"), "criterion E4c is missing"),
    (
        _with("criteria", "E5", kind=CriterionKind.SAFETY),
        "criterion E5 is safety, not exclusion",
    ),
    # provenance
    (
        _with("criteria", "E5", provenance=QUOTELESS),
        "criteria[E5].provenance cites the registry without its words",
    ),
    (
        _with("visits", "M1", provenance=SILENT),
        "visits[M1].provenance is a decision without a reading",
    ),
    (_with("arms", "gcv", provenance=LOOSE), "arms[gcv].provenance names D16"),
    # entry limits
    (_rule("ganciclovir", mg_limits=TIGHT), "soft limit 700 lies outside the hard limits"),
    (_rule("ganciclovir", mg_limits=CROSSED), "no value satisfies the hard limits"),
    (_rule("ganciclovir", mg_limits=MIXED), "a bound in g among limits in mg"),
    # diagnoses
    (
        replace(SOUND, criteria_sets=MappingProxyType({**SOUND.criteria_sets, "sle": ()})),
        "diagnosis sle has no classification criteria",
    ),
    (
        replace(SOUND, diagnosis_names=MappingProxyType({"sle": "SLE"})),
        "diagnosis ra needs both a name and classification criteria",
    ),
    # arms and allocation
    (_without("arms", "gcv"), "arm gcv is missing"),
    (_with("arms", "gcv", drugs=(Drug.IL2, Drug.GANCICLOVIR)), "arm gcv has the wrong drugs"),
    (_with("arms", "il2_gcv", drugs=(Drug.GANCICLOVIR,)), "arm il2_gcv has the wrong drugs"),
    (_with("arms", "gcv", drugs=()), "arm gcv gets no ganciclovir"),
    (
        _rule("allocation", arms=(ArmCode.GANCICLOVIR, ArmCode.GANCICLOVIR)),
        "allocation letters do not cover the arms",
    ),
    (_rule("allocation", block_sizes=(4, 5)), "block size 5 is no multiple of the ratio"),
    (_rule("allocation", block_sizes=(0, 4)), "block size 0 is no multiple of the ratio"),
    (_rule("allocation", block_sizes=()), "allocation has no block size"),
    (
        _rule("allocation", shortest_list=10),
        "an allocation list may be no longer than the enrolment target",
    ),
    (
        _factor(limit=None),
        "factor cmv_dna needs a limit or a diagnosis, and not both",
    ),
    (_factor(limit=at_most("10000", "IU/mL")), "factor cmv_dna is not in the unit of CMV-DNA"),
    (
        _factor(limit=None, diagnosis="gout"),
        "factor cmv_dna names an unknown diagnosis",
    ),
    (_factor(outside=SOUND.allocation.whole_trial), "stratum ALL occurs twice"),
    (
        _rule("identification", per_arm_target=4),
        "the targets of the arms do not add up to the enrolment target",
    ),
    # visits and outcomes
    (_with("visits", "D7", panels=("subset", "cytokine")), "visit D7 disagree about cytotoxicity"),
    (_with("visits", "D7", content=("NK subsets",)), "visit D7 disagree about cytokine"),
    (_with("visits", "M1", panels=("pcr", "safety", "urine")), "visit M1 disagree about urine"),
    (replace(SOUND, panels=SOUND.panels[1:]), "pcr needs both a panel and analytes"),
    (replace(SOUND, panels=SOUND.panels * 2), "panel safety stands 2 times"),
    (_panel(specimens=()), "panel pcr lacks its specimen or its words"),
    (_panel(content=()), "panel pcr lacks its specimen or its words"),
    (_panel(specimens=("serum",)), "the PCR rule judges plasma, which its panel is not taken from"),
    (_with("visits", "D7", days_before=-1), "visit D7 has a negative window"),
    (_with("visits", "D7", days_before=7), "the windows of visits D0 and D7 overlap"),
    (_with("visits", "M3", days_before=1), "visit M3 could be held before the follow-up"),
    (_with("visits", "M3", never_early=False), "visit M3 could be held before the follow-up"),
    (replace(SOUND, follow_up_months=6), "no visit ends the follow-up of 6 months"),
    (_with("outcomes", "igm", kind="primary"), "there are 2 primary outcomes"),
    (_with("outcomes", "igm", kind="tertiary"), "outcome igm is neither primary nor secondary"),
    # doses
    (_rule("ganciclovir", bands=()), "there are no clearance bands"),
    (_band(0, high=Decimal("200")), "the highest clearance band is not open above"),
    (_band(-1, low=Decimal("0")), "the lowest clearance band is not open below"),
    (_band(1, high=Decimal("69")), "clearance from 69 to 70 is in no band"),
    (_band(1, high=Decimal("71")), "clearance from 70 to 71 is in two bands"),
    (_band(1, high=None), "an open clearance band stands between others"),
    (
        _band(1, induction=replace(SOUND.ganciclovir.bands[1].induction, mg_per_kg=Decimal(0))),
        "clearance band from 50 has a dose that is not positive",
    ),
    (_hold(analyte="neutrophils"), "hold on neutrophils, which is no analyte"),
    (_check(analytes=()), "blood check blood_count examines nothing"),
    (_check(analytes=("pulse",)), "blood check blood_count of pulse, which is no analyte"),
    (_check(days_between={}), "blood check blood_count is never due under q24h"),
    (_hold(bound=below("500", "/µL")), "hold on anc in /µL, not 10^9/L"),
    (_rule("il2", dose_miu=Decimal("2")), "the IL-2 dose 2 MIU lies outside its own limits"),
    (
        _rule("steroids", agents=(replace(SOUND.steroids.agents[0], equivalent_mg=Decimal(0)),)),
        "corticosteroid prednisone has an equivalent that is not positive",
    ),
    (_rule("steroids", window_first_day=0), "the corticosteroid window ends before it starts"),
    # laboratory
    (_without("infection_tests", "hiv_ag_ab"), "infection hiv has no test"),
    (_without("infection_groups", "hiv"), "infection test hiv_ag_ab is of hiv"),
    (
        _with("infection_tests", "hiv_ag_ab", required=False),
        "infection hiv could be judged without any test",
    ),
    (
        _with("analytes", "hemoglobin", conversions=(replace(CONVERSION, factor=Decimal(0)),)),
        "analyte hemoglobin converts g/dL by a factor not positive",
    ),
    (
        _with("analytes", "hemoglobin", unconverted_units=("g/dL",)),
        "analyte hemoglobin takes a unit twice",
    ),
    (_with("analytes", "alt", entry_limits=CROSSED), "analyte alt has limits in mg"),
    (_with("analytes", "alt", loinc="1742-7"), "analyte alt has the impossible LOINC code 1742-7"),
    (_with("analytes", "alt", unconverted_units=("µkat/L",)), "unit µkat/L has no UCUM code"),
    (
        replace(SOUND, ucum=MappingProxyType({**SOUND.ucum, "g/L": ""})),
        "unit g/L has no UCUM code",
    ),
    (
        replace(SOUND, ucum=MappingProxyType({**SOUND.ucum, "g/L": "g/dL"})),
        "the UCUM code g/dL stands for 2 units",
    ),
    (
        _with("analytes", "cmv_dna", assay_units=("copies/mL",)),
        "analyte cmv_dna leaves copies/mL to the assay and converts it too",
    ),
    (_with("analytes", "nk_percent", denominator=""), "a percentage, and nothing else, is of"),
    (_with("analytes", "nk_count", denominator="NK cells"), "a percentage, and nothing else, is"),
    (
        _with("analytes", "nk_percent", adult_ranges=SOUND.analyte("nk_count").adult_ranges),
        "analyte nk_percent has an adult range in cells/µL",
    ),
    (
        _with("analytes", "nk_percent", adult_ranges=(AdultRange(TWENTY, TWENTY, "%", "here"),)),
        "analyte nk_percent has an adult range that is empty",
    ),
    (replace(SOUND, counts=SOUND.counts[::-1]), "nk_dim_count is counted before nk_count"),
    (_count(percent="nk_share"), "the count of nk_count needs nk_share, which is no analyte"),
    (_count(percent="cd4_count"), "cd4_count gives a count and is no percentage"),
    (_count(of="hemoglobin"), "nk_count cannot be counted in g/L"),
    (replace(SOUND, counts=SOUND.counts * 2), "count nk_count stands 2 times"),
    (_kit(unit="U/mL"), "kit architect_igm is in U/mL, which no antibody is taken in"),
    (_kit(analyte="alt"), "kit architect_igm is in index, which no antibody is taken in"),
    (_kit(grey_from=Decimal("1.00")), "the grey zone of kit architect_igm is empty"),
    (
        _rule("pcr", measured=replace(CMV, unit="IU/mL")),
        "the PCR rule is in IU/mL of cmv_dna, which no analyte is",
    ),
    (_rule("pcr", confirmation_days=1), "confirmation of 1 days is not above the slack of 1"),
    (
        _rule("pcr", threshold=Decimal("500")),
        "criterion I2 does not judge by the threshold of the PCR rule",
    ),
    (_rule("cytotoxicity", formula="D"), "cytotoxicity formula D is unknown"),
    (_rule("cytotoxicity", et_ratio=Decimal("30")), "the ratio 30:1 of the endpoint is not"),
    (_rule("cytotoxicity", max_spontaneous=Decimal("85")), "spontaneous death may exceed"),
    # grades
    (_with("grades", "anc", analyte="neutrophils"), "grades of neutrophils, which is no analyte"),
    (_grades("anc", THREE, FOUR, TWO, ONE), "grades of anc: not worst first"),
    (_grades("anc", FOUR, TWO, ONE), "grades of anc: normal baseline: no row for grade 3"),
    (
        _grades("anc", _absolute(4, "1.0"), THREE, TWO, ONE),
        "grade 4 by absolute is not stricter than 3",
    ),
    (
        _grades("anc", FOUR, _absolute(3, "1000", "/µL"), TWO, ONE),
        "grades of anc: limits in /µL, the analyte in 10^9/L",
    ),
    (
        _grades("anc", FOUR, THREE, TWO, GradeBound(1, Reference.ULN, above("1", "× ULN"))),
        "grades of anc: rising and falling bounds in one table",
    ),
    (
        _grades(
            "creatinine",
            GradeBound(2, Reference.ULN, above("1.5", "× ULN")),
            GradeBound(1, Reference.ULN, above("1", "ULN")),
        ),
        "grades of creatinine: several units for uln",
    ),
    (
        _with("grades", "alt", rows=SOUND.grades[5].rows[:-1]),
        "grades of alt: abnormal baseline: no row for grade 1",
    ),
]


@pytest.mark.parametrize("version", protocol_package.VERSIONS)
def test_every_version_is_sound(version: str) -> None:
    assert problems(protocol_package.by_version(version)) == []


@pytest.mark.parametrize(("broken", "sentence"), BROKEN, ids=[text for _, text in BROKEN])
def test_a_mistake_is_found_and_named(broken: Protocol, sentence: str) -> None:
    assert any(sentence in problem for problem in problems(broken)), problems(broken)


def test_the_system_check_is_silent_on_sound_versions() -> None:
    assert check_protocol(None) == []


def test_the_system_check_names_version_and_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    draft = replace(_without("criteria", "E7"), version="1.1")
    monkeypatch.setattr(protocol_package, "VERSIONS", {"1.0": SOUND, "1.1": draft})
    (error,) = check_protocol(None)
    assert error.id == "trial_site.E001"
    assert error.is_serious()
    assert error.msg == "Protocol 1.1: criterion E7 is missing."


def test_the_system_check_is_registered_under_its_tag() -> None:
    assert check_protocol in registry.registry.get_checks()
    assert registry.registry.tag_exists("protocol")
