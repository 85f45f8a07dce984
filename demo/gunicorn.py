"""How gunicorn serves the demo: one worker, whose process also holds Celery's worker and beat."""

import os
import signal

from django.conf import settings
from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from demo.background import Background
from trial_site.roles import PEOPLE, Role

# This machine only: the accounts' password is published.
bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
workers = 1
worker_class = "gthread"
threads = 8
loglevel = "warning"
control_socket_disable = True

_background: Background | None = None


def welcome() -> str:
    """What ``make demo`` prints once the trial can be opened."""
    accounts = "\n".join(f"    {role.value:<14}{role.label}" for role in Role if role in PEOPLE)
    return (
        f"\n  The trial is running at http://{bind}/   (Ctrl-C stops it; its data stay)\n"
        f"\n  Accounts, all with the password {settings.DEMO_PASSWORD}\n{accounts}\n"
    )


def post_worker_init(worker: Worker) -> None:
    global _background
    _background = Background()
    _background.start()
    print(welcome(), flush=True)


def worker_exit(server: Arbiter, worker: Worker) -> None:
    """Ctrl-C reaches this process twice, from the terminal and from the server above it."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if _background is not None:
        _background.stop()
