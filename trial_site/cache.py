"""The cache in Redis, without which every page still works, only slower."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import ConnectionError as Unreachable
from redis.exceptions import TimeoutError as Silent

log = logging.getLogger(__name__)
T = TypeVar("T")


class ForgivingRedisCache(RedisCache):
    """A Redis that does not answer holds nothing, keeps nothing, and stops nobody.

    That it does not answer is said on every page (``oversight.scheduler``).
    """

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return _forgiven(lambda: super(ForgivingRedisCache, self).add(*args, **kwargs), False)

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return _forgiven(
            lambda: super(ForgivingRedisCache, self).get(key, default, version), default
        )

    def set(self, *args: Any, **kwargs: Any) -> None:
        _forgiven(lambda: super(ForgivingRedisCache, self).set(*args, **kwargs), None)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return _forgiven(lambda: super(ForgivingRedisCache, self).delete(*args, **kwargs), False)


def _forgiven(ask: Callable[[], T], otherwise: T) -> T:
    try:
        return ask()
    except (Unreachable, Silent) as error:
        log.warning("The cache does not answer: %s", type(error).__name__)
        return otherwise
