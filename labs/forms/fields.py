"""The form fields of a laboratory: a participant by number, a result as it is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enrollment.models import Participant
from labs.rules.numbers import MOST_DIGITS
from labs.rules.pcr import Operator, UnreadableResult, parse_result, printed_text

if TYPE_CHECKING:
    _ParticipantChoice = forms.ModelChoiceField[Participant]
else:
    _ParticipantChoice = forms.ModelChoiceField

# A number is typed, or picked from the page's list (``_participants.html``).
_NUMBER_ATTRS = {"list": "participants", "autocomplete": "off", "spellcheck": "false"}


class ParticipantField(_ParticipantChoice):
    """A participant by number."""

    widget = forms.TextInput
    default_error_messages = {  # noqa: RUF012 - Django's own pattern
        "invalid_choice": _("No participant of your sites has this number"),
    }

    def __init__(self, **kwargs: Any) -> None:
        nobody = Participant.objects.none()
        super().__init__(**{"queryset": nobody, "to_field_name": "subject", **kwargs})

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.strip().upper() if isinstance(value, str) else value)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return super().widget_attrs(widget) | _NUMBER_ATTRS


class SubjectField(forms.CharField):
    """The number of a participant, for a form that finds many of them at once."""

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").upper()

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return super().widget_attrs(widget) | _NUMBER_ATTRS


class PrintedResultField(forms.CharField):
    """A result: ``52000``, ``<500``, and where the assay can say so ``not detected``.

    Cleans to the text of ``Result.printed``, empty without a result.  ``signed``: a number may be
    below zero.
    """

    default_error_messages = {  # noqa: RUF012 - Django's own pattern
        "digits": _("This number has too many digits"),
        "number": _("Enter a number, <number or >number"),
    }

    def __init__(
        self,
        *,
        not_detected: bool,
        not_evaluable: bool = False,
        signed: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.signed = signed
        allowed = {Operator.NOT_DETECTED: not_detected, Operator.NOT_EVALUABLE: not_evaluable}
        self.without_number = {operator for operator, allows in allowed.items() if allows}

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        if not text:
            return ""
        try:
            operator, number = parse_result(text, signed=self.signed)
        except UnreadableResult as unreadable:
            raise ValidationError(unreadable.message.render(gettext)) from None
        if number is None and operator not in self.without_number:
            raise ValidationError(self.error_messages["number"], code="number")
        if number is not None and len(f"{number:f}") > MOST_DIGITS:
            raise ValidationError(self.error_messages["digits"], code="digits")
        return printed_text(operator, number)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return super().widget_attrs(widget) | {"autocomplete": "off", "class": "num"}
