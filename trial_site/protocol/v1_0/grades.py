"""CTCAE v5.0 grades of the eight safety analytes, worst first (DOMAIN 8)."""

from trial_site.protocol.definition import (
    GradeBound,
    GradeTable,
    Reference,
    above,
    at_least,
    below,
    gettext_noop,
)

VERSION = "5.0"
_TIMES = {
    Reference.LLN: "× LLN",
    Reference.ULN: "× ULN",
    Reference.BASELINE: "× baseline",
}


def _falling(analyte: str, term: str, unit: str, worst_first: dict[int, str]) -> GradeTable:
    """Grades of a value that falls: absolute limits, and below the LLN for grade 1."""
    rows = [
        GradeBound(grade, Reference.ABSOLUTE, below(limit, unit))
        for grade, limit in worst_first.items()
    ]
    rows.append(GradeBound(1, Reference.LLN, below("1", _TIMES[Reference.LLN])))
    return GradeTable(analyte, term, VERSION, tuple(rows))


def _over(grade: int, reference: Reference, times: str, abnormal: bool | None = None) -> GradeBound:
    return GradeBound(grade, reference, above(times, _TIMES[reference]), abnormal)


def _liver(analyte: str, term: str, times: dict[int, str], mildest: GradeBound) -> GradeTable:
    """Grades above the ULN, or above the baseline where that was abnormal.

    ``times`` holds for both references down to grade 2; ``mildest`` is grade 1 of an abnormal
    baseline, the one bound in which these terms differ.
    """
    rows = [
        _over(grade, reference, limit, abnormal)
        for grade, limit in times.items()
        for reference, abnormal in ((Reference.ULN, False), (Reference.BASELINE, True))
    ]
    rows += [_over(1, Reference.ULN, "1", False), mildest]
    return GradeTable(analyte, term, VERSION, tuple(rows))


_TRANSAMINASE = {4: "20", 3: "5", 2: "3"}
_TRANSAMINASE_MILDEST = GradeBound(
    1, Reference.BASELINE, at_least("1.5", _TIMES[Reference.BASELINE]), baseline_abnormal=True
)

GRADES = (
    _falling(
        "anc",
        gettext_noop("Neutrophil count decreased"),
        "10^9/L",
        {4: "0.5", 3: "1.0", 2: "1.5"},
    ),
    _falling(
        "wbc",
        gettext_noop("White blood cell decreased"),
        "10^9/L",
        {4: "1.0", 3: "2.0", 2: "3.0"},
    ),
    _falling(
        "platelets",
        gettext_noop("Platelet count decreased"),
        "10^9/L",
        {4: "25", 3: "50", 2: "75"},
    ),
    # Grade 4 anaemia is clinical only: no number reaches it.
    _falling("hemoglobin", gettext_noop("Anemia"), "g/L", {3: "80", 2: "100"}),
    GradeTable(
        "creatinine",
        gettext_noop("Creatinine increased"),
        VERSION,
        (
            _over(4, Reference.ULN, "6.0"),
            _over(3, Reference.ULN, "3.0"),
            _over(3, Reference.BASELINE, "3.0"),
            _over(2, Reference.ULN, "1.5"),
            _over(2, Reference.BASELINE, "1.5"),
            _over(1, Reference.ULN, "1"),
        ),
    ),
    _liver(
        "alt",
        gettext_noop("Alanine aminotransferase increased"),
        _TRANSAMINASE,
        _TRANSAMINASE_MILDEST,
    ),
    _liver(
        "ast",
        gettext_noop("Aspartate aminotransferase increased"),
        _TRANSAMINASE,
        _TRANSAMINASE_MILDEST,
    ),
    _liver(
        "bilirubin",
        gettext_noop("Blood bilirubin increased"),
        {4: "10", 3: "3", 2: "1.5"},
        _over(1, Reference.BASELINE, "1", abnormal=True),
    ),
)
