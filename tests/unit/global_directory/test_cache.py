"""A cache never holds more than it may, and says how old things are."""

from hypothesis import given
from hypothesis import strategies as st

from global_directory.cache import Cache, Found


def test_entries_age_but_stay() -> None:
    """What is no longer fresh can still be had, for want of better."""
    cache: Cache[str, int] = Cache(2)
    cache.put("a", 1, until=10.0)

    assert cache.get("a", 9.9) == Found(1, fresh=True)
    assert cache.get("a", 10.0) == Found(1, fresh=False)
    cache.forget("a")
    cache.forget("a")
    assert cache.get("a", 0.0) is None


def test_the_least_recently_used_goes_first() -> None:
    """Looking at an entry keeps it."""
    cache: Cache[str, int] = Cache(2)
    cache.put("a", 1, until=1.0)
    cache.put("b", 2, until=1.0)
    cache.get("a", 0.0)
    cache.put("c", 3, until=1.0)

    assert cache.get("b", 0.0) is None
    assert cache.get("a", 0.0) is not None


@given(st.integers(1, 5), st.lists(st.integers(0, 20)))
def test_it_is_bounded(size: int, keys: list[int]) -> None:
    """Whatever is put in, it never grows above its size."""
    cache: Cache[int, int] = Cache(size)
    for key in keys:
        cache.put(key, key, until=1.0)
        assert len(cache) <= size
        assert cache.get(key, 0.0) == Found(key, fresh=True)
