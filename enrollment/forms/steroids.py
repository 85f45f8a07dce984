"""The corticosteroid doses of a screening: one line an agent and day."""

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enrollment.facts import DOSE_CYCLES, ScreeningFacts, SteroidDose
from enrollment.forms.fields import DayField, ExactField, OptionField
from enrollment.rules.steroids import prednisone_mg
from trial_site.protocol import current

# The most: a dozen lines for each day of the window.
LEAST_LINES, SPARE_LINES, MOST_LINES = 3, 1, 84
SCHEDULES = dict(
    zip(DOSE_CYCLES, (_("On this day"), _("On alternate days, averaged")), strict=True)
)
RULE = current().steroids

if TYPE_CHECKING:
    _FormSet = forms.BaseFormSet["SteroidForm"]
else:
    _FormSet = forms.BaseFormSet


class SteroidForm(forms.Form):
    """One dose; an empty line is no dose."""

    use_required_attribute = False

    agent = OptionField([(agent.code, _(agent.name)) for agent in RULE.agents], label=_("Agent"))
    dose_mg = ExactField(label=_("Dose that day"), unit="mg")
    on = DayField(label=_("Day"))
    every_days = forms.TypedChoiceField(
        label=_("Given"), choices=list(SCHEDULES.items()), coerce=int, initial=DOSE_CYCLES[0]
    )

    def clean(self) -> dict[str, Any]:
        needed = ("agent", "dose_mg", "on")
        missing = [name for name in needed if self.cleaned_data.get(name) is None]
        if 0 < len(missing) < len(needed):
            for name in missing:
                if name not in self.errors:
                    self.add_error(name, gettext("Complete the line, or empty it"))
        return self.cleaned_data

    @property
    def dose(self) -> SteroidDose | None:
        """The dose of a valid line, or ``None`` for an empty or a broken one."""
        if not self.is_valid():
            return None
        answers = self.cleaned_data
        return SteroidDose(**answers) if answers.get("agent") else None


class BaseSteroidLines(_FormSet):
    @property
    def doses(self) -> tuple[SteroidDose, ...]:
        return tuple(line.dose for line in self.forms if line.dose)

    def refuse(self, message: str) -> None:
        """Put a refusal at the line with the lowest dose: a negative one is the culprit."""
        amounts = {prednisone_mg(line.dose, RULE): line for line in self.forms if line.dose}
        amounts[min(amounts)].add_error("dose_mg", message)


SteroidLines = forms.formset_factory(
    SteroidForm,
    formset=BaseSteroidLines,
    extra=0,
    max_num=MOST_LINES,
    absolute_max=MOST_LINES,
)


def steroid_lines(facts: ScreeningFacts, data: Any = None) -> BaseSteroidLines:
    """The lines of one screening, with a spare one after those that are filled."""
    filled: list[dict[str, Any]] = [vars(dose) for dose in facts.steroids]
    blank = min(max(LEAST_LINES - len(filled), SPARE_LINES), MOST_LINES - len(filled))
    return cast(
        BaseSteroidLines, SteroidLines(data, prefix="steroids", initial=filled + [{}] * blank)
    )
