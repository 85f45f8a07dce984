from django.urls import path

from labs import views

app_name = "labs"
urlpatterns = [
    path("", views.index, name="index"),
    path("pcr/new/", views.pcr_new, name="pcr-new"),
    path("cytotoxicity/new/", views.cytotoxicity_new, name="cytotoxicity-new"),
    path("cytotoxicity/<int:pk>/", views.cytotoxicity, name="cytotoxicity"),
    path("safety/new/", views.safety_new, name="safety-new"),
    path("results/<int:pk>/", views.result, name="result"),
    path("results/<int:pk>/correct/", views.result_correct, name="result-correct"),
]
