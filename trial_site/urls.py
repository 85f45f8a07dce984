"""Every address, by room.  Strings only: this module imports no room."""

from allauth.account import views as account
from django.urls import include, path

from trial_site import views

urlpatterns = [
    path("", include("outcomes.urls")),
    path("", include("enrollment.urls")),
    path("", include("oversight.urls")),
    path("labs/", include("labs.urls")),
    path("dosing/", include("dosing.urls")),
    path("safety/", include("safety.urls")),
    path("protocol/", views.protocol, name="protocol"),
    path("accounts/login/", account.login, name="account_login"),
    path("accounts/logout/", account.logout, name="account_logout"),
    path("accounts/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("accounts/password/change/", account.password_change, name="account_change_password"),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("theme/", views.theme, name="theme"),
    path("i18n/setlang/", views.language, name="set_language"),
    path("health/live", views.live, name="health-live"),
    path("health/ready", views.ready, name="health-ready"),
]
