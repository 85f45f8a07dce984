"""The scheduled task, sent through a broker and run by a worker."""

from collections.abc import Callable

import pytest
from celery.worker import state

from demo.background import Background
from oversight.accounts import SYSTEM_USERNAME
from tests.system.conftest import await_true
from trial_site.models import User

FLAG_DUE = "outcomes.tasks.flag_due"


def the_task_has_run() -> bool:
    return User.objects.filter(username=SYSTEM_USERNAME).exists()


@pytest.mark.redis
def test_a_worker_on_redis_runs_it(celery_worker: Callable[[str], None]) -> None:
    assert not the_task_has_run()
    celery_worker(FLAG_DUE)
    assert the_task_has_run()


def test_the_demo_runs_it_in_its_own_process(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "should_stop", None)
    assert not the_task_has_run()
    background = Background()
    background.start()
    try:
        await_true(the_task_has_run)
    finally:
        background.stop()
