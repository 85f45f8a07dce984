from django.urls import path

from labs.views import entry, index, plates, results

app_name = "labs"
urlpatterns = [
    path("", index.index, name="index"),
    path("pcr/new/", entry.pcr_new, name="pcr-new"),
    path("safety/new/", entry.safety_new, name="safety-new"),
    path("cytotoxicity/new/", plates.cytotoxicity_new, name="cytotoxicity-new"),
    path("cytotoxicity/<int:pk>/", plates.cytotoxicity, name="cytotoxicity"),
    path("results/<int:pk>/", results.result, name="result"),
    path("results/<int:pk>/correct/", results.result_correct, name="result-correct"),
]
