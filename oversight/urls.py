from django.urls import path

from oversight import views

app_name = "oversight"
urlpatterns = [
    path("audit/", views.audit, name="audit"),
    path("audit/download/", views.audit_download, name="audit-download"),
    path("audit/tasks/", views.tasks, name="tasks"),
    path("history/<str:model>/<int:pk>/", views.history, name="history"),
    path("accounts/", views.accounts, name="accounts"),
    path("accounts/mine/", views.mails, name="mails"),
    path("accounts/new/", views.account_new, name="account-new"),
    path("accounts/edit/<str:username>/", views.account_edit, name="account-edit"),
]
