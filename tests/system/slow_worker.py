"""A worker whose runs last long enough to be killed within: ``-A tests.system.slow_worker``.

It tarries both inside the transaction of each participant and after it.
"""

import time
from collections.abc import Callable
from typing import Any

import django
from celery.signals import worker_init

from trial_site.celery import app

__all__ = ["app"]
SECONDS = 0.15


@worker_init.connect
def tarry(**kwargs: Any) -> None:
    django.setup()
    from outcomes import actions

    for name in ("_settle", "_settle_participant"):
        setattr(actions, name, _tarrying(getattr(actions, name)))


def _tarrying(work: Callable[..., Any]) -> Callable[..., Any]:
    def slowly(*args: Any, **kwargs: Any) -> Any:
        done = work(*args, **kwargs)
        time.sleep(SECONDS)
        return done

    return slowly
