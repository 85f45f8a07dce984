"""What is asked at the bedside and by whoever orders: fields, units, and what belongs together."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from dosing.checks import Given
from dosing.models import Administration, DrugChoice, Order
from dosing.rules.orders import Phase, Proposal
from dosing.rules.totals import delivered_mg
from oversight.forms import CorrectionForm, EntryForm
from trial_site.messages import Message
from trial_site.protocol import current

Propose = Callable[..., tuple[Proposal | None, tuple[Message, ...]]]
DATETIME_LOCAL = "%Y-%m-%dT%H:%M"


def _number(label: Any, unit: Any, **options: Any) -> forms.DecimalField:
    """A number above 0 with its unit beside it; a phone shows its number pad."""
    widget = forms.NumberInput(attrs={"inputmode": "decimal", "step": "any", "unit": unit})
    return forms.DecimalField(
        label=label, widget=widget, max_digits=12, decimal_places=6, min_value=Decimal(0), **options
    )


def _moment(label: Any, **options: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=DATETIME_LOCAL)
    return forms.DateTimeField(label=label, widget=widget, **options)


# --- orders -----------------------------------------------------------------------------------


class OrderForm(EntryForm):
    """When a drug begins; ``replaces`` is the order that ends there, if there is one."""

    starts_at = _moment(
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

    ``proposal`` and its ``steps`` are worked out from weight and phase by ``propose``.
    """

    phase = forms.ChoiceField(
        label=_("Part of the course"),
        choices=[
            (Phase.INDUCTION.value, _("Induction")),
            (Phase.MAINTENANCE.value, _("Maintenance")),
        ],
        widget=forms.RadioSelect,
    )
    weight_kg = _number(_("Weight"), "kg")
    amount = _number(_("Dose"), _("mg"))
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
            self._work_out(self._typed("weight_kg"), self._typed("phase"))
            if self.proposal is not None:
                self.initial["amount"] = self.proposal.mg
                self.initial["frequency"] = self.proposal.frequency.value

    def _typed(self, name: str) -> Any:
        """What the field begins with, if it can be read."""
        try:
            return self.fields[name].clean(self.get_initial_for_field(self.fields[name], name))
        except forms.ValidationError:
            return None

    def _work_out(self, weight_kg: Decimal | None, phase: str | None) -> None:
        if weight_kg and phase:
            self.proposal, self.steps = self._propose(weight_kg=weight_kg, phase=phase)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self._work_out(cleaned.get("weight_kg"), cleaned.get("phase"))
        if not {"weight_kg", "phase", "amount", "frequency"} <= cleaned.keys():
            return cleaned
        ordered = (cleaned["amount"], cleaned["frequency"])
        agrees = self.proposal and ordered == (self.proposal.mg, self.proposal.frequency.value)
        if not agrees and not cleaned.get("departure_reason"):
            text = _("The order differs from the proposal: say why")
            self.add_error("departure_reason", text)
        return cleaned

    def values(self) -> dict[str, Any]:
        named = ("amount", "frequency", "weight_kg", "departure_reason")
        chosen = {name: self.cleaned_data[name] for name in named}
        return {**super().values(), **chosen, "basis": self.steps}


# --- doses ------------------------------------------------------------------------------------


