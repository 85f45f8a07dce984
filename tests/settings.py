"""The hostile environment: warnings are errors, the network is off, templates may not guess."""

import os

os.environ.setdefault(
    "SECRET_KEY", "only for tests, and long enough to please the deployment checks"
)
os.environ.setdefault("ALLOCATION_KEY", "dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktMTIzNDU=")
os.environ.setdefault("HTTPS", "false")

from trial_site.settings import *  # noqa: F403

PASSWORD_HASHERS = ["tests.passwords.AlikeHasher"]
STORAGES["staticfiles"] = {  # noqa: F405
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}
WHITENOISE_AUTOREFRESH = True
TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = "UNDEFINED TEMPLATE VARIABLE: %s"  # type: ignore[index]  # noqa: F405
CELERY_BROKER_URL = "memory://"
DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405 - a server thread leaves nothing open
