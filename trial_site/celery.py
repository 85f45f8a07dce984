"""The Celery application: worker and beat run ``celery -A trial_site worker`` / ``beat``."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trial_site.settings")

app = Celery("trial_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