class GiveForm(EntryForm):
    """Given as ordered, now: nothing to type, and of an injection where it was made."""

    injection_site = forms.ChoiceField(
        label=_("Where was it injected?"),
        help_text=_("Suggested by rotation; change it if you used another site."),
        widget=forms.RadioSelect,
    )

    def __init__(
        self, *args: Any, drug: str, sites: list[tuple[str, Any]] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if drug == DrugChoice.IL2:
            self.fields["injection_site"].choices = sites or current().il2.injection_sites
        else:
            del self.fields["injection_site"]


class DoseForm(EntryForm):
    """What happened, when it was not given as ordered."""

    status = forms.ChoiceField(
        label=_("What happened?"),
        choices=[
            (Administration.Status.GIVEN, pgettext_lazy("dose", "Given, differently")),
            (Administration.Status.PARTIAL, _("Given in part")),
            (Administration.Status.NOT_GIVEN, _("Not given")),
        ],
        widget=forms.RadioSelect,
    )
    given_at = _moment(_("When was it given?"), required=False)
    amount = _number(_("Amount given"), "", required=False)
    percent = _number(
        _("Or the share that was given"),
        "%",
        required=False,
        max_value=Decimal(100),
        help_text=_("Of a dose given in part, for example the volume that ran in"),
    )
    injection_site = forms.ChoiceField(label=_("Where was it injected?"), required=False)
    why = forms.ChoiceField(
        label=_("Why?"),
        choices=[("", _("Choose a reason")), *Administration.Reason.choices],
        required=False,
    )
    note = forms.CharField(
        label=_("Note"), widget=forms.Textarea(attrs={"rows": 2}), required=False, max_length=500
    )

    def __init__(self, *args: Any, order: Order, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order = order
        self.fields["confirmed"].label = _("Yes, this is what happened")
        self.fields["amount"].widget.attrs["unit"] = order.get_unit_display()
        if order.drug == DrugChoice.IL2:
            self.fields["injection_site"].choices = [
                ("", _("Choose a site")),
                *((code, gettext(name)) for code, name in current().il2.injection_sites),
            ]
        else:
            del self.fields["injection_site"]

    def clean_given_at(self) -> dt.datetime | None:
        """The field shows whole minutes: what was not touched keeps its seconds."""
        typed: dt.datetime | None = self.cleaned_data["given_at"]
        saved: dt.datetime | None = self.initial.get("given_at")
        if typed and saved and typed == saved.replace(second=0, microsecond=0):
            return saved
        return typed

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        status = cleaned.get("status")
        if status is None:
            return cleaned
        if status == Administration.Status.NOT_GIVEN:
            cleaned |= {"amount": Decimal(0), "given_at": None, "percent": None}
            cleaned |= {"injection_site": ""} if "injection_site" in self.fields else {}
        else:
            self._clean_delivered(cleaned)
        if status != Administration.Status.GIVEN and not cleaned.get("why"):
            self.add_error("why", _("Say why the dose was not given in full"))
        return cleaned

    def _clean_delivered(self, cleaned: dict[str, Any]) -> None:
        amount, percent = cleaned.get("amount"), cleaned.get("percent")
        if cleaned["status"] == Administration.Status.PARTIAL and percent is not None:
            share = delivered_mg(self.order.amount, percent / 100)
            if amount is None:
                cleaned["amount"] = share
            elif amount != share:
                self.add_error("percent", _("Amount and share do not agree; enter one of them"))
        elif amount is None and "amount" not in self.errors:
            self.add_error("amount", _("Enter the amount that was given"))
        self._clean_part(cleaned)
        if cleaned.get("given_at") is None and "given_at" not in self.errors:
            self.add_error("given_at", _("Enter when it was given"))
        if "injection_site" in self.fields and not cleaned.get("injection_site"):
            self.add_error("injection_site", _("Choose where it was injected"))

    def _clean_part(self, cleaned: dict[str, Any]) -> None:
        """A part is less than the whole; as much or more is a dose that was given differently."""
        amount = cleaned.get("amount")
        is_part = cleaned["status"] == Administration.Status.PARTIAL
        if is_part and amount is not None and amount >= self.order.amount:
            self.add_error("amount", _("A part is less than the dose ordered"))

    def given(self) -> Given:
        """What happened, for the action."""
        values = self.cleaned_data
        return Given(
            status=values["status"],
            amount=values["amount"],
            at=values["given_at"],
            injection_site=values.get("injection_site", ""),
            why=values["why"],
            note=values["note"].strip(),
        )


class DoseCorrectionForm(DoseForm, CorrectionForm):
    """The same, of a dose that is recorded already."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["status"].choices = Administration.Status.choices

    @classmethod
    def of(cls, saved: Administration, data: QueryDict | None) -> "DoseCorrectionForm":
        """The form as it begins: what is saved, and the version that is corrected."""
        names = ("status", "given_at", "injection_site", "why", "note")
        initial = {name: getattr(saved, name) for name in names}
        initial |= {"record_version": saved.version}
        initial |= {"amount": saved.amount} if saved.delivered else {}
        return cls(data, order=saved.order, initial=initial)


class WithdrawForm(EntryForm):
    reason = forms.CharField(
        label=_("Why are the drugs withdrawn?"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=500,
    )
