"""The addresses of this room.  A slot is written as its moment in UTC: ``20260318T0000Z``."""

import datetime as dt

from django.urls import path, register_converter

from dosing.views import doses, orders, sheet, withdrawal


class SlotConverter:
    """An aware moment to the minute; in UTC, so that no clock change makes it ambiguous."""

    regex = r"20\d{6}T\d{4}Z"
    _format = "%Y%m%dT%H%MZ"

    def to_python(self, value: str) -> dt.datetime:
        return dt.datetime.strptime(value, self._format).replace(tzinfo=dt.UTC)

    def to_url(self, value: dt.datetime) -> str:
        return value.astimezone(dt.UTC).strftime(self._format)


register_converter(SlotConverter, "slot")

app_name = "dosing"
urlpatterns = [
    path("", sheet.sheet, name="sheet"),
    path("orders/<str:subject>/<str:drug>/new/", orders.order_new, name="order-new"),
    path("withdraw/<str:subject>/", withdrawal.withdraw, name="withdraw"),
    path("<int:order>/<slot:slot>/give/", doses.give, name="give"),
    path("<int:order>/<slot:slot>/record/", doses.record, name="record"),
    path("administrations/<int:pk>/correct/", doses.correct, name="correct"),
]
