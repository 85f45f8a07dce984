"""The kinds of questions on this room's forms: exact numbers, days, plain answers, choices."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from trial_site import clock

NOT_CHOSEN = ("", "–")
NO = _("No")
THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?")


class ExactField(forms.DecimalField):
    """A number kept digit for digit as it was printed; ``unit`` is shown beside the input."""

    widget = forms.TextInput
    default_error_messages = {  # noqa: RUF012 - Django's own pattern
        "comma": _("A comma may only part thousands; write decimals with a point"),
    }

    def __init__(self, *, unit: str = "", **kwargs: Any) -> None:
        super().__init__(**{"required": False, "max_digits": 18, "decimal_places": 6, **kwargs})
        self.unit = unit

    def to_python(self, value: Any) -> Any:
        """A ``Decimal``, or ``None``."""
        if isinstance(value, str):
            value = unicodedata.normalize("NFKC", value).strip()
            if THOUSANDS.fullmatch(value):
                value = value.replace(",", "")
            elif "," in value:
                raise ValidationError(self.error_messages["comma"], code="comma")
        return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        return format(value, "f") if isinstance(value, Decimal) else value

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attrs = {"inputmode": "decimal", "autocomplete": "off", "class": "num"}
        return super().widget_attrs(widget) | attrs


class DayField(forms.DateField):
    """A calendar day of the site, today at the latest."""

    default_error_messages = {  # noqa: RUF012 - Django's own pattern
        "future": _("This day lies in the future"),
    }

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "num"})
        super().__init__(**{"required": False, "widget": widget, **kwargs})

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and value > clock.today():
            raise ValidationError(self.error_messages["future"], code="future")


class MomentField(forms.DateTimeField):
    """A moment on the site's clock, to the minute, now at the latest."""

    default_error_messages = {  # noqa: RUF012 - Django's own pattern
        "future": _("This moment lies in the future"),
    }

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(
            format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local", "class": "num"}
        )
        super().__init__(**{"widget": widget, **kwargs})

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and value > clock.now():
            raise ValidationError(self.error_messages["future"], code="future")


class OptionField(forms.TypedChoiceField):
    """One of a few codes, or none; gives ``coerce`` of it, or ``None``."""

    def __init__(self, options: Iterable[tuple[Any, Any]], **kwargs: Any) -> None:
        choices = [NOT_CHOSEN, *options]
        super().__init__(**{"required": False, "choices": choices, "empty_value": None, **kwargs})


class YesNoField(OptionField):
    """Yes, no or not known, which is ``None`` and never counts as no.

    ``no`` is how a no reads, where the bare word would not say enough.
    """

    def __init__(self, *, no: Any = NO, **kwargs: Any) -> None:
        super().__init__((), coerce=lambda answer: answer == "yes", **kwargs)
        self.choices = (("yes", _("Yes")), ("no", no), ("", _("Not known")))

    widget = forms.RadioSelect

    def prepare_value(self, value: Any) -> Any:
        return ("yes" if value else "no") if isinstance(value, bool) else value


def enum_field(kind: type[StrEnum], names: Mapping[Any, Any], **kwargs: Any) -> OptionField:
    """One of the codes of ``kind``, in the order of ``names``."""
    return OptionField(names.items(), coerce=kind, **kwargs)


def column_field(model: type[Model], name: str, **kwargs: Any) -> forms.CharField:
    """A required line, as long as the model's column."""
    column: Any = model._meta.get_field(name)
    return forms.CharField(max_length=column.max_length, **kwargs)


def text_field(label: Any, *, rows: int = 0, **kwargs: Any) -> forms.CharField:
    """Words: one line, or ``rows`` of them."""
    widget = forms.Textarea(attrs={"rows": rows}) if rows else forms.TextInput()
    return forms.CharField(**{"label": label, "required": False, "widget": widget, **kwargs})
