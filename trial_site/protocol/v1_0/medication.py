"""Medicines that matter beside ganciclovir: warnings on concomitant medication."""

from trial_site.protocol.definition import (
    Drug,
    InteractingDrug,
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
