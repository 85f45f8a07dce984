"""The filter of the list of results; it lives in the address."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enrollment.models import Participant
from labs.forms.fields import ParticipantField
from labs.prefill import subjects_to_choose
from trial_site.models import User
from trial_site.protocol import current


class ResultFilter(forms.Form):
    participant = ParticipantField(label=_("Participant"), required=False)
    analyte = forms.ChoiceField(label=_("Analyte"), required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.user = user
        participant: Any = self.fields["participant"]
        participant.queryset = Participant.objects.visible_to(user)
        analyte: Any = self.fields["analyte"]
        names = [(analyte.code, gettext(analyte.name)) for analyte in current().analytes]
        analyte.choices = [("", gettext("All")), *names]

    @property
    def subjects(self) -> list[str]:
        """The numbers to choose from."""
        return subjects_to_choose(self.user)
