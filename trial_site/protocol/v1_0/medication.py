"""Medicines beside ganciclovir: warnings on concomitant medication, and other antivirals."""

from trial_site.protocol.definition import (
    Drug,
    InteractingDrug,
    OtherAntiviral,
    Provenance,
    Source,
    gettext_noop,
)

_WARNED = Provenance(
    Source.DECISION,
    reading=gettext_noop(
        "Interactions of the ganciclovir label. The list warns and forbids nothing; a pharmacist "
        "confirms it."
    ),
)

_SEIZURES = gettext_noop("Seizures have been reported together with ganciclovir")
_BLOOD = gettext_noop("Adds to the harm that ganciclovir does to blood counts")
_KIDNEY = gettext_noop("Harms the kidneys, which ganciclovir leaves by: watch creatinine")
_LEVELS = gettext_noop("Both may reach higher levels when the kidneys work less well")


def _beside(code: str, name: str, warning: str, *words: str) -> InteractingDrug:
    return InteractingDrug(code, name, (code, *words), Drug.GANCICLOVIR, warning, _WARNED)


INTERACTIONS = (
    _beside("imipenem", gettext_noop("Imipenem"), _SEIZURES, "亚胺培南"),
    _beside(
        "mycophenolate",
        gettext_noop("Mycophenolate"),
        _LEVELS,
        "cellcept",
        "myfortic",
        "吗替麦考酚酯",
        "麦考酚",
        "霉酚酸",
    ),
    _beside("zidovudine", gettext_noop("Zidovudine"), _BLOOD, "齐多夫定"),
    _beside("ciclosporin", gettext_noop("Ciclosporin"), _KIDNEY, "cyclosporin", "环孢素"),
    _beside("tacrolimus", gettext_noop("Tacrolimus"), _KIDNEY, "他克莫司"),
    _beside("amphotericin", gettext_noop("Amphotericin B"), _KIDNEY, "两性霉素"),
    _beside("gentamicin", gettext_noop("Gentamicin"), _KIDNEY, "庆大霉素"),
    _beside("amikacin", gettext_noop("Amikacin"), _KIDNEY, "阿米卡星"),
)

_ANTIVIRAL = Provenance(
    Source.DECISION,
    reading=gettext_noop(
        "The record counts ganciclovir. Other antivirals are concomitant medication: a switch to "
        "one does not end the primary analysis, and a sensitivity analysis censors on its day. "
        "Valganciclovir becomes ganciclovir in the body: no switch, and reported in its own "
        "milligrams. A clinician confirms the list."
    ),
)


def _antiviral(code: str, name: str, *words: str, is_switch: bool = True) -> OtherAntiviral:
    return OtherAntiviral(code, name, (code, *words), is_switch, _ANTIVIRAL)


ANTIVIRALS = (
    _antiviral(
        "valganciclovir", gettext_noop("Valganciclovir"), "缬更昔洛韦", "万赛维", is_switch=False
    ),
    _antiviral("foscarnet", gettext_noop("Foscarnet"), "膦甲酸"),
    _antiviral("cidofovir", gettext_noop("Cidofovir"), "西多福韦"),
    _antiviral("letermovir", gettext_noop("Letermovir"), "来特莫韦"),
    _antiviral("maribavir", gettext_noop("Maribavir"), "马立巴韦"),
)
