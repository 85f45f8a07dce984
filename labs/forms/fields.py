"""The form field that takes a result as a laboratory prints it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from labs.rules.pcr import UnreadableResult, parse_result, printed_text

MOST_DIGITS = 24  # far more than an instrument prints, and short enough to be stored converted


class PrintedResultField(forms.CharField):
    """A result: ``52000``, ``<500``, and where the assay can say so ``not detected``.

    Cleans to the text of ``Result.printed``, empty without a result.
    """

    default_error_messages = {  # noqa: RUF012 - Django's own pattern
        "digits": _("This number has too many digits"),
        "number": _("Enter a number, <number or >number"),
    }

    def __init__(self, *, not_detected: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.not_detected = not_detected

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        if not text:
            return ""
        try:
            operator, number = parse_result(text)
        except UnreadableResult as unreadable:
            raise ValidationError(unreadable.message.render(gettext)) from None
        if number is None and not self.not_detected:
            raise ValidationError(self.error_messages["number"], code="number")
        if number is not None and len(f"{number:f}") > MOST_DIGITS:
            raise ValidationError(self.error_messages["digits"], code="digits")
        return printed_text(operator, number)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return super().widget_attrs(widget) | {"autocomplete": "off", "class": "num"}
