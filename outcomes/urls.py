from django.urls import path, re_path

from outcomes import views

app_name = "outcomes"
urlpatterns = [
    path("", views.worklist, name="worklist"),
    path("outcomes/", views.dashboard, name="dashboard"),
    path("outcomes/<str:name>/", views.endpoint, name="endpoint"),
    path("outcomes/<str:name>/rows.csv", views.endpoint_download, name="endpoint-download"),
    re_path(
        r"^outcomes/figures/(?P<name>[a-z-]+)\.(?P<form>json|svg|pdf)$",
        views.figure,
        name="figure",
    ),
    path("follow-up/", views.follow_up, name="follow-up"),
    path("participants/<str:subject>/", views.casebook, name="casebook"),
]
