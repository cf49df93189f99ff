"""How often somebody may do something: exactly so many, whatever the rhythm, and the time to wait is the time to wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from region.gateway.guards import address_of
from region.gateway.origins import Carried, through
from region.gateway.rates import Book, Rate, taken

rates = st.builds(Rate, st.integers(1, 100), st.integers(1, 1000))


@given(rate=rates, pauses=st.lists(st.floats(0, 100), max_size=60))
def test_never_more_than_the_rate_allows(rate: Rate, pauses: list[float]) -> None:
    """In any stretch of time: the burst, and what has come back meanwhile."""
    now, tat, granted = 1000.0, 0.0, list[float]()
    for pause in pauses:
        now += pause
        tat, wait = taken(tat, rate, now)
        if wait == 0:
            granted.append(now)

    for first, begun in enumerate(granted):
        for last in range(first, len(granted)):
            allowed = rate.count + (granted[last] - begun) / rate.interval
            assert last - first + 1 <= allowed + 1e-6


@given(rate=rates, tries=st.integers(1, 300), cost=st.integers(1, 20))
def test_who_waits_as_long_as_told_is_granted(rate: Rate, tries: int, cost: int) -> None:
    """And who asks before that is told the rest; asking in vain costs nothing."""
    cost = min(cost, rate.count)
    tat = 0.0
    for _ in range(tries):
        tat, wait = taken(tat, rate, 1000.0, cost)
    assert wait == 0 or taken(tat, rate, 1000.0 + wait + 1e-6, cost)[1] < 1e-9
    assert wait == 0 or taken(tat, rate, 1000.0 + wait / 2, cost)[1] == pytest.approx(wait / 2, abs=1e-6)


def test_a_rate_is_written_as_a_count_and_seconds() -> None:
    """Anything else is named at start."""
    assert Rate.read("10/300") == Rate(10, 300)
    for text in ("", "10", "0/5", "5/0", "-1/5", "1/2/3", "ten/five"):
        with pytest.raises(ValueError, match="10/300"):
            Rate.read(text)


def test_only_so_many_subjects_are_remembered() -> None:
    """A flood of names takes no memory beyond that; it makes an old subject whole again."""
    book, rate = Book(most=2), Rate(1, 1000)

    assert book.take("ada", rate, 0.0) == 0
    assert book.take("ada", rate, 0.0) == 1000
    for name in ("bob", "eve"):
        book.take(name, rate, 0.0)
    assert (len(book), book.take("ada", rate, 0.0)) == (2, 0)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("a name", "a name"),
    ],
)
def test_an_address_counts_as_what_one_party_has(address: str, counted: str) -> None:
    """One address of IPv4, 64 bits of IPv6."""
    assert address_of({"client": (address, 1)}) == counted
    assert address_of({"client": None}) == ""


@pytest.mark.parametrize(
    ("headers", "seen"),
    [
        ([(b"x-forwarded-for", b"6.6.6.6")], "10.0.0.1"),
        ([(b"causeway-bridged", b"1"), (b"x-forwarded-for", b"6.6.6.6, 192.0.2.7")], "192.0.2.7"),
        (
            [(b"causeway-bridged", b"1"), (b"x-forwarded-for", b"6.6.6.6"), (b"x-forwarded-for", b"192.0.2.7")],
            "192.0.2.7",
        ),
        ([(b"causeway-bridged", b"1")], ""),
    ],
)
async def test_only_what_an_edge_has_seen_counts(headers: list[tuple[bytes, bytes]], seen: str) -> None:
    """What a device writes into such headers stands before it, or came through no edge."""
    found: list[tuple[str, str | None]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found.append((address_of(scope), through(scope)))

    async def nothing(*_: object) -> None:
        """Neither come nor go."""

    await Carried(app)({"type": "http", "client": ("10.0.0.1", 1), "headers": headers}, nothing, nothing)  # type: ignore[arg-type]  # neither is used

    assert found == [(seen, "elsewhere")]
