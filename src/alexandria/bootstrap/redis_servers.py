"""Broker and cache: the embedded Redis servers or those of the settings, and this process's clients."""

import os
from functools import lru_cache
from urllib.parse import quote

import redis

from alexandria.adapters.redis_cache import RedisCache, cache_client
from alexandria.adapters.redis_server import EmbeddedRedis
from alexandria.config import Settings, get_settings

_REDIS_SECONDS = 2.0


def embedded_broker(settings: Settings) -> EmbeddedRedis:
    """Give the library's own broker, running or not."""
    return EmbeddedRedis(settings.data_dir / "redis", "broker", role="broker")


def embedded_cache(settings: Settings) -> EmbeddedRedis:
    return EmbeddedRedis(settings.data_dir / "redis", "cache", role="cache")


def broker_url(settings: Settings) -> str:
    """Give the broker's address as Celery takes it."""
    return settings.celery_broker_url or embedded_broker(settings).kombu_url()


def result_backend_url(settings: Settings) -> str:
    return settings.celery_result_backend or broker_url(settings)


def broker_client() -> redis.Redis:
    """Give this process's connections to the broker's Redis."""
    return _broker_client(os.getpid(), get_settings())


@lru_cache(maxsize=4)
def _broker_client(_pid: int, settings: Settings) -> redis.Redis:
    return redis.Redis.from_url(
        settings.celery_broker_url or embedded_broker(settings).redis_url(),
        socket_timeout=_REDIS_SECONDS,
        socket_connect_timeout=_REDIS_SECONDS,
    )


def cache() -> RedisCache:
    """Give this process's cache."""
    return _cache(os.getpid(), get_settings())


@lru_cache(maxsize=4)
def _cache(_pid: int, settings: Settings) -> RedisCache:
    return RedisCache(cache_client(_cache_url(settings)), time_scale=settings.alexandria_time_scale)


def cache_answers() -> bool:
    try:
        return bool(cache_client(_cache_url(get_settings())).ping())
    except (redis.ConnectionError, redis.TimeoutError):
        return False


def _cache_url(settings: Settings) -> str:
    if settings.redis_host is None:
        return embedded_cache(settings).redis_url(settings.redis_cache_db)
    password = settings.redis_password.get_secret_value() if settings.redis_password else ""
    login = f":{quote(password, safe='')}@" if password else ""
    place = f"{settings.redis_host}:{settings.redis_port}"
    return f"redis://{login}{place}/{settings.redis_cache_db}"
