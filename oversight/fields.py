"""Model fields that keep what was written."""

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    _Text = models.CharField[Decimal | str | int | None, Any]
else:
    _Text = models.CharField


class ExactDecimalField(_Text):
    """A decimal kept digit for digit, trailing zeros included, on every database.

    SQLite has no exact numbers and PostgreSQL pads to the column's scale; a laboratory's ``30.0``
    is not ``30``.  Values are ``Decimal`` in Python; rules compare them, never the database.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 32)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: str | None, *args: Any) -> Decimal | None:
        return None if value is None else Decimal(value)

    def to_python(self, value: Any) -> Decimal | None:
        if value is None or isinstance(value, Decimal):
            return value
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            raise ValidationError(_("Enter a number")) from None
        if not number.is_finite():
            raise ValidationError(_("Enter a number"))
        return number

    def run_validators(self, value: Any) -> None:
        """What is stored is text, and its length is that of the text."""
        super().run_validators(self.get_prep_value(value))

    def get_prep_value(self, value: Any) -> str | None:
        number = self.to_python(value)
        return None if number is None else format(number, "f")

    def value_to_string(self, obj: models.Model) -> str:
        return self.get_prep_value(self.value_from_object(obj)) or ""
