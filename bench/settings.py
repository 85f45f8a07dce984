"""The trial as it is served, with every answer's queries counted."""

from trial_site.settings import *  # noqa: F403
from trial_site.settings import MIDDLEWARE

MIDDLEWARE = ["bench.counting.CountingMiddleware", *MIDDLEWARE]
