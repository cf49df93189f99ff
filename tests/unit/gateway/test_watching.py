"""What a region sees of the others: by whether they answer what they are asked anyway, and never in a hurry."""

from prometheus_client import REGISTRY

from global_directory.holding.schemas import ProposalView, Sighted
from infra.errors import UnavailableError
from region.gateway.watching import Watcher

TAKEN = "causeway_region_taken_for_down"


def sample(name: str, **labels: str) -> float | None:
    """Return what is measured."""
    return REGISTRY.get_sample_value(name, labels)


class Directory:
    """A directory that is there."""

    async def sighted(self, region: str, wanted: Sighted) -> tuple[ProposalView, ...]:
        """Refuse everything."""
        raise UnavailableError(what="The directory")


def test_a_region_is_seen_down_after_it_has_not_answered_for_a_while_and_up_after_it_has() -> None:
    """Seven seconds and a half after its last answer; one answer in between begins the wait anew."""
    now, answered = [100.0], {"us": 100.0, "ap": 100.0}
    watcher = Watcher("eu", ("us", "ap"), Directory(), answered, clock=lambda: now[0])
    seen = list[Sighted]()
    for second in range(1, 9):
        now[0] = 100.0 + second
        answered["ap"] = now[0]
        seen.append(watcher.look())
    assert [one.down for one in seen] == [()] * 7 + [("us",)]
    assert seen[-1] == Sighted("gateway", ("ap",), ("us",))
    assert sample("causeway_region_seen_up", seen="us") == 0

    for second in range(9, 13):
        now[0] = answered["us"] = answered["ap"] = 100.0 + second
        seen.append(watcher.look())
    assert [one.down for one in seen[8:]] == [("us",)] * 3 + [()]


def test_what_the_directory_says_is_shown_for_every_region_itself_among_them() -> None:
    """And no longer than it says so."""
    watcher = Watcher("eu", ("us", "ap"), Directory(), {})
    watcher.hear([ProposalView("us", 1, "eu", 3.0, ("ap", "eu"), holds=True)])
    assert [sample(TAKEN, subject=name) for name in ("ap", "eu", "us")] == [0, 0, 1]
    watcher.hear([])
    assert sample(TAKEN, subject="us") == 0
