"""What the investigator orders, and how it stands to the proposal."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from dosing.forms.fields import moment, number
from dosing.models import Order
from dosing.rules.orders import Proposal
from oversight.forms import EntryForm
from trial_site.messages import Message
from trial_site.protocol import current

Propose = Callable[..., tuple[Proposal | None, tuple[Message, ...]]]


class OrderForm(EntryForm):
    """When a drug begins; ``replaces`` is the order that ends there, if there is one."""

    starts_at = moment(
        _("First dose planned"), help_text=_("The doses after it keep this time of day")
    )
    change_reason = forms.CharField(
        label=_("Why does the order change?"),
        help_text=_("Kept with the order that ends where the new one begins"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=500,
    )

    def __init__(self, *args: Any, replaces: Order | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.replaces = replaces
        self.fields["confirmed"].label = _("Yes, this is right")
        if replaces is None:
            del self.fields["change_reason"]

    def values(self) -> dict[str, Any]:
        """What ``order_drug`` takes from this form."""
        return {
            "starts_at": self.cleaned_data["starts_at"],
            "change_reason": self.cleaned_data.get("change_reason", ""),
            "confirmed": self.cleaned_data["confirmed"],
            "key": self.key,
        }


class Il2OrderForm(OrderForm):
    """The protocol fixes dose and frequency: nothing else is asked."""

    def values(self) -> dict[str, Any]:
        rule = current().il2
        return {**super().values(), "amount": rule.dose_miu, "frequency": rule.frequency.value}


class GanciclovirOrderForm(OrderForm):
    """Dose and frequency; an order that differs from the proposal says why.

    ``proposal`` and its ``steps`` are worked out for the phase by ``propose``.
    """

    phase = forms.ChoiceField(
        label=_("Part of the course"),
        choices=Order.PhaseChoice.choices,
        widget=forms.RadioSelect,
    )
    amount = number(_("Dose"), _("mg"))
    frequency = forms.ChoiceField(
        label=_("How often"), choices=Order.FrequencyChoice.choices, widget=forms.RadioSelect
    )
    departure_reason = forms.CharField(
        label=_("Why does the order differ from the proposal?"),
        help_text=_("Only if dose or frequency differ"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=500,
        required=False,
    )

    def __init__(self, *args: Any, propose: Propose, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._propose = propose
        self.proposal: Proposal | None = None
        self.steps: tuple[Message, ...] = ()
        if not self.is_bound:
            self._begin_with_proposal()

    def _begin_with_proposal(self) -> None:
        self._work_out(self._typed("phase"))
        if self.proposal is not None:
            self.initial["amount"] = self.proposal.mg
            self.initial["frequency"] = self.proposal.frequency.value

    def _typed(self, name: str) -> Any:
        """What the field begins with, if it can be read."""
        field = self.fields[name]
        try:
            return field.clean(self.get_initial_for_field(field, name))
        except ValidationError:
            return None

    def _work_out(self, phase: str | None) -> None:
        if phase:
            self.proposal, self.steps = self._propose(phase=phase)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self._work_out(cleaned.get("phase"))
        if not {"phase", "amount", "frequency"} <= cleaned.keys():
            return cleaned
        ordered = (cleaned["amount"], cleaned["frequency"])
        agrees = self.proposal and self.proposal.is_ordered(*ordered)
        if not agrees and not cleaned.get("departure_reason"):
            text = _("The order differs from the proposal: say why")
            self.add_error("departure_reason", text)
        return cleaned

    def values(self) -> dict[str, Any]:
        named = ("phase", "amount", "frequency", "departure_reason")
        chosen = {name: self.cleaned_data[name] for name in named}
        return {**super().values(), **chosen}
