from django.urls import path, re_path

from outcomes.views import course, flow, follow_up, pages, registry, report, safety, samples, sets

app_name = "outcomes"
urlpatterns = [
    path("", pages.worklist, name="worklist"),
    path("outcomes/", pages.dashboard, name="dashboard"),
    path("outcomes/flow/", flow.flow, name="flow"),
    path("outcomes/flow/participants/", flow.participants, name="flow-list"),
    path("outcomes/flow/figure.<str:form>", flow.flow_figure, name="flow-figure"),
    path("outcomes/recruitment/", flow.recruitment, name="recruitment"),
    path(
        "outcomes/recruitment/figure.<str:form>",
        flow.recruitment_figure,
        name="recruitment-figure",
    ),
    path("outcomes/report/", report.report, name="report"),
    path("outcomes/report.pdf", report.report_file, name="report-file"),
    path("outcomes/sets/", sets.sets, name="sets"),
    path(
        "outcomes/samples/<str:subject>/<slug:measure>/<str:visit>/",
        samples.sample,
        name="sample",
    ),
    path("outcomes/safety/", safety.safety, name="safety"),
    re_path(
        r"^outcomes/safety/figures/(?P<name>[a-z-]+)/(?P<page>[0-9]{1,4})\.(?P<form>json|svg|pdf)$",
        safety.safety_figure,
        name="safety-figure",
    ),
    path("outcomes/safety/<str:name>.csv", safety.safety_download, name="safety-download"),
    path("outcomes/registry/", registry.registry, name="registry"),
    path("outcomes/registry/results.xml", registry.registry_xml, name="registry-xml"),
    path("outcomes/registry/<str:name>.csv", registry.registry_csv, name="registry-csv"),
    path("outcomes/<str:name>/", pages.endpoint, name="endpoint"),
    path("outcomes/<str:name>/rows.csv", pages.endpoint_download, name="endpoint-download"),
    re_path(
        r"^outcomes/figures/(?P<name>[a-z-]+)\.(?P<form>json|svg|pdf)$",
        pages.figure,
        name="figure",
    ),
    path("follow-up/", follow_up.follow_up, name="follow-up"),
    path("follow-up/flags/<int:pk>/", follow_up.flag_answer, name="flag-answer"),
    path("follow-up/week/", follow_up.week_ahead, name="week-ahead"),
    path("follow-up/week.csv", follow_up.week_ahead_download, name="week-ahead-download"),
    path("participants/<str:subject>/", pages.casebook, name="casebook"),
    path("participants/<str:subject>/course/", course.course, name="course"),
    re_path(
        r"^participants/(?P<subject>[^/]+)/course/(?P<analyte>[a-z0-9_]+)\.(?P<form>json|svg|pdf|csv)$",
        course.course_file,
        name="course-file",
    ),
]
