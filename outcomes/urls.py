from django.urls import path, re_path

from outcomes import views, views_course, views_flow, views_safety, views_samples, views_sets

app_name = "outcomes"
urlpatterns = [
    path("", views.worklist, name="worklist"),
    path("outcomes/", views.dashboard, name="dashboard"),
    path("outcomes/flow/", views_flow.flow, name="flow"),
    path("outcomes/flow/participants/", views_flow.participants, name="flow-list"),
    path("outcomes/flow/figure.<str:form>", views_flow.flow_figure, name="flow-figure"),
    path("outcomes/recruitment/", views_flow.recruitment, name="recruitment"),
    path(
        "outcomes/recruitment/figure.<str:form>",
        views_flow.recruitment_figure,
        name="recruitment-figure",
    ),
    path("outcomes/sets/", views_sets.sets, name="sets"),
    path(
        "outcomes/samples/<str:subject>/<slug:measure>/<str:visit>/",
        views_samples.sample,
        name="sample",
    ),
    path("outcomes/safety/", views_safety.safety, name="safety"),
    re_path(
        r"^outcomes/safety/figures/(?P<name>[a-z-]+)/(?P<page>[0-9]{1,4})\.(?P<form>json|svg|pdf)$",
        views_safety.safety_figure,
        name="safety-figure",
    ),
    path("outcomes/safety/<str:name>.csv", views_safety.safety_download, name="safety-download"),
    path("outcomes/<str:name>/", views.endpoint, name="endpoint"),
    path("outcomes/<str:name>/rows.csv", views.endpoint_download, name="endpoint-download"),
    re_path(
        r"^outcomes/figures/(?P<name>[a-z-]+)\.(?P<form>json|svg|pdf)$",
        views.figure,
        name="figure",
    ),
    path("follow-up/", views.follow_up, name="follow-up"),
    path("participants/<str:subject>/", views.casebook, name="casebook"),
    path("participants/<str:subject>/course/", views_course.course, name="course"),
    re_path(
        r"^participants/(?P<subject>[^/]+)/course/(?P<analyte>[a-z0-9_]+)\.(?P<form>json|svg|pdf|csv)$",
        views_course.course_file,
        name="course-file",
    ),
]
