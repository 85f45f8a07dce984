from django.apps import AppConfig


class TrialSiteConfig(AppConfig):
    name = "trial_site"

    def ready(self) -> None:
        from trial_site import checks  # noqa: F401 - registers the protocol's system checks
