"""The cache against a real server: embedded, killed and frozen (SPEC 6.7)."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import redis

from alexandria import cache_keys
from alexandria.adapters import cache_scripts, cache_stats
from alexandria.adapters.redis_cache import CacheStats, RedisCache, cache_client
from alexandria.adapters.redis_server import EmbeddedRedis
from alexandria.adapters.redis_setup import find_program
from alexandria.adapters.single_flight import SingleFlight

MakeCache = Callable[..., RedisCache]


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    server = EmbeddedRedis(tmp_path_factory.mktemp("redis"), "cache", role="cache")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """A server that the test may kill."""
    server = EmbeddedRedis(tmp_path, "cache", role="cache")
    server.start()
    yield server
    server.stop()


@contextmanager
def caches(server: EmbeddedRedis) -> Iterator[MakeCache]:
    made: list[tuple[RedisCache, redis.Redis]] = []

    def make(**options: Any) -> RedisCache:
        client = cache_client(server.redis_url(2))
        made.append((RedisCache(client, **options), client))
        return made[-1][0]

    yield make
    for cache, client in made:
        cache.close()
        client.close()


@pytest.fixture
def make_cache(shared_server: EmbeddedRedis) -> Iterator[MakeCache]:
    with cache_client(shared_server.redis_url(2)) as client:
        client.flushdb()
    with caches(shared_server) as make:
        yield make


@pytest.fixture
def cache(make_cache: MakeCache) -> RedisCache:
    return make_cache()


@pytest.fixture
def raw(shared_server: EmbeddedRedis) -> Iterator[redis.Redis]:
    with cache_client(shared_server.redis_url(2)) as client:
        yield client


def elsewhere(action: Callable[[], Any]) -> None:
    """Do it in another thread, as another request would."""
    thread = threading.Thread(target=action)
    thread.start()
    thread.join()


class TestValues:
    @pytest.mark.parametrize(
        "value", [{"a": [1, 2.5, None, "ü"]}, [], {}, 0, False, "", "text", [[1], {"b": {}}]]
    )
    def test_what_was_set_is_got(self, cache: RedisCache, value: object) -> None:
        cache.set("quality:1", value)
        assert cache.get("quality:1") == value

    def test_what_was_not_set_is_none(self, cache: RedisCache) -> None:
        assert cache.get("quality:1") is None

    def test_a_vector_comes_back_bit_for_bit_and_small(
        self, cache: RedisCache, raw: redis.Redis
    ) -> None:
        vector = np.random.default_rng(1).normal(size=384).astype(np.float32)
        cache.set("embedding:1", vector)
        found: Any = cache.get("embedding:1")
        assert found.dtype == np.float32
        assert np.array_equal(found, vector)
        assert raw.strlen("embedding:1") < 384 * 4 + 32
        found[0] = 1.0  # it is the caller's own

    def test_other_arrays_come_back_as_lists(self, cache: RedisCache) -> None:
        cache.set("embedding:1", np.ones((2, 2)))
        assert cache.get("embedding:1") == [[1.0, 1.0], [1.0, 1.0]]

    def test_what_json_cannot_hold_is_a_type_error(self, cache: RedisCache) -> None:
        with pytest.raises(TypeError):
            cache.set("quality:1", object())

    def test_bytes_that_another_program_put_there_are_a_miss(
        self, cache: RedisCache, raw: redis.Redis
    ) -> None:
        for foreign in (b"", b"J", b"no value of ours at all", b"\xff" * 40):
            raw.set("quality:1", foreign)
            assert cache.get("quality:1") is None

    def test_a_client_that_decodes_is_refused(self) -> None:
        with pytest.raises(ValueError, match="decode"):
            RedisCache(redis.Redis(decode_responses=True))


class TestTTL:
    @pytest.mark.parametrize(
        ("key", "seconds"),
        [
            ("embedding:1", 3600),
            ("quality:1", 1800),
            ("search_query:1", 300),
            ("resource:1", 600),
            ("graph:neighbors:1", 300),
            ("anything", 300),
        ],
    )
    def test_each_family_has_its_own(
        self, cache: RedisCache, raw: redis.Redis, key: str, seconds: int
    ) -> None:
        assert cache.get_default_ttl(key) == seconds
        cache.set(key, 1)
        assert seconds - 2 < raw.pttl(key) / 1000 <= seconds

    def test_a_given_one_counts(self, cache: RedisCache, raw: redis.Redis) -> None:
        cache.set("quality:1", 1, ttl=12.5)
        assert 11_000 < raw.pttl("quality:1") <= 12_500

    def test_a_value_expires(self, make_cache: MakeCache) -> None:
        cache = make_cache(time_scale=0.0005)  # 300 s are 150 ms
        cache.set("search_query:1", "old")
        assert cache.get("search_query:1") == "old"
        time.sleep(0.2)
        assert cache.get("search_query:1") is None

    def test_one_of_nothing_expires_at_once(self, cache: RedisCache) -> None:
        cache.set("quality:1", 1, ttl=0)
        time.sleep(0.01)
        assert cache.get("quality:1") is None


class TestDelete:
    def test_it_says_how_many_there_were(self, cache: RedisCache) -> None:
        cache.set("quality:1", 1)
        assert cache.delete("quality:1") == 1
        assert cache.delete("quality:1") == 0
        assert cache.get("quality:1") is None

    def test_a_deleted_key_can_be_set_again(self, cache: RedisCache) -> None:
        assert cache.get("quality:1") is None
        cache.delete("quality:1")
        cache.set("quality:1", 2)
        assert cache.get("quality:1") == 2

    def test_it_takes_the_key_by_the_letter(self, cache: RedisCache) -> None:
        cache.set("quality:1", 1)
        assert cache.delete("quality:*") == 0
        assert cache.get("quality:1") == 1


class TestDeletePattern:
    def test_it_deletes_what_matches_and_nothing_else(self, cache: RedisCache) -> None:
        for number in range(5):
            cache.set(f"quality:{number}", number)
        cache.set("qualitative:1", "stays")
        cache.set("embedding:1", "stays")
        assert cache.delete_pattern("quality:*") == 5
        assert cache.delete_pattern("quality:*") == 0
        assert all(cache.get(f"quality:{number}") is None for number in range(5))
        assert cache.get("qualitative:1") == "stays"
        assert cache.get("embedding:1") == "stays"

    def test_more_than_one_batch(self, cache: RedisCache, raw: redis.Redis) -> None:
        for number in range(2500):
            cache.set(f"graph:neighbors:{number}", number)
        cache.set("graph:paths:1", "stays")
        assert cache.delete_pattern("graph:neighbors:*") == 2500
        assert list(raw.scan_iter("graph:neighbors:*")) == []
        assert cache.get("graph:paths:1") == "stays"

    @pytest.mark.parametrize("pattern", ["graph:neighbors:1?", "graph:neighbors:1[0-9]", "*:1?"])
    def test_the_other_wildcards(self, cache: RedisCache, pattern: str) -> None:
        for number in (1, 10, 15, 20):
            cache.set(f"graph:neighbors:{number}", number)
        assert cache.delete_pattern(pattern) == 2
        assert cache.get("graph:neighbors:1") == 1

    def test_without_wildcard_it_deletes_the_key(self, cache: RedisCache) -> None:
        cache.set("quality:1", 1)
        assert cache.delete_pattern("quality:1") == 1

    def test_everything(self, cache: RedisCache) -> None:
        for key in ("quality:1", "search_query:1", "graph:neighbors:1", "alone"):
            cache.set(key, 1)
        assert cache.delete_pattern("*") == 4
        assert cache.get("search_query:1") is None
        assert cache.stats.snapshot()["invalidations"] == 4, "the figures are kept"

    def test_it_never_asks_for_keys(self, cache: RedisCache, raw: redis.Redis) -> None:
        cache.set("quality:1", 1)
        raw.config_resetstat()
        cache.delete_pattern("quality:*")
        commands = raw.info("commandstats")
        assert "cmdstat_keys" not in commands
        assert "cmdstat_unlink" in commands


class TestSearchQueries:
    def test_all_go_at_once_and_the_living_are_counted(self, make_cache: MakeCache) -> None:
        cache = make_cache()
        for number in range(50):
            cache.set(f"search_query:{number}", number)
        cache.set("search_query:gone", 1, ttl=0.001)
        cache.delete("search_query:0")
        time.sleep(0.01)
        assert cache.delete_pattern(cache_keys.SEARCH_PATTERN) == 49
        assert cache.get("search_query:1") is None
        assert cache.delete_pattern(cache_keys.SEARCH_PATTERN) == 0
        cache.set("search_query:1", "new")
        assert cache.get("search_query:1") == "new"

    def test_the_cost_does_not_grow_with_their_number(
        self, cache: RedisCache, raw: redis.Redis
    ) -> None:
        for number in range(500):
            cache.set(f"search_query:{number}", number)
        raw.config_resetstat()
        assert cache.delete_pattern(cache_keys.SEARCH_PATTERN) == 500
        calls = raw.info("commandstats")
        assert "cmdstat_scan" not in calls
        assert calls["cmdstat_unlink"]["calls"] == 1

    def test_a_stale_one_makes_room_when_it_is_met(
        self, cache: RedisCache, raw: redis.Redis
    ) -> None:
        cache.set("search_query:1", "old")
        cache.delete_pattern(cache_keys.SEARCH_PATTERN)
        assert cache.get("search_query:1") is None
        assert not raw.exists("search_query:1")

    def test_a_part_of_them(self, cache: RedisCache) -> None:
        for name in ("aa", "ab", "bb"):
            cache.set(f"search_query:{name}", name)
        assert cache.delete_pattern("search_query:a*") == 2
        assert cache.get("search_query:bb") == "bb"
        assert cache.delete_pattern(cache_keys.SEARCH_PATTERN) == 1

    def test_nothing_old_comes_back_when_redis_forgets_the_generation(
        self, cache: RedisCache, raw: redis.Redis
    ) -> None:
        cache.set("search_query:1", "old")
        cache.delete_pattern(cache_keys.SEARCH_PATTERN)
        raw.delete("cache:generation:search_query")
        assert cache.get("search_query:1") is None


class TestNoStaleValue:
    def test_an_older_revision_never_replaces_a_newer(self, cache: RedisCache) -> None:
        newest = {"revision": (3, 2), "score": 0.9}
        cache.set("quality:1", newest)
        for older in ([3, 1], (2, 9), [1, 1]):
            cache.set("quality:1", {"revision": older})
            assert cache.get("quality:1") == {"revision": [3, 2], "score": 0.9}
        for newer in ([3, 2], [3, 3], [4, 1]):
            cache.set("quality:1", {"revision": newer})
            assert cache.get("quality:1") == {"revision": newer}

    def test_the_revisions_of_a_stale_generation_do_not_count(self, cache: RedisCache) -> None:
        cache.set("search_query:1", {"revision": [5, 5]})
        cache.delete_pattern(cache_keys.SEARCH_PATTERN)
        cache.set("search_query:1", {"revision": [1, 1]})
        assert cache.get("search_query:1") == {"revision": [1, 1]}

    @pytest.mark.parametrize(
        ("key", "pattern"),
        [
            ("quality:1", None),
            ("quality:1", "quality:*"),
            ("quality:1", "qual*"),
            ("quality:1", "*"),
            ("search_query:1", None),
            ("search_query:1", "search_query:*"),
            ("search_query:1", "search_query:1*"),
            ("graph:neighbors:1", "graph:*"),
        ],
    )
    def test_a_value_read_before_an_invalidation_is_not_stored_after_it(
        self, make_cache: MakeCache, key: str, pattern: str | None
    ) -> None:
        reader, editor = make_cache(), make_cache()
        assert reader.get(key) is None
        if pattern is None:
            elsewhere(lambda: editor.delete(key))
        else:
            elsewhere(lambda: editor.delete_pattern(pattern))
        reader.set(key, "computed from what was before")
        assert reader.get(key) is None
        reader.set(key, "computed after it")
        assert reader.get(key) == "computed after it"

    def test_a_value_read_before_a_newer_was_set_does_not_replace_it(
        self, make_cache: MakeCache
    ) -> None:
        reader, writer = make_cache(), make_cache()
        assert reader.get("quality:1") is None
        writer.set("quality:1", "new")
        reader.set("quality:1", "old")
        assert reader.get("quality:1") == "new"

    def test_what_is_computed_beside_a_living_value_can_be_guarded_too(
        self, make_cache: MakeCache
    ) -> None:
        worker, editor = make_cache(), make_cache()
        worker.set("quality:1", "first")
        worker.begin("quality:1")
        elsewhere(lambda: editor.delete("quality:1"))
        worker.set("quality:1", "second")
        assert worker.get("quality:1") is None
        worker.set("quality:1", "third")
        worker.begin("quality:1")
        worker.set("quality:1", "fourth")
        assert worker.get("quality:1") == "fourth"

    def test_an_invalidation_of_one_key_does_not_disturb_others(
        self, make_cache: MakeCache
    ) -> None:
        reader, editor = make_cache(), make_cache()
        assert reader.get("quality:1") is None
        elsewhere(lambda: editor.delete("quality:2"))
        reader.set("quality:1", "value")
        assert reader.get("quality:1") == "value"

    def test_leases_do_not_pile_up(self, cache: RedisCache, raw: redis.Redis) -> None:
        fields = [
            text for number in range(cache_scripts.MAX_LEASES) for text in (f"{number}", "lease")
        ]
        raw.hset("cache:leases:quality", items=fields)
        cache.get("quality:one more")
        assert raw.hlen("cache:leases:quality") <= cache_scripts.MAX_LEASES
        assert 0 < raw.pttl("cache:leases:quality") <= cache_scripts.LEASE_MILLISECONDS


class TestOneRoundTrip:
    @pytest.fixture
    def calls(self, cache: RedisCache, raw: redis.Redis) -> Callable[[], int]:
        cache.get("quality:0")
        cache.set("quality:0", 0)
        cache.delete("quality:0")  # every script is known to the server
        raw.config_resetstat()

        def calls() -> int:
            stats = raw.info("commandstats")
            names = ("evalsha", "eval", "script|load")
            return sum(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in names)

        return calls

    def test_hit_miss_set_and_delete(self, cache: RedisCache, calls: Callable[[], int]) -> None:
        cache.get("quality:1")
        assert calls() == 1
        cache.set("quality:1", {"revision": (1, 1)})
        assert calls() == 2
        cache.get("quality:1")
        assert calls() == 3
        cache.delete("quality:1")
        assert calls() == 4


class TestSingleFlight:
    def test_a_hundred_misses_compute_once(self, cache: RedisCache) -> None:
        computed: list[int] = []

        def compute() -> str:
            computed.append(1)
            time.sleep(0.05)
            return "value"

        found: list[str] = []
        start = threading.Barrier(100)

        def ask() -> None:
            start.wait()
            found.append(cache.get_or_compute("quality:1", compute))

        threads = [threading.Thread(target=ask) for _ in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == ["value"] * 100
        assert len(computed) == 1
        assert cache.get("quality:1") == "value"

    def test_a_value_that_is_there_is_not_computed(self, cache: RedisCache) -> None:
        cache.set("quality:1", 1)
        assert cache.get_or_compute("quality:1", lambda: 2) == 1

    def test_the_ttl_is_passed_on(self, cache: RedisCache, raw: redis.Redis) -> None:
        cache.get_or_compute("quality:1", lambda: 1, ttl=5)
        assert 4000 < raw.pttl("quality:1") <= 5000

    def test_who_comes_after_an_invalidation_does_not_get_what_was_computed_before_it(
        self, cache: RedisCache
    ) -> None:
        state = ["old"]
        reading, go_on = threading.Event(), threading.Event()

        def slow() -> str:
            seen = state[0]
            reading.set()
            go_on.wait(5)
            return seen

        early: list[str] = []
        first = threading.Thread(
            target=lambda: early.append(cache.get_or_compute("quality:1", slow))
        )
        first.start()
        reading.wait(5)
        state[0] = "new"
        cache.delete("quality:1")
        late: list[str] = []
        second = threading.Thread(
            target=lambda: late.append(cache.get_or_compute("quality:1", lambda: state[0]))
        )
        second.start()
        time.sleep(0.1)
        go_on.set()
        first.join()
        second.join()
        assert early == ["old"]
        assert late == ["new"]
        assert cache.get("quality:1") == "new"

    def test_who_leads_looks_again_before_computing(self) -> None:
        computed: list[str] = []

        def compute() -> str:
            computed.append("computed")
            return "computed"

        found = SingleFlight().run(
            "key", look=lambda: "found", compute=compute, store=lambda _: True
        )
        assert found == "found"
        assert computed == []

    @pytest.mark.parametrize(("stored", "computations"), [(True, 1), (False, 2)])
    def test_who_comes_while_it_is_computed_takes_it_if_it_was_stored(
        self, stored: bool, computations: int
    ) -> None:
        flights, computed, computing = SingleFlight(), [], threading.Event()

        def compute() -> str:
            computed.append(1)
            computing.set()
            time.sleep(0.1)
            return "value"

        def ask() -> None:
            flights.run("key", look=lambda: None, compute=compute, store=lambda _: stored)

        first = threading.Thread(target=ask)
        first.start()
        computing.wait(5)
        ask()
        first.join()
        assert len(computed) == computations

    def test_an_error_reaches_every_caller_and_nothing_is_stored(self, cache: RedisCache) -> None:
        def fail() -> None:
            raise LookupError("no such resource")

        for _ in range(2):
            with pytest.raises(LookupError):
                cache.get_or_compute("quality:1", fail)
        assert cache.get_or_compute("quality:1", lambda: "well") == "well"

    def test_none_is_not_stored(self, cache: RedisCache) -> None:
        assert cache.get_or_compute("quality:1", lambda: None) is None
        assert cache.get_or_compute("quality:1", lambda: 1) == 1


class TestStats:
    def test_without_redis_they_count_in_memory(self) -> None:
        stats = CacheStats()
        assert stats.hit_rate() == 0.0
        stats.record_hit()
        stats.record_hit("quality")
        stats.record_hit()
        stats.record_miss()
        stats.record_invalidation()
        stats.record_invalidation(4)
        assert (stats.hits, stats.misses, stats.invalidations, stats.total) == (3, 1, 5, 4)
        assert stats.hit_rate() == 0.75
        assert stats.snapshot()["families"]["quality"]["hits"] == 1

    def test_the_cache_keeps_them(self, cache: RedisCache) -> None:
        cache.get("quality:1")
        cache.set("quality:1", 1)
        cache.get("quality:1")
        cache.get("quality:1")
        cache.get("embedding:1")
        cache.delete("quality:1")
        cache.delete("quality:1")
        stats = cache.stats
        assert (stats.hits, stats.misses, stats.invalidations) == (2, 2, 1)
        assert stats.snapshot() == {
            "hit_rate": 0.5,
            "hit_rate_percent": 50.0,
            "hits": 2,
            "misses": 2,
            "invalidations": 1,
            "total": 4,
            "families": {
                "embedding": {
                    "hit_rate": 0.0,
                    "hit_rate_percent": 0.0,
                    "hits": 0,
                    "misses": 1,
                    "invalidations": 0,
                    "total": 1,
                },
                "quality": {
                    "hit_rate": 2 / 3,
                    "hit_rate_percent": 66.67,
                    "hits": 2,
                    "misses": 1,
                    "invalidations": 1,
                    "total": 3,
                },
            },
        }

    def test_get_or_compute_counts_one_read(self, cache: RedisCache) -> None:
        cache.get_or_compute("quality:1", lambda: 1)
        cache.get_or_compute("quality:1", lambda: 1)
        assert (cache.stats.hits, cache.stats.misses) == (1, 1)

    def test_a_pattern_counts_for_the_families_it_met(self, cache: RedisCache) -> None:
        cache.set("quality:1", 1)
        cache.set("embedding:1", 1)
        cache.set("embedding:2", 1)
        cache.delete_pattern("*")
        families = cache.stats.snapshot()["families"]
        assert families["quality"]["invalidations"] == 1
        assert families["embedding"]["invalidations"] == 2

    def test_they_reach_redis_by_themselves_within_a_second(
        self, cache: RedisCache, raw: redis.Redis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cache_stats, "FLUSH_SECONDS", 0.1)
        cache.get("quality:1")
        assert raw.hgetall("cache:statistics") == {}
        deadline = time.monotonic() + 5
        while not raw.exists("cache:statistics") and time.monotonic() < deadline:
            time.sleep(0.02)
        assert raw.hgetall("cache:statistics") == {b"misses quality": b"1"}

    COUNT_IN_A_PROCESS = """
    import os, sys
    from alexandria.adapters.redis_cache import RedisCache, cache_client

    cache = RedisCache(cache_client(sys.argv[1]))
    cache.get("quality:1")
    if os.fork() == 0:
        cache.get("quality:1")
        cache.close()
        os._exit(0)
    os.wait()
    """

    def test_all_processes_are_counted_and_none_twice(
        self, cache: RedisCache, shared_server: EmbeddedRedis
    ) -> None:
        script = textwrap.dedent(self.COUNT_IN_A_PROCESS)
        command = [sys.executable, "-W", "ignore", "-c", script, shared_server.redis_url(2)]
        subprocess.run(command, check=True, timeout=30)
        cache.get("quality:1")
        assert cache.stats.misses == 1
        assert cache.stats.snapshot()["misses"] == 3


def kill(server: EmbeddedRedis) -> None:
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    os.waitpid(server.pid, 0)


@contextmanager
def frozen(server: EmbeddedRedis) -> Iterator[None]:
    assert server.pid is not None
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


BACK_OFF = 1.1


class TestAway:
    @pytest.fixture
    def make_own(self, own_server: EmbeddedRedis) -> Iterator[MakeCache]:
        with caches(own_server) as make:
            yield make

    def test_a_killed_server_is_a_miss_and_never_an_error(
        self, own_server: EmbeddedRedis, make_own: MakeCache
    ) -> None:
        cache = make_own()
        cache.set("quality:1", 1)
        kill(own_server)
        began = time.monotonic()
        assert cache.get("quality:1") is None
        cache.set("quality:1", 1)
        assert cache.delete("quality:1") == 0
        assert cache.delete_pattern("quality:*") == 0
        cache.begin("quality:1")
        assert cache.get_or_compute("quality:1", lambda: "computed") == "computed"
        assert cache.stats.snapshot()["misses"] == 2
        assert time.monotonic() - began < 1

    def test_it_is_used_again_when_it_is_back(
        self, own_server: EmbeddedRedis, make_own: MakeCache
    ) -> None:
        cache = make_own()
        cache.set("quality:1", 1)
        kill(own_server)
        assert cache.get("quality:1") is None
        own_server.start()
        time.sleep(BACK_OFF)
        assert cache.get("quality:1") is None
        cache.set("quality:1", 2)
        assert cache.get("quality:1") == 2

    def test_a_restart_between_two_reads_costs_no_back_off(
        self, own_server: EmbeddedRedis, make_own: MakeCache
    ) -> None:
        cache = make_own()
        cache.set("quality:1", 1)
        kill(own_server)
        own_server.start()
        assert cache.get("quality:1") is None
        cache.set("quality:1", 2)
        assert cache.get("quality:1") == 2

    def test_a_frozen_server_is_waited_for_once_and_not_by_every_caller(
        self, own_server: EmbeddedRedis, make_own: MakeCache
    ) -> None:
        cache = make_own()
        cache.set("quality:1", 1)
        with frozen(own_server):
            began = time.monotonic()
            assert cache.get("quality:1") is None
            assert time.monotonic() - began < 0.5
            began = time.monotonic()
            for _ in range(100):
                assert cache.get("quality:1") is None
            assert time.monotonic() - began < 0.2
        time.sleep(BACK_OFF)
        assert cache.get("quality:1") == 1

    @pytest.mark.parametrize("key", ["quality:1", "search_query:1"])
    @pytest.mark.parametrize("by_pattern", [False, True])
    def test_an_invalidation_that_failed_is_told_once_and_to_its_thread(
        self, own_server: EmbeddedRedis, make_own: MakeCache, key: str, by_pattern: bool
    ) -> None:
        cache = make_own()
        cache.set(key, "stale")
        with frozen(own_server):
            if by_pattern:
                cache.delete_pattern(key.replace("1", "*"))
            else:
                cache.delete(key)
        told: list[bool] = []
        elsewhere(lambda: told.append(cache.invalidation_failed()))
        told += [cache.invalidation_failed(), cache.invalidation_failed()]
        assert told == [False, True, False]

    def test_a_value_whose_reading_began_while_it_was_away_is_not_stored(
        self, own_server: EmbeddedRedis, make_own: MakeCache
    ) -> None:
        reader, editor = make_own(), make_own()
        with frozen(own_server):
            assert reader.get("quality:1") is None
        editor.delete("quality:1")
        time.sleep(BACK_OFF)
        reader.set("quality:1", "perhaps from before the invalidation")
        assert reader.get("quality:1") is None

    def test_counts_wait_until_it_is_back(
        self, own_server: EmbeddedRedis, make_own: MakeCache
    ) -> None:
        cache = make_own()
        cache.set("quality:1", 1)
        with frozen(own_server):
            cache.get("quality:1")
            assert cache.stats.snapshot()["misses"] == 1
        cache.stats.flush()
        assert make_own().stats.snapshot()["misses"] == 1

    def test_a_full_server_that_evicts_nothing_is_no_error(
        self, own_server: EmbeddedRedis, make_own: MakeCache
    ) -> None:
        cache = make_own()
        cache.set("quality:1", "kept")
        with cache_client(own_server.redis_url()) as client:
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("maxmemory", "1")
        cache.set("quality:2", "no room")
        assert cache.get("quality:2") is None
        assert cache.get("quality:1") == "kept"


class TestEpochs:
    @pytest.mark.parametrize("key", ["quality:1", "search_query:1"])
    def test_a_later_one_finds_nothing_from_before_in_any_process(
        self, make_cache: MakeCache, key: str
    ) -> None:
        one, other = make_cache(), make_cache()
        one.set(key, "stale", epoch=4)
        assert other.get(key, epoch=4) == "stale"
        assert other.get(key, epoch=5) is None
        assert one.get(key, epoch=5) is None
        one.set(key, "fresh", epoch=5)
        assert other.get(key, epoch=5) == "fresh"

    def test_who_knows_of_an_earlier_one_alone_finds_and_stores_nothing(
        self, cache: RedisCache
    ) -> None:
        cache.set("quality:1", "fresh", epoch=5)
        assert cache.get("quality:1", epoch=4) is None
        cache.set("quality:1", "stale", epoch=4)
        cache.set("quality:2", "stale", epoch=4)
        assert cache.get("quality:1", epoch=5) == "fresh"
        assert cache.get("quality:2", epoch=5) is None

    def test_what_was_begun_in_an_earlier_one_is_not_stored(self, cache: RedisCache) -> None:
        assert cache.get("quality:1", epoch=4) is None
        elsewhere(lambda: cache.get("quality:2", epoch=5))
        cache.set("quality:1", "read before", epoch=5)
        assert cache.get("quality:1", epoch=5) is None

    def test_emptying_a_family_stays_in_it(self, cache: RedisCache) -> None:
        cache.set("search_query:1", 1, epoch=5)
        assert cache.delete_pattern(cache_keys.SEARCH_PATTERN) == 1
        assert cache.get("search_query:1", epoch=4) is None
        cache.set("search_query:1", 2, epoch=4)
        assert cache.get("search_query:1", epoch=5) is None

    def test_a_generation_of_an_earlier_version_is_over(
        self, cache: RedisCache, raw: redis.Redis
    ) -> None:
        cache.set("quality:1", "stale")
        generation = raw.get("cache:generation:quality")
        assert isinstance(generation, bytes)
        raw.set("cache:generation:quality", generation[:8])
        assert cache.get("quality:1") is None


class TestRestart:
    def test_values_that_a_server_kept_over_its_end_are_not_served(
        self, own_server: EmbeddedRedis
    ) -> None:
        """As with an append-only file: what it lost of the last second may be an invalidation."""
        with cache_client(own_server.redis_url(2)) as client:
            client.config_set("appendonly", "yes")
            client.config_set("appendfsync", "always")
            cache = RedisCache(client)
            cache.set("quality:1", "stale")
            cache.set("search_query:1", "stale")
            client.set("beside", "kept")
            while client.info("persistence")["aof_rewrite_in_progress"]:
                time.sleep(0.05)
            folder, program = client.config_get("dir")["dir"], find_program()
            cache.close()
        kill(own_server)
        address = Path(folder) / "again.sock"
        options = {"port": "0", "unixsocket": address, "dir": folder, "appendonly": "yes"}
        again = subprocess.Popen([program, *(x for k, v in options.items() for x in (f"--{k}", v))])
        try:
            with cache_client(f"unix://{address}?db=2") as client:
                deadline = time.monotonic() + 10
                while not address.exists() and time.monotonic() < deadline:
                    time.sleep(0.02)
                cache = RedisCache(client)
                assert client.get("beside") == b"kept"
                assert cache.get("quality:1") is None
                assert cache.get("search_query:1") is None
                cache.set("quality:1", "fresh")
                client.connection_pool.disconnect()
                assert cache.get("quality:1") == "fresh"
                cache.close()
        finally:
            again.terminate()
            again.wait()


class TestWarming:
    def test_it_computes_what_has_no_value_and_counts_no_read(self, cache: RedisCache) -> None:
        cache.set("quality:1", "there")
        computations = {f"quality:{n}": (lambda n=n: f"computed {n}") for n in (1, 2)}
        assert cache.warm({**computations, "quality:3": lambda: None}) == 1
        assert cache.stats.snapshot()["total"] == 0
        assert [cache.get(f"quality:{n}") for n in (1, 2, 3)] == ["there", "computed 2", None]

    def test_nothing_older_than_an_invalidation_is_stored(self, cache: RedisCache) -> None:
        def compute() -> str:
            elsewhere(lambda: cache.delete("quality:1"))
            return "older"

        assert cache.warm({"quality:1": compute}) == 0
        assert cache.get("quality:1") is None

    def test_the_hottest_are_those_that_all_processes_read_most(
        self, make_cache: MakeCache
    ) -> None:
        one, other = make_cache(), make_cache()
        for cache, key, times in ((one, "quality:a", 2), (other, "quality:a", 2)):
            for _ in range(times):
                cache.get(key)
        for key, times in (("quality:b", 3), ("quality:c", 2), ("embedding:d", 9)):
            for _ in range(times):
                one.get(key)
        one.get("search_query:1", asked="owls")
        for cache in (one, other):
            cache.stats.flush()
        assert one.stats.hottest("quality", 5) == ["quality:a", "quality:b"]
        assert one.stats.hottest("quality", 1) == ["quality:a"]
        assert one.stats.hottest("graph:neighbors", 5) == []

    def test_names_do_not_pile_up(
        self, cache: RedisCache, raw: redis.Redis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cache_stats, "MOST_HOT", 10)
        for number in range(30):
            cache.get(f"quality:{number}")
        for _ in range(3):
            cache.get("quality:hot")
        cache.stats.flush()
        (key,) = raw.keys("cache:hot:*")
        assert raw.zcard(key) == 10
        assert cache.stats.hottest("quality", 5) == ["quality:hot"]
        assert 0 < raw.ttl(key) <= 2 * cache_stats.HOUR_SECONDS
