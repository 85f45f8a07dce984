"""Doses that no slot was planned for, and corrections of what is recorded."""

from collections.abc import Sequence
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dosing.actions.orders import UNIT_OF
from dosing.checks import Given
from dosing.forms.doses import DeliveredForm, DoseForm
from dosing.forms.fields import offer
from dosing.models import Administration, DrugChoice
from dosing.stock import LotStock, balances, usable_lots
from enrollment.models import Participant
from oversight.forms import CorrectionForm
from trial_site import clock

_SAVED = (
    "given_at",
    "ended_at",
    "volume_ml",
    "injection_site",
    "product",
    "expires_on",
    "vials",
    "note",
)


class UnplannedForm(DeliveredForm):
    """A dose that nobody planned: what was given, and when."""

    def __init__(
        self,
        *args: Any,
        participant: Participant,
        drug: str,
        stock: Sequence[LotStock] | None = None,
        **kwargs: Any,
    ) -> None:
        today = clock.today()
        if stock is None:
            stock = usable_lots(participant.site_id, drug, today)
        unit = UNIT_OF[DrugChoice(drug)].label
        super().__init__(
            *args, participant=participant, drug=drug, stock=stock, unit=unit, day=today, **kwargs
        )
        if "late_reason" in self.fields:
            self.fields["late_reason"].help_text = _("Only if it was given on an earlier day")

    def clean(self) -> dict[str, Any]:
        if given_at := self.cleaned_data.get("given_at"):
            self.day = timezone.localdate(given_at)
        cleaned = super().clean()
        self._need_delivered(cleaned)
        return cleaned

    def given(self) -> Given:
        """The dose, for the action."""
        return self._delivered(Administration.Status.GIVEN)


class _OfSaved(CorrectionForm, DeliveredForm):
    """A correction begins with what is saved; why it came late and when it waited stay."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("queued_at", "late_reason"):
            self.fields.pop(name, None)


class DoseCorrectionForm(_OfSaved, DoseForm):
    """What happened at a slot, of a dose that is recorded already."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, day=clock.today(), **kwargs)
        offer(self, "status", Administration.Status.choices)


class UnplannedCorrectionForm(_OfSaved, UnplannedForm):
    """The same, of a dose that no slot was planned for."""


def correction_form(
    saved: Administration, data: QueryDict | None
) -> DoseCorrectionForm | UnplannedCorrectionForm:
    """The form as it begins: what is saved, and the version that is corrected."""
    initial = {name: getattr(saved, name) for name in _SAVED}
    initial |= {"record_version": saved.version, "status": saved.status, "why": saved.why}
    initial |= {"amount": saved.amount} if saved.delivered else {}
    initial |= {"lot": str(saved.lot_id or ""), "lot_typed": saved.lot_number}
    stock = _stock(saved)
    if saved.has_own_time:
        return UnplannedCorrectionForm(
            data, participant=saved.participant, drug=saved.drug, stock=stock, initial=initial
        )
    return DoseCorrectionForm(data, order=saved.order, stock=stock, initial=initial)


def _stock(saved: Administration) -> list[LotStock]:
    """The lots to choose from: those of the day, and the one that is recorded."""
    day = timezone.localdate(saved.slot_at)
    stock = usable_lots(saved.participant.site_id, saved.drug, day)
    if saved.lot is None or any(row.lot.pk == saved.lot_id for row in stock):
        return stock
    return [*stock, LotStock(saved.lot, balances([saved.lot])[saved.lot.pk])]
