"""How gunicorn serves the demo: one worker, whose process also holds Celery's worker and beat."""

import os
import signal

from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from demo.background import Background

# This machine only: the accounts' password is published.
bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
workers = 1
threads = 8
loglevel = "warning"
control_socket_disable = True

_background: Background | None = None


def post_worker_init(worker: Worker) -> None:
    global _background
    from demo.accounts import welcome

    _background = Background()
    _background.start()
    print(welcome(f"http://{bind}/"), flush=True)


def worker_exit(server: Arbiter, worker: Worker) -> None:
    """Ctrl-C reaches this process twice, from the terminal and from the server above it."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if _background is not None:
        _background.stop()
