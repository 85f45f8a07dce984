"""What is asked at the bedside: fields, units, and what belongs together."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from dosing.checks import Given
from dosing.forms.fields import moment, number, offer
from dosing.models import Administration, DrugChoice, Order
from dosing.rules.timing import taken_at
from dosing.rules.totals import delivered_mg
from oversight.forms import CorrectionForm, EntryForm
from trial_site import clock
from trial_site.protocol import current


class QueuedForm(EntryForm):
    """An entry that may have waited in a browser without a connection, and says since when."""

    queued_at = forms.DateTimeField(widget=forms.HiddenInput, required=False)

    def clean_queued_at(self) -> dt.datetime | None:
        queued_at: dt.datetime | None = self.cleaned_data["queued_at"]
        if queued_at is None:
            return None
        taken = taken_at(queued_at, clock.now())
        if taken is None:
            raise forms.ValidationError(_("This entry waited with a time in the future"))
        return taken


class GiveForm(QueuedForm):
    """Given as ordered, now: nothing to type, and of an injection where it was made."""

    injection_site = forms.ChoiceField(
        label=_("Where was it injected?"),
        help_text=_("Suggested by rotation; change it if you used another site."),
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, sites: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "injection_site", sites)
        if not sites:
            del self.fields["injection_site"]

    def given(self, now: Given) -> Given:
        """The dose as ordered ``now``, or when the entry was taken; for the action."""
        queued_at: dt.datetime | None = self.cleaned_data["queued_at"]
        site = self.cleaned_data.get("injection_site", "")
        at = queued_at.replace(second=0, microsecond=0) if queued_at else now.at
        return replace(now, at=at, injection_site=site, queued_at=queued_at)


class DoseForm(QueuedForm):
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
    given_at = moment(_("When was it given?"), required=False)
    amount = number(_("Amount given"), "", required=False)
    percent = number(
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
            sites = [(code, gettext(name)) for code, name in current().il2.injection_sites]
            offer(self, "injection_site", [("", _("Choose a site")), *sites])
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
            queued_at=values.get("queued_at"),
        )


class DoseCorrectionForm(DoseForm, CorrectionForm):
    """The same, of a dose that is recorded already."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["queued_at"]  # a correction never waits
        offer(self, "status", Administration.Status.choices)

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
