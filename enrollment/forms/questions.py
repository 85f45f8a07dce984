"""Every question of the screening form.

Choices, units and limits are the protocol's.  Nothing is required: what is missing is unknown, and
what a criterion makes of an answer stands beside it.
"""

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from enrollment.facts import NYHA_CLASSES, Operator, QualitativeResult, Sex
from enrollment.forms.answers import (
    GROUPS,
    TESTS,
    infection_date_field,
    infection_field,
    infection_reason_field,
)
from enrollment.forms.fields import (
    DayField,
    ExactField,
    OptionField,
    YesNoField,
    enum_field,
    text_field,
)
from trial_site.protocol import current

PROTOCOL = current()
SEXES = {Sex.FEMALE: _("Female"), Sex.MALE: _("Male")}
OPERATORS = {
    Operator.EQUAL: _("= a number"),
    Operator.BELOW: _("< below"),
    Operator.ABOVE: _("> above"),
    Operator.NOT_DETECTED: _("not detected"),
}
RESULTS = {
    QualitativeResult.NEGATIVE: _("Negative"),
    QualitativeResult.POSITIVE: _("Positive"),
    QualitativeResult.NOT_DONE: _("Not done"),
}
TEST_RESULTS = {  # in the order of the table of infections
    result: RESULTS[result]
    for result in (
        QualitativeResult.NOT_DONE,
        QualitativeResult.NEGATIVE,
        QualitativeResult.POSITIVE,
    )
}
SPECIMENS = {PROTOCOL.pcr.specimen: _("Plasma"), "whole_blood": _("Whole blood")}
ROMAN = dict(zip(NYHA_CLASSES, ("I", "II", "III", "IV"), strict=True))

# A number means nothing without its unit: the unit's field, and the numbers that it speaks for.
UNIT_OF = {
    "cmv_unit": ("cmv_value", "cmv_lloq", "cmv_lod"),
    "creatinine_unit": ("creatinine",),
    "bilirubin_unit": ("bilirubin", "bilirubin_uln"),
    "anc_unit": ("anc_value",),
    "hemoglobin_unit": ("hemoglobin_value",),
    "platelets_unit": ("platelets_value",),
}


def _units(code: str) -> tuple[str, ...]:
    """The units that laboratories print for an analyte; screening reads no logarithm."""
    analyte = PROTOCOL.analyte(code)
    powers = {conversion.unit for conversion in analyte.conversions if conversion.logarithmic}
    return tuple(unit for unit in analyte.taken_units if unit not in powers)


def _amount(code: str, label: Any = None) -> ExactField:
    """A number of an analyte; its unit stands beside it unless there are several to choose from."""
    units = _units(code)
    unit = units[0] if len(units) == 1 else ""
    return ExactField(label=label or _(PROTOCOL.analyte(code).name), unit=unit)


def _unit(code: str) -> OptionField:
    return OptionField([(unit, unit) for unit in _units(code)], label=_("Unit"))


def _reason(label: Any, help_text: Any = "") -> forms.CharField:
    return text_field(label, rows=2, max_length=500, help_text=help_text)


class TestResultField(OptionField):
    """The result of one infection test; nothing is chosen beforehand."""

    widget = forms.RadioSelect

    def __init__(self, **kwargs: Any) -> None:
        super().__init__((), coerce=QualitativeResult, **kwargs)
        self.choices = list(TEST_RESULTS.items())


