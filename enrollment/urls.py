from django.urls import path

from enrollment.views import allocation, participants, screening

app_name = "enrollment"
urlpatterns = [
    path("screening/", screening.log, name="screening-log"),
    path("screening/new/", screening.new, name="screening-new"),
    path("screening/<str:number>/", screening.detail, name="screening"),
    path("screening/<str:number>/edit/", screening.edit, name="screening-edit"),
    path("screening/<str:number>/consent/", screening.consent, name="screening-consent"),
    path("screening/<str:number>/submit/", screening.submit, name="screening-submit"),
    path("screening/<str:number>/confirm/", screening.confirm, name="screening-confirm"),
    path("screening/<str:number>/enrol/", screening.enrol, name="screening-enrol"),
    path("participants/", participants.participants, name="participants"),
    path("participants/<str:subject>/allocate/", allocation.allocate, name="allocate"),
    path("participants/<str:subject>/visits/", participants.visits, name="visits"),
    path(
        "participants/<str:subject>/visits/<str:code>/",
        participants.visit_record,
        name="visit-record",
    ),
    path("participants/<str:subject>/disposition/", participants.disposition, name="disposition"),
    path("allocation/", allocation.allocation_list, name="allocation-list"),
]
