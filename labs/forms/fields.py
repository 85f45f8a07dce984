"""Form fields that take numbers as a laboratory prints them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy as _

from labs.rules.pcr import Operator, UnreadableResult, parse_result, printed_text

MOST_DIGITS = 24  # far more than an instrument prints, and short enough to be stored converted


class _PrintedNumber(forms.CharField):
    """Thousands may be parted by commas, and full-width characters are read."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"class": "num", "inputmode": "decimal", "autocomplete": "off"}
        super().__init__(widget=forms.TextInput(attrs), **kwargs)

    def read(self, text: str) -> tuple[Operator, Decimal | None]:
        try:
            operator, number = parse_result(text)
        except UnreadableResult as unreadable:
            raise ValidationError(self.refusal(unreadable)) from None
        if number is not None and len(f"{number:f}") > MOST_DIGITS:
            raise ValidationError(_("This number has too many digits"))
        return operator, number

    def refusal(self, unreadable: UnreadableResult) -> str:
        return unreadable.message.render(gettext)


class PrintedResultField(_PrintedNumber):
    """A result: ``52000``, ``<500``, and where the assay can say so ``not detected``.

    Cleans to the text of ``Result.printed``, empty without a result.
    """

    def __init__(self, *, not_detected: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.not_detected = not_detected

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        if not text:
            return ""
        operator, number = self.read(text)
        if number is None and not self.not_detected:
            raise ValidationError(_("Enter a number, <number or >number"))
        return printed_text(operator, number)


class NumberField(_PrintedNumber):
    """A plain number from 0 to ``most``, kept digit for digit; ``None`` when empty."""

    def __init__(self, *, most: int | None = None, whole: bool = False, **kwargs: Any) -> None:
        super().__init__(empty_value=None, **kwargs)
        self.most, self.whole = most, whole

    def to_python(self, value: Any) -> Decimal | None:
        text = super().to_python(value)
        if text is None:
            return None
        operator, number = self.read(text)
        if number is None or operator is not Operator.EQUAL:
            raise ValidationError(_("Enter a number"))
        if self.whole and number != number.to_integral_value():
            raise ValidationError(_("Enter a whole number"))
        if self.most is not None and number > self.most:
            raise ValidationError(_("Enter at most %(most)s"), params={"most": self.most})
        return number

    def refusal(self, unreadable: UnreadableResult) -> str:
        is_ambiguous = "," in unreadable.message.params.get("text", "")
        return super().refusal(unreadable) if is_ambiguous else gettext("Enter a number")
