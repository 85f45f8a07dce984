"""Which lot a dose came from: one of the stock, or whatever the label says."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dosing.forms.fields import offer
from dosing.models import Lot
from dosing.rules.scanned import Unreadable, read_scan
from dosing.stock import LotStock, find_lot
from dosing.wording import day_text
from enrollment.models import Participant
from oversight.forms import EntryForm
from trial_site import clock

NUMBER_LENGTH = 40  # as long as a lot number is kept


class LotForm(EntryForm):
    """The lot, chosen from the stock (the first to expire first) or typed, or scanned, as it is."""

    lot = forms.ChoiceField(label=_("Lot"), required=False)
    lot_typed = forms.CharField(
        label=_("Another lot: scan or type it"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(
        self,
        *args: Any,
        participant: Participant,
        drug: str,
        stock: Sequence[LotStock],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.participant, self.drug = participant, drug
        self._lots = {str(row.lot.pk): row.lot for row in stock}
        self._typed: dict[str, Any] = {}
        none = [("", _("No lot recorded"))]
        offer(self, "lot", [*((str(row.lot.pk), lot_label(row)) for row in stock), *none])

    def clean_lot(self) -> Lot | None:
        return self._lots.get(self.cleaned_data["lot"])

    def clean_lot_typed(self) -> str:
        """What was typed, if it is no lot of the stock; one that is comes before the choice."""
        typed: str = self.cleaned_data["lot_typed"].strip()
        if not typed:
            return ""
        found = find_lot(self.participant.site_id, self.drug, typed)
        if found is not None:
            self._typed = {"lot": found}
            return typed
        try:
            scanned = read_scan(typed, on=clock.today())
        except Unreadable as broken:
            raise forms.ValidationError(broken.message.render(gettext)) from None
        number = scanned.lot or typed
        if len(number) > NUMBER_LENGTH:
            raise forms.ValidationError(_("A lot number is shorter: type it without the rest"))
        self._typed = {"lot": None, "lot_number": number, "expires_on": scanned.expires_on}
        return typed

    def used_lot(self) -> dict[str, Any]:
        """``lot``, or ``lot_number`` and what its label says; for ``Given``."""
        return self._typed or {"lot": self.cleaned_data["lot"]}


def lot_label(row: LotStock) -> str:
    """``L2407-16 · expires 30 Nov 2026 · 12 in stock``."""
    day = day_text(row.lot.expires_on)
    text = gettext("%(lot)s · expires %(day)s · %(vials)s in stock")
    return text % {"lot": row.lot.number, "day": day, "vials": row.balance}
