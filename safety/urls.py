"""The addresses of this room."""

from django.urls import path

from safety.views import (
    assessment,
    background,
    deviation_forms,
    deviations,
    events,
    listing,
    reports,
)

app_name = "safety"
urlpatterns = [
    path("", listing.events, name="events"),
    path("adverse-events.csv", listing.events_download, name="events-download"),
    path("events/new/", events.event_new, name="event-new"),
    path("events/criteria/", events.event_criteria, name="event-criteria"),
    path("events/<int:pk>/", events.event, name="event"),
    path("events/<int:pk>/correct/", events.event_correct, name="event-correct"),
    path("events/<int:pk>/in-error/", events.event_in_error, name="event-in-error"),
    path("events/<int:pk>/assess/", assessment.event_assess, name="event-assess"),
    path("events/<int:pk>/serious/", assessment.event_serious, name="event-serious"),
    path("events/<int:pk>/report/", reports.report_new, name="report-new"),
    path("reports/<int:pk>/", reports.report, name="report"),
    path("offers/<str:source>/decline/", events.offer_decline, name="offer-decline"),
    path("deviations/", deviations.listing, name="deviations"),
    path("deviations/deviations.csv", deviations.listing_download, name="deviations-download"),
    path("deviations/log/", deviations.log, name="deviations-log"),
    path("deviations/new/", deviation_forms.new, name="deviation-new"),
    path(
        "deviations/offers/<str:subject>/<str:source>/",
        deviation_forms.accept,
        name="deviation-accept",
    ),
    path(
        "deviations/offers/<str:subject>/<str:source>/decline/",
        deviation_forms.decline,
        name="deviation-decline",
    ),
    path("deviations/<int:pk>/", deviations.page, name="deviation"),
    path("deviations/<int:pk>/assess/", deviation_forms.assess, name="deviation-assess"),
    path("deviations/<int:pk>/correct/", deviation_forms.correct, name="deviation-correct"),
    path("deviations/<int:pk>/in-error/", deviation_forms.in_error, name="deviation-in-error"),
    path("participants/<str:subject>/medication/", background.medication, name="medication"),
    path(
        "participants/<str:subject>/medication/new/",
        background.medication_new,
        name="medication-new",
    ),
    path("medication/<int:pk>/stop/", background.medication_stop, name="medication-stop"),
    path("medication/<int:pk>/correct/", background.medication_correct, name="medication-correct"),
    path(
        "medication/<int:pk>/in-error/",
        background.medication_in_error,
        name="medication-in-error",
    ),
    path("participants/<str:subject>/history/", background.history, name="history"),
    path("participants/<str:subject>/history/new/", background.history_new, name="history-new"),
    path("history/<int:pk>/correct/", background.history_correct, name="history-correct"),
    path("history/<int:pk>/in-error/", background.history_in_error, name="history-in-error"),
]
