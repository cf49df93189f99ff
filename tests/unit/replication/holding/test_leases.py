"""Never two holders: every state of a small world of leases, long walks in a larger one, and rules broken on purpose."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replication.holding import deciding, duty, lease, standby
from replication.holding.deciding import Answer, Kind, Standing
from tests.unit.replication.holding.explore import explore
from tests.unit.replication.holding.leases import SCOPES, following, start, wrong

MOST = 50_000
RATES = st.tuples(*[st.sampled_from((3, 4, 5))] * 3)


@pytest.mark.parametrize(
    ("scope", "fewest"), [(("permits", "laying down", "standby"), 19_000), (("restarts",), 16_000)], ids=str
)
def test_in_no_state_do_two_decide(scope: tuple[str, ...], fewest: int) -> None:
    """Clocks drift, processes sleep, machines restart, messages are lost and repeated: every state is seen, and one decides in each."""
    assert fewest < explore([start(*scope, horizon=4)], following, wrong, MOST) < MOST


@settings(max_examples=60)
@given(rates=RATES, steps=st.lists(st.integers(0, 30), min_size=20, max_size=80))
def test_on_no_walk_do_two_decide(rates: tuple[int, int, int], steps: list[int]) -> None:
    """Walks are longer than what is explored in breadth, with everything in scope and any clocks."""
    world = start(*SCOPES, rates=rates, horizon=20)
    for step in steps:
        ways = list(following(world))
        if not ways:
            break
        world = ways[step % len(ways)]
        assert not wrong(world)


def _renew_always(watch: standby.Watch, ask: lease.Ask, now: int, terms: lease.Terms) -> standby.Watch:
    return replace(watch, promised=lease.promise(watch.promised, ask, now, terms))


def _any_boot(known: lease.Lease | None, grant: lease.Ask, epoch: int, boot: int, terms: lease.Terms) -> lease.Lease:
    return lease.Lease(epoch, boot, grant.asked_at + terms.length)


MUTANTS: dict[str, tuple[tuple[str, ...], object, str, Callable[..., object]]] = {
    "no margin for drift": ((), lease, "waiting", lambda terms: terms.length),
    "a margin for one clock alone": ((), lease, "waiting", lambda terms: terms.length * 5 // 4),
    "a claim without waiting": ((), duty, "lapsed", lambda promised, now: True),
    "the standby forgets its promise": (("standby",), standby, "lapsed", lambda promised, now: True),
    "the standby renews while it claims": (("standby",), standby, "renew", _renew_always),
    "a restarted standby waits for nothing": (
        ("standby", "restarts"),
        standby,
        "restarted",
        lambda watch, now, terms: replace(watch, promised=lease.Promise(1, 0)),
    ),
    "a grant of before the restart counts": (("restarts",), lease, "take", _any_boot),
    "who laid down decides on": (
        ("laying down",),
        deciding,
        "standing",
        lambda known, epoch, fence, boot, now, *, laid_down: (
            Standing.HOLDING if lease.runs(known, epoch, boot, now) else Standing.ISLANDED
        ),
    ),
    "islanded, and permits": (("permits",), deciding, "may_begin", lambda kind, now: True),
    "not looked again after the commit": (("permits",), deciding, "answer", lambda kind, before, after: Answer.DONE),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_rule_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each rule is needed: without it the same exploration finds two holders, or a late permit."""
    scope, module, rule, broken = MUTANTS[name]
    monkeypatch.setattr(module, rule, broken)

    with pytest.raises(AssertionError, match=r"two holders|a permit"):
        explore([start(*scope)], following, wrong, 2 * MOST)


@pytest.mark.parametrize(
    ("kind", "before", "after", "told"),
    [
        (Kind.PERMIT, Standing.HOLDING, Standing.HOLDING, Answer.DONE),
        (Kind.PERMIT, Standing.HOLDING, Standing.ISLANDED, Answer.UNKNOWN),
        (Kind.PERMIT, Standing.ISLANDED, Standing.ISLANDED, Answer.REFUSED),
        (Kind.RESTRICTION, Standing.ISLANDED, Standing.ISLANDED, Answer.UNCONFIRMED),
        (Kind.MESSAGE, Standing.ISLANDED, Standing.HOLDING, Answer.UNCONFIRMED),
        (Kind.MESSAGE, Standing.DEPOSED, Standing.DEPOSED, Answer.REFUSED),
    ],
)
def test_an_islanded_region_refuses_permits_alone(kind: Kind, before: Standing, after: Standing, told: Answer) -> None:
    """Silence is worse than a changed order; a second owner of a handle is worse than silence."""
    assert deciding.answer(kind, before, after) is told
