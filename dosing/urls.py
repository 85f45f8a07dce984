"""The addresses of this room.  A slot is written as its moment in UTC: ``20260318T0000Z``."""

import datetime as dt

from django.urls import path, register_converter

from dosing.models import StockEntry
from dosing.views import (
    doses,
    holds,
    observations,
    offline,
    orders,
    retraction,
    reviews,
    sheet,
    stock,
    unplanned,
    weights,
    withdrawal,
)
from dosing.views import stock_entries as entries


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
_KIND = StockEntry.Kind
_LOT = "stock/<int:pk>"
_DOSE = "administrations/<int:pk>"
_stock = [
    path("stock/", stock.stock, name="stock"),
    path("stock/receive/<str:drug>/", entries.receive, name="stock-receive"),
    path("stock/accountability/", stock.accountability, name="stock-accountability"),
    path(
        "stock/accountability.csv",
        stock.accountability_download,
        name="stock-accountability-download",
    ),
    path("stock/entries/<int:pk>/reverse/", entries.reverse_entry, name="stock-reverse"),
    path("stock/discrepancies/<int:pk>/explain/", entries.explain, name="stock-explain"),
    path(f"{_LOT}/", stock.lot, name="stock-lot"),
    path(f"{_LOT}/ledger.csv", stock.ledger_download, name="stock-ledger-download"),
    path(f"{_LOT}/recipients.csv", stock.recipients_download, name="stock-recipients-download"),
    path(f"{_LOT}/receive/", entries.move, {"kind": _KIND.RECEIVED}, name="stock-receive-more"),
    path(f"{_LOT}/return/", entries.move, {"kind": _KIND.RETURNED}, name="stock-return"),
    path(f"{_LOT}/waste/", entries.move, {"kind": _KIND.WASTED}, name="stock-waste"),
    path(f"{_LOT}/send-back/", entries.move, {"kind": _KIND.SENT_BACK}, name="stock-send-back"),
    path(f"{_LOT}/count/", entries.count, name="stock-count"),
    path(f"{_LOT}/correct/", entries.correct, name="stock-correct"),
    path(f"{_LOT}/recall/", entries.recall, name="stock-recall"),
    path(f"{_LOT}/recall/lift/", entries.lift_recall, name="stock-recall-lift"),
    path(f"{_LOT}/recall/follow-up/", entries.follow_up, name="stock-recall-follow-up"),
]
urlpatterns = [
    *_stock,
    path("", sheet.sheet, name="sheet"),
    path("waiting/", offline.waiting, name="waiting"),
    path("offline/", offline.offline, name="offline"),
    path("service-worker.js", offline.service_worker, name="service-worker"),
    path("orders/<str:subject>/", orders.orders, name="orders"),
    path("orders/<str:subject>/<str:drug>/new/", orders.order_new, name="order-new"),
    path("orders/<str:subject>/<str:drug>/stop/", orders.stop, name="stop"),
    path("orders/<str:subject>/<str:drug>/hold/", holds.hold, name="hold"),
    path("holds/<int:pk>/resume/", holds.resume, name="resume"),
    path("reviews/<int:order>/", reviews.review, name="review"),
    path("rescue/<str:subject>/end/", withdrawal.rescue_end, name="rescue-end"),
    path("weights/<str:subject>/new/", weights.new, name="weight-new"),
    path("weights/<int:pk>/correct/", weights.correct, name="weight-correct"),
    path("weights/<int:pk>/in-error/", weights.in_error, name="weight-in-error"),
    path("withdraw/<str:subject>/", withdrawal.withdraw, name="withdraw"),
    path("<int:order>/<slot:slot>/give/", doses.give, name="give"),
    path("<int:order>/<slot:slot>/record/", doses.record, name="record"),
    path(f"{_DOSE}/correct/", doses.correct, name="correct"),
    path(f"{_DOSE}/in-error/", retraction.dose, name="in-error"),
    path(f"{_DOSE}/undo/", retraction.undo, name="undo"),
    path(f"{_DOSE}/vital-signs/", observations.vital_signs, name="vital-signs"),
    path(f"{_DOSE}/reaction/", observations.reaction, name="reaction"),
    path("vital-signs/<int:pk>/", observations.correct_signs, name="vital-signs-correct"),
    path("vital-signs/<int:pk>/in-error/", retraction.vital_signs, name="vital-signs-in-error"),
    path("reactions/<int:pk>/", observations.correct_reaction, name="reaction-correct"),
    path("reactions/<int:pk>/in-error/", retraction.reaction, name="reaction-in-error"),
    path("unplanned/<str:subject>/", unplanned.choose, name="unplanned-choose"),
    path("unplanned/<str:subject>/<str:drug>/", unplanned.record, name="unplanned"),
]
