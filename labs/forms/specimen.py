"""Whose specimen it is, where it was measured, and when it was collected and received."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enrollment.models import Participant
from labs.actions import Sample
from labs.actions.specimens import born_at
from labs.forms.fields import ParticipantField
from labs.models import Laboratory, Specimen
from labs.prefill import only_laboratory, subjects_to_choose, visit_on
from labs.rules.specimens import sampling_faults
from oversight.forms import EntryForm
from trial_site import clock
from trial_site.models import User
from trial_site.protocol import current

BETWEEN_VISITS = "none"
# What decides what the other fields begin with, and what the address may begin with.
DECIDING = ("participant", "laboratory", "collected_at")
IN_THE_ADDRESS = ("collected_at", "received_at", "kind", "visit")


def moment_field(**kwargs: Any) -> forms.DateTimeField:
    """A moment on the site's clock, to the minute."""
    attrs = {"type": "datetime-local", "class": "num"}
    return forms.DateTimeField(widget=forms.DateTimeInput(attrs, "%Y-%m-%dT%H:%M"), **kwargs)


class SpecimenForm(EntryForm):
    """Whose specimen, and when; ``panel`` is the group of analytes that is measured in it.

    ``remembered`` names the fields that begin with what is known about the participant; they are
    fetched anew when another one, a laboratory or a day is chosen.  What somebody has touched stays
    (static/js/app.js).
    """

    address = ""
    panel = ""
    specimen_kind: str = Specimen.Kind.WHOLE_BLOOD
    remembered: Sequence[str] = ()

    participant = ParticipantField(label=_("Participant"))
    collected_at = moment_field(label=_("Collected"))
    received_at = moment_field(label=_("Received"), required=False)
    laboratory = forms.ModelChoiceField(
        label=_("Laboratory"),
        queryset=Laboratory.objects.none(),
        required=False,
        empty_label=_("Not named"),
    )
    visit = forms.ChoiceField(label=_("Visit"), required=False)

    def __init__(
        self,
        *args: Any,
        user: User,
        participant: Participant | None,
        address: Mapping[str, str] | None = None,
        **kwargs: Any,
    ):
        super().__init__(*args, **kwargs)
        self.user, self.begun_for = user, participant
        choices: dict[str, Any] = self.fields
        choices["participant"].queryset = Participant.objects.visible_to(user)
        choices["laboratory"].queryset = Laboratory.objects.visible_to(user)
        choices["visit"].choices = _visit_choices()
        self._begin(address or {})
        self.add_fields()
        self._fetch_what_is_remembered()

    def recall(self, participant: Participant) -> dict[str, Any]:
        """What is known about ``participant``, by the names of ``remembered``."""
        return {}

    def add_fields(self) -> None:
        """Add the fields that follow from the protocol."""

    @property
    def subjects(self) -> list[str]:
        """The numbers to choose from."""
        return subjects_to_choose(self.user)

    # --- what it begins with ------------------------------------------------------------------

    def _begin(self, address: Mapping[str, str]) -> None:
        named = self._named("laboratory", address)
        self.measured_by: Laboratory | None = named or only_laboratory(self.user, self.begun_for)
        collected_at = self._named("collected_at", address)
        self.collected_on: dt.date | None = localdate(collected_at) if collected_at else None
        self.initial.update(participant=self.begun_for, laboratory=self.measured_by)
        self.initial.update({name: address[name] for name in IN_THE_ADDRESS if name in address})
        if self.begun_for:
            self.initial.update(self.recall(self.begun_for))
            if self.collected_on and "visit" not in address:
                self.initial["visit"] = visit_on(self.begun_for, self.collected_on, self.panel)

    def _named(self, name: str, address: Mapping[str, str]) -> Any:
        """The value of the address, if the field takes it."""
        try:
            return self.fields[name].clean(address.get(name, ""))
        except ValidationError:
            return None

    def _fetch_what_is_remembered(self) -> None:
        names = ["laboratory", "visit", *self.remembered]
        fetching = {
            "hx-get": reverse(self.address),
            "hx-include": ",".join(f"[name={self[name].html_name}]" for name in DECIDING),
            "hx-swap": "none",
            "hx-sync": "closest form:queue last",
            "hx-select-oob": ",".join(f"#{self[name].auto_id}" for name in names),
        }
        for name in DECIDING:
            self.fields[name].widget.attrs |= fetching
        typing = {"hx-trigger": "change, input changed delay:300ms"}
        self.fields["participant"].widget.attrs |= typing
        for name in names:
            if self.is_bound and self[name].data:
                self.fields[name].widget.attrs["data-touched"] = "true"

    # --- what was typed -----------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        if data.get("collected_at"):
            moments, who = (data["collected_at"], data.get("received_at")), data.get("participant")
            born = born_at(who) if who else None
            for name, message in sampling_faults(*moments, now=clock.now(), born=born):
                self.add_error(name, message.render(gettext))
        check_laboratory(self, data.get("participant"))
        return data

    @property
    def sample(self) -> Sample:
        data = self.cleaned_data
        return Sample(
            kind=data.get("kind", self.specimen_kind),
            collected_at=data["collected_at"],
            received_at=data["received_at"],
            laboratory=data.get("laboratory"),
            visit=self._visit(),
        )

    def _visit(self) -> str:
        """The one that was chosen; without a choice, the one that the schedule says."""
        data = self.cleaned_data
        if chosen := data.get("visit"):
            return "" if chosen == BETWEEN_VISITS else str(chosen)
        return visit_on(data["participant"], localdate(data["collected_at"]), self.panel)


def check_laboratory(
    form: forms.Form, participant: Participant | None, name: str = "laboratory"
) -> None:
    """A laboratory measures for its own site."""
    laboratory = form.cleaned_data.get("laboratory")
    if participant and laboratory and participant.site_id != laboratory.site_id:
        form.add_error(name, gettext("this laboratory belongs to another site"))


def _visit_choices() -> list[tuple[str, str]]:
    rules = [(rule.code, gettext(rule.title)) for rule in current().visits]
    return [("", gettext("By the schedule")), *rules, (BETWEEN_VISITS, gettext("Between visits"))]
