"""A real Celery worker and beat, in threads of the web process.

On the in-memory broker tasks never leave the process, so whoever sends them, runs them and times
them must live in the same one.  With ``REDIS_URL`` the same threads use Redis.
"""

from threading import Thread
from time import monotonic, sleep

from celery.beat import Scheduler, Service
from celery.worker import WorkController, state

from trial_site.celery import app

STOPPED_WITHIN_SECONDS = 10


class Background:
    """Worker and beat, from ``start`` to ``stop``."""

    def __init__(self) -> None:
        self._worker: WorkController = app.WorkController(
            pool="solo", concurrency=1, without_gossip=True, without_mingle=True
        )
        # The schedule is kept in memory: each start of the demo begins with a run of its own.
        self._beat = Service(app, max_interval=1, scheduler_cls=Scheduler)

    def start(self) -> None:
        for service in (self._worker, self._beat):
            Thread(target=service.start, name=type(service).__name__, daemon=True).start()
        for entry in app.conf.beat_schedule.values():
            app.send_task(entry["task"])

    def stop(self) -> None:
        """Let the running task end and take no other; an idle thread needs no waiting for."""
        state.should_stop = 0  # type: ignore[assignment] # the stubs know the first value only
        self._beat.stop()
        deadline = monotonic() + STOPPED_WITHIN_SECONDS
        while state.active_requests and monotonic() < deadline:
            sleep(0.05)
