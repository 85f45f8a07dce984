"""Whose specimen it is, and when it was collected and received."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enrollment.models import Participant
from labs.actions import Sample
from labs.models import Specimen
from labs.rules.specimens import sampling_faults
from oversight.forms import EntryForm
from trial_site import clock
from trial_site.models import User


class SpecimenForm(EntryForm):
    """Whose specimen, and when.

    ``remembered`` names the fields that begin with what was last entered for the participant; they
    are fetched anew when another one is chosen, and nothing else that was typed changes.
    """

    address = ""
    specimen_kind: str = Specimen.Kind.WHOLE_BLOOD

    participant = forms.ModelChoiceField(
        label=_("Participant"),
        queryset=Participant.objects.none(),
        to_field_name="subject",
        empty_label=_("Choose"),
    )
    collected_at = forms.DateTimeField(
        label=_("Collected"),
        widget=forms.DateTimeInput({"type": "datetime-local", "class": "num"}, "%Y-%m-%dT%H:%M"),
    )
    received_at = forms.DateTimeField(
        label=_("Received"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local", "class": "num"}, "%Y-%m-%dT%H:%M"),
    )

    def __init__(self, *args: Any, user: User, participant: Participant | None, **kwargs: Any):
        remembered = self.recall(participant) if participant else {}
        super().__init__(*args, initial={"participant": participant, **remembered}, **kwargs)
        self.add_fields()
        chosen: Any = self.fields["participant"]
        chosen.queryset = Participant.objects.visible_to(user)
        chosen.widget.attrs |= {
            "hx-get": reverse(self.address),
            "hx-swap": "none",
            "hx-select-oob": ",".join(f"#{self[name].auto_id}" for name in self.remembered),
        }

    @property
    def remembered(self) -> Sequence[str]:
        raise NotImplementedError

    def recall(self, participant: Participant) -> dict[str, Any]:
        """What was last entered for ``participant``, by the names of ``remembered``."""
        raise NotImplementedError

    def add_fields(self) -> None:
        """Add the fields that follow from the protocol."""

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        if data.get("collected_at"):
            faults = sampling_faults(data["collected_at"], data.get("received_at"), now=clock.now())
            for name, message in faults:
                self.add_error(name, message.render(gettext))
        return data

    @property
    def sample(self) -> Sample:
        data = self.cleaned_data
        kind = data.get("kind", self.specimen_kind)
        return Sample(kind, data["collected_at"], data["received_at"])