class Questions(forms.Form):
    birth_date = DayField(label=_("Date of birth"))
    birth_day_known = forms.BooleanField(
        label=_("The day of the month is known"),
        help_text=_("If only the month is known, untick this and enter its first day"),
        required=False,
        initial=True,
    )
    sex = enum_field(Sex, SEXES, label=_("Sex at birth"))

    diagnosis = OptionField(
        [(code, _(name)) for code, name in PROTOCOL.diagnosis_names.items()], label=_("Diagnosis")
    )
    criteria_set = OptionField(
        [
            (_(PROTOCOL.diagnosis_names[code]), [(name, _(name)) for name in names])
            for code, names in PROTOCOL.criteria_sets.items()
        ],
        label=_("Classification criteria"),
    )
    diagnosis_on = DayField(label=_("Date of diagnosis"))
    diagnosis_text = text_field(_("Name of another disease and its criteria"), max_length=300)
    diagnosis_attested = YesNoField(label=_("Does the investigator attest the diagnosis?"))

    cmv_operator = enum_field(Operator, OPERATORS, label=_("Result is"), initial=Operator.EQUAL)
    cmv_value = _amount(PROTOCOL.pcr.analyte)
    cmv_unit = _unit(PROTOCOL.pcr.analyte)
    cmv_specimen = OptionField(SPECIMENS.items(), label=_("Specimen"))
    cmv_collected_on = DayField(label=_("Collected"))
    cmv_assay = text_field(_("Assay"), max_length=80)
    cmv_lloq = _amount(PROTOCOL.pcr.analyte, _("Limit of quantification"))
    cmv_lod = _amount(PROTOCOL.pcr.analyte, _("Limit of detection"))

    no_steroids = YesNoField(label=_("None at all on any of these days?"))
    weight_kg = ExactField(label=_("Weight"), unit=PROTOCOL.steroids.weight_limits.unit)
    weight_on = DayField(label=_("Weighed"))

    creatinine = _amount("creatinine")
    creatinine_unit = _unit("creatinine")
    creatinine_collected_on = DayField(label=_("Collected"))
    alt = _amount("alt")
    alt_uln = _amount("alt", _("ALT ULN"))
    ast = _amount("ast")
    ast_uln = _amount("ast", _("AST ULN"))
    liver_collected_on = DayField(label=_("Collected, with bilirubin"))
    bilirubin = _amount("bilirubin")
    bilirubin_uln = _amount("bilirubin", _("ULN"))
    bilirubin_unit = _unit("bilirubin")

    febrile = YesNoField(label=_("Does the patient have fever?"))
    other_infection = YesNoField(label=_("Is there another active infection?"))
    other_infection_text = text_field(_("Which other infection"), max_length=300)

    il2_allergy = YesNoField(label=_("Is there an intolerance to IL-2 or its excipients?"))
    heart_failure = YesNoField(label=_("Is there heart failure?"))
    nyha = OptionField(ROMAN.items(), coerce=int, label=_("NYHA class"))
    other_severe_disease = YesNoField(label=_("Is there another severe disease?"))
    other_severe_disease_text = text_field(
        _("Which disease, and why it is or is not severe"),
        max_length=300,
        help_text=_("Needed for a yes; what a no has weighed is shown with the verdict"),
    )
    malignancy = YesNoField(label=_("Has the patient ever had a malignancy?"))
    malignancy_override_reason = _reason(
        _("Investigator's reason to override"), _("Empty unless a malignancy is overridden")
    )
    uncontrolled_psychiatric = YesNoField(
        label=_("Is there an uncontrolled psychiatric or emotional disorder?")
    )
    uncontrolled_psychiatric_text = text_field(
        _("Which disorder, and why it is or is not controlled"),
        max_length=300,
        help_text=_("Needed for a yes; what a no has weighed is shown with the verdict"),
    )
    childbearing_potential = YesNoField(
        label=_("Is child-bearing possible?"),
        no=_("No, not applicable (post-menopausal or sterile)"),
    )
    breastfeeding = YesNoField(label=_("Is she breast-feeding?"))
    hcg = enum_field(QualitativeResult, RESULTS, label=_("Pregnancy test (β-hCG)"))
    hcg_on = DayField(label=_("Tested"))

    ganciclovir_allergy = YesNoField(
        label=_("Is there an intolerance to ganciclovir or valganciclovir?")
    )
    anc_value = _amount("anc")
    anc_unit = _unit("anc")
    hemoglobin_value = _amount("hemoglobin")
    hemoglobin_unit = _unit("hemoglobin")
    platelets_value = _amount("platelets")
    platelets_unit = _unit("platelets")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for test in TESTS:
            name = _(test.name)
            self.fields[infection_field(test.code)] = TestResultField(label=name)
            self.fields[infection_date_field(test.code)] = DayField(
                label=format_lazy(_("{test}: day of the test"), test=name)
            )
        for group in GROUPS:
            self.fields[infection_reason_field(group.code)] = text_field(
                format_lazy(_("{infection}: why not active"), infection=_(group.name)),
                max_length=500,
                help_text=_("The investigator’s reason: past, treated or discordant"),
            )
