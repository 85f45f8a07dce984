from django.apps import AppConfig
from django.db.models.signals import post_migrate


class OversightConfig(AppConfig):
    name = "oversight"

    def ready(self) -> None:
        from oversight import triggers

        # After every migration, so that a model added later cannot be forgotten.
        post_migrate.connect(triggers.install_after_migrate, dispatch_uid="append_only_triggers")
