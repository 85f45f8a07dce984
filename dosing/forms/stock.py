"""What is asked about the stock: what a label says, whole vials, and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dosing.actions.orders import UNIT_OF
from dosing.forms.fields import offer
from dosing.models import DrugChoice, Lot, StockEntry
from dosing.rules.scanned import Scanned
from dosing.rules.vials import LotFacts
from dosing.wording import UNITS
from enrollment.forms.fields import ExactField, MomentField, column_field, text_field
from oversight.forms import CorrectionForm, EntryForm
from trial_site import clock
from trial_site.models import Site, User

MOST_VIALS = 1_000_000  # what the column takes, not what a site may have
LONGEST_NOTE = 500
Kind = StockEntry.Kind

WHEN = {
    Kind.RECEIVED: _("When were they received?"),
    Kind.RETURNED: _("When were they returned?"),
    Kind.WASTED: _("When were they wasted?"),
    Kind.SENT_BACK: _("When were they sent?"),
}
NOTES = {
    Kind.RECEIVED: (_("Note"), _("For example the number of the delivery")),
    Kind.RETURNED: (_("Note"), _("For example why the vials were not used")),
    Kind.WASTED: (_("Why are they wasted?"), _("For example broken, expired, stored too warm")),
    Kind.SENT_BACK: (_("Note"), _("For example the number of the shipment")),
}


def _label(name: str) -> Any:
    return capfirst(Lot._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def vials(label: Any, *, least: int = 1, **options: Any) -> forms.IntegerField:
    """A whole number of vials; a phone shows its number pad."""
    attrs = {"inputmode": "numeric", "unit": _("vials"), "class": "num", "autocomplete": "off"}
    return forms.IntegerField(
        label=label,
        widget=forms.NumberInput(attrs=attrs),
        min_value=least,
        max_value=MOST_VIALS,
        error_messages={"invalid": _("Enter a whole number of vials")},
        **options,
    )


def _words(label: Any, **options: Any) -> forms.CharField:
    return text_field(label, rows=2, max_length=LONGEST_NOTE, **options)


class _StockForm(EntryForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["confirmed"].label = _("Yes, this is right")


class _LabelForm(_StockForm):
    """What the label of a lot of ``drug`` says."""

    number = column_field(Lot, "number", label=_label("number"))
    expires_on = forms.DateField(
        label=_label("expires_on"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "num"}),
        help_text=_("The last day of use"),
    )
    product = column_field(
        Lot, "product", label=_label("product"), help_text=_("Name and maker, as on the box")
    )
    content = ExactField(label=_label("content"), required=True, min_value=0)
    diluent_ml = ExactField(
        label=_label("diluent_ml"), unit="mL", min_value=0, help_text=_("If the label says it")
    )
    storage = column_field(
        Lot, "storage", label=_label("storage"), help_text=_("As on the label, for example 2–8 °C")
    )

    def __init__(self, *args: Any, drug: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        from_drug: Any = self.fields["content"]
        from_drug.unit = gettext(UNITS[UNIT_OF[DrugChoice(drug)]])

    def facts(self) -> LotFacts:
        """What the label says, for the action."""
        return LotFacts(**{name: self.cleaned_data[name] for name in LABEL_FIELDS})


LABEL_FIELDS = ("number", "expires_on", "product", "content", "diluent_ml", "storage")


class ReceiveForm(_LabelForm):
    """A lot that is new here; ``site`` is asked for where there is a choice."""

    site = forms.ModelChoiceField(
        label=_("Site"), queryset=Site.objects.none(), to_field_name="code", empty_label=_("Choose")
    )
    vials = vials(_("How many vials?"))
    at = MomentField(label=WHEN[Kind.RECEIVED])
    why = _words(NOTES[Kind.RECEIVED][0], help_text=NOTES[Kind.RECEIVED][1])

    field_order = ("site", *LABEL_FIELDS, "vials", "at", "why")

    def __init__(
        self, *args: Any, user: User, scanned: Scanned | None = None, **kwargs: Any
    ) -> None:
        initial: dict[str, Any] = {"at": clock.now()}
        if scanned is not None:
            initial |= {"number": scanned.lot, "expires_on": scanned.expires_on}
        super().__init__(*args, initial=initial, **kwargs)
        sites = list(user.sites.order_by("code"))
        field: Any = self.fields["site"]
        field.queryset = user.sites.order_by("code")
        if len(sites) == 1:
            field.initial = sites[0].code
            field.widget = forms.HiddenInput()


class CorrectLotForm(CorrectionForm, _LabelForm):
    """The label as it should read, and why."""

    field_order = (*LABEL_FIELDS, "reason")

    @classmethod
    def of(cls, lot: Lot, data: Any) -> CorrectLotForm:
        saved = {name: getattr(lot, name) for name in LABEL_FIELDS}
        return cls(data, drug=lot.drug, initial=saved | {"record_version": lot.version})


class MoveForm(_StockForm):
    """Whole vials in or out; ``kind`` says which way, ``subjects`` who may have returned them."""

    vials = vials(_("How many vials?"))
    participant = forms.ChoiceField(label=_("Who returned them?"), required=False)
    at = MomentField(label="")
    why = _words("")

    def __init__(self, *args: Any, kind: str, subjects: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, initial={"at": clock.now()}, **kwargs)
        self.fields["at"].label = WHEN[Kind(kind)]
        why: Any = self.fields["why"]
        why.label, why.help_text = NOTES[Kind(kind)]
        why.required = kind == Kind.WASTED
        if kind == Kind.RETURNED:
            ward = [("", _("The ward"))]
            offer(self, "participant", [*ward, *((subject, subject) for subject in subjects)])
        else:
            del self.fields["participant"]


class CountForm(_StockForm):
    """What lies on the shelf.  ``seen`` is the last entry of the ledger when the count began."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    counted = vials(
        _("How many vials lie there?"), least=0, help_text=_("Count without looking at the ledger")
    )
    why = _words(_("Note"))

    def begin_again(self, seen: int) -> None:
        """The question is asked about the ledger as it is now: the next answer refers to it."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        data[self.add_prefix("seen")] = str(seen)
        self.data = data


class ReverseForm(EntryForm):
    reason = _words(_("Why is the entry wrong?"), required=True)


class ExplainForm(EntryForm):
    record_version = forms.IntegerField(widget=forms.HiddenInput)
    explanation = _words(_("How did ledger and shelf come to differ?"), required=True)


class RecallForm(CorrectionForm):
    def __init__(self, *args: Any, label: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = label
        self.fields["reason"].help_text = ""


class FollowUpForm(EntryForm):
    record_version = forms.IntegerField(widget=forms.HiddenInput)
    follow_up = _words(_("What was done for those who received it?"), required=True)
