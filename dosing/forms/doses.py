"""What is asked at the bedside: fields, units, and what belongs together."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from dosing.checks import Given
from dosing.forms.fields import moment, number, offer
from dosing.forms.lots import LotForm
from dosing.models import Administration, DrugChoice, Order
from dosing.rules.timing import is_recorded_late, taken_at
from dosing.rules.totals import delivered_mg
from dosing.stock import LotStock, usable_lots
from labs.rules.numbers import half_up
from trial_site import clock
from trial_site.protocol import current

MOST_VIALS = 999


class QueuedForm(LotForm):
    """An entry that may have waited in a browser without a connection, and says since when."""

    queued_at = forms.DateTimeField(
        label=_("Entered without a connection"), widget=forms.HiddenInput, required=False
    )

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
        self.fields["confirmed"].label = _("Yes, this is what happened")
        offer(self, "injection_site", sites)
        if not sites:
            del self.fields["injection_site"]

    def given(self, now: Given) -> Given:
        """The dose as ordered ``now``, or when the entry was taken; for the action."""
        queued_at: dt.datetime | None = self.cleaned_data["queued_at"]
        site = self.cleaned_data.get("injection_site", "")
        at = queued_at.replace(second=0, microsecond=0) if queued_at else now.at
        return replace(now, at=at, injection_site=site, queued_at=queued_at, **self.used_lot())


class DeliveredForm(QueuedForm):
    """A dose that was given: when, how much, where, from which lot."""

    given_at = moment(_("When was it given?"), required=False)
    ended_at = moment(
        _("When did the infusion end?"),
        required=False,
        help_text=_("Leave it open while it runs, and correct the dose when it has ended"),
    )
    amount = number(_("Amount given"), "", required=False)
    volume_ml = number(_("Volume given"), _("mL"), required=False)
    injection_site = forms.ChoiceField(label=_("Where was it injected?"), required=False)
    product = forms.CharField(label=_("Product"), required=False, max_length=80)
    expires_on = forms.DateField(
        label=_("Expiry"),
        required=False,
        help_text=_("The last day of use, of a lot that is not in stock"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    vials = forms.IntegerField(
        label=_("Vials used"),
        required=False,
        min_value=0,
        max_value=MOST_VIALS,
        help_text=_("Left empty: as many as the dose takes"),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    note = forms.CharField(
        label=_("Note"), widget=forms.Textarea(attrs={"rows": 2}), required=False, max_length=500
    )
    late_reason = forms.CharField(
        label=_("Why is it recorded on a later day?"),
        widget=forms.Textarea(attrs={"rows": 2}),
        required=False,
        max_length=500,
    )

    def __init__(self, *args: Any, unit: Any, day: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.day = day
        self.fields["confirmed"].label = _("Yes, this is what happened")
        self.fields["amount"].widget.attrs["unit"] = unit
        if self.drug == DrugChoice.IL2:
            sites = [(code, gettext(name)) for code, name in current().il2.injection_sites]
            offer(self, "injection_site", [("", _("Choose a site")), *sites])
            del self.fields["ended_at"]
        else:
            del self.fields["injection_site"]

    def clean_given_at(self) -> dt.datetime | None:
        return self._untouched("given_at")

    def clean_ended_at(self) -> dt.datetime | None:
        return self._untouched("ended_at")

    def _untouched(self, name: str) -> dt.datetime | None:
        """The field shows whole minutes: what was not touched keeps its seconds."""
        typed: dt.datetime | None = self.cleaned_data[name]
        saved: dt.datetime | None = self.initial.get(name)
        if typed and saved and typed == saved.replace(second=0, microsecond=0):
            return saved
        return typed

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self._is_late(cleaned) and not cleaned.get("late_reason", "").strip():
            self.add_error("late_reason", _("Say why it is recorded on a later day"))
        return cleaned

    def _is_late(self, cleaned: dict[str, Any]) -> bool:
        taken_on = timezone.localdate(cleaned.get("queued_at") or clock.now())
        return "late_reason" in self.fields and is_recorded_late(self.day, taken_on=taken_on)

    def _need_delivered(self, cleaned: dict[str, Any]) -> None:
        """What every dose that was given has."""
        if cleaned.get("amount") is None and "amount" not in self.errors:
            self.add_error("amount", _("Enter the amount that was given"))
        if cleaned.get("given_at") is None and "given_at" not in self.errors:
            self.add_error("given_at", _("Enter when it was given"))
        if "injection_site" in self.fields and not cleaned.get("injection_site"):
            self.add_error("injection_site", _("Choose where it was injected"))

    def _delivered(self, status: str) -> Given:
        """The dose as it was given, for the action."""
        values = self.cleaned_data
        label = {"product": values["product"].strip(), "expires_on": values["expires_on"]}
        lot = {**label, **{name: value for name, value in self.used_lot().items() if value}}
        return Given(
            status=status,
            amount=values["amount"],
            at=values["given_at"],
            ended_at=values.get("ended_at"),
            volume_ml=values["volume_ml"],
            injection_site=values.get("injection_site", ""),
            vials=values["vials"],
            note=values["note"].strip(),
            late_reason=values.get("late_reason", ""),
            queued_at=values.get("queued_at"),
            **lot,
        )


class DoseForm(DeliveredForm):
    """What happened at a slot, when it was not given as ordered."""

    status = forms.ChoiceField(
        label=_("What happened?"),
        choices=[
            (Administration.Status.GIVEN, pgettext_lazy("dose", "Given, differently")),
            (Administration.Status.PARTIAL, _("Given in part")),
            (Administration.Status.NOT_GIVEN, _("Not given")),
        ],
        widget=forms.RadioSelect,
    )
    percent = number(
        _("Or the share that was given"),
        "%",
        required=False,
        max_value=Decimal(100),
        help_text=_("Of a dose given in part, for example the volume that ran in"),
    )
    of_ml = number(
        _("Of a prepared volume of"),
        _("mL"),
        required=False,
        help_text=_("With the volume given it says how much of the dose that was"),
    )
    why = forms.ChoiceField(
        label=_("Why?"),
        choices=[("", _("Choose a reason")), *Administration.Reason.choices],
        required=False,
    )

    def __init__(
        self,
        *args: Any,
        order: Order,
        day: dt.date,
        stock: Sequence[LotStock] | None = None,
        **kwargs: Any,
    ) -> None:
        self.order = order
        if stock is None:
            stock = usable_lots(order.participant.site_id, order.drug, day)
        super().__init__(
            *args,
            participant=order.participant,
            drug=order.drug,
            stock=stock,
            unit=order.get_unit_display(),
            day=day,
            **kwargs,
        )
        if not is_recorded_late(day, taken_on=clock.today()):
            del self.fields["late_reason"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        status = cleaned.get("status")
        if status is None:
            return cleaned
        if status != Administration.Status.NOT_GIVEN:
            if status == Administration.Status.PARTIAL:
                self._clean_share(cleaned)
            self._need_delivered(cleaned)
            self._clean_part(cleaned)
        if status != Administration.Status.GIVEN and not cleaned.get("why"):
            self.add_error("why", _("Say why the dose was not given in full"))
        return cleaned

    def _clean_share(self, cleaned: dict[str, Any]) -> None:
        """A part may be told as a share, or as a volume of the volume that was prepared."""
        for name, share in (("percent", _percent(cleaned)), ("of_ml", _of_volume(cleaned))):
            if share is None:
                continue
            if share > 1:
                self.add_error(name, _("More was given than prepared"))
                return
            told = delivered_mg(self.order.amount, share)
            amount = cleaned.get("amount")
            if amount is None and "amount" not in self.errors:
                cleaned["amount"] = told
            elif amount is not None and half_up(told, _places(amount)) != amount:
                self.add_error(name, _("Amount and share do not agree; enter one of them"))

    def _clean_part(self, cleaned: dict[str, Any]) -> None:
        """A part is less than the whole; as much or more is a dose that was given differently."""
        amount = cleaned.get("amount")
        is_part = cleaned["status"] == Administration.Status.PARTIAL
        if is_part and amount is not None and amount >= self.order.amount:
            self.add_error("amount", _("A part is less than the dose ordered"))

    def given(self) -> Given:
        """What happened, for the action."""
        values = self.cleaned_data
        if values["status"] == Administration.Status.NOT_GIVEN:
            return Given(
                status=values["status"],
                amount=Decimal(0),
                why=values["why"],
                note=values["note"].strip(),
                late_reason=values.get("late_reason", ""),
                queued_at=values.get("queued_at"),
            )
        return replace(self._delivered(values["status"]), why=values["why"])


def _percent(cleaned: dict[str, Any]) -> Decimal | None:
    percent: Decimal | None = cleaned.get("percent")
    return None if percent is None else percent / 100


def _of_volume(cleaned: dict[str, Any]) -> Fraction | None:
    volume, prepared = cleaned.get("volume_ml"), cleaned.get("of_ml")
    return Fraction(volume) / Fraction(prepared) if volume is not None and prepared else None


def _places(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
