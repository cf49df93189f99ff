"""What is measured of channels: who is seated where, what a post costs, and a picture of it."""

from pathlib import Path

import pytest

from chaos.bench.accounts import Account
from chaos.bench.channels import ChannelError, Size, Sizes, describe, read_sizes, seated, share, write
from chaos.bench.measure import Machine, Usage


def usage(**parts: float) -> Usage:
    """Return what parts used, percent of a core."""
    return Usage({f"us/{part}": percent for part, percent in parts.items()}, 0.0, 0.0, 0.0, 0.0)


def size(subscribers: int) -> Size:
    """Return what a channel of that size has shown."""
    online = subscribers // 3
    idle, busy = usage(front=10.0, projector=5.0), usage(front=10.0 + subscribers / 100, projector=6.0)
    return Size(subscribers, online, 20, online * 20, online * 20, 10.0, 20.0, 30.0, idle, busy, 20.0)


def test_sizes_are_numbers_that_a_channel_may_have() -> None:
    """Ascending, each once."""
    assert read_sizes("100, 10,100") == [10, 100]
    for text in ("", "abc", "0", "10001", "10;20"):
        with pytest.raises(ChannelError):
            read_sizes(text)


def test_those_who_are_connected_live_in_all_regions() -> None:
    """Shared evenly, seated by turns; the owner is one of the subscribers."""
    assert share(10, ["us", "eu", "ap"]) == {"us": 4, "eu": 3, "ap": 3}
    provided = {
        region: [Account(region, f"{region}{number}", "", f"{region}{number}", "", "", 0.0, 0.0) for number in range(5)]
        for region in ("us", "eu")
    }
    seats = seated(provided, 10, online=1 / 3)
    assert (seats.owner.handle, len(seats.subscribers), seats.online) == ("us0", 9, 3)
    assert [one.handle for one in seats.subscribers[: seats.online]] == ["eu0", "us1", "eu1"]


def test_a_post_costs_what_is_used_beyond_idling() -> None:
    """Milliseconds of one core: 10 % of it for 20 s are 2 s, over 20 posts."""
    assert size(1_000).cost("us/front") == pytest.approx(100.0)
    assert size(1_000).cost("us/projector") == pytest.approx(10.0)
    assert size(1_000).cost("us/unknown") == 0


def test_a_picture_and_a_line_a_size(tmp_path: Path) -> None:
    """What was measured can be read by people and by programs."""
    found = Sizes([size(10), size(1_000)], 1.0, ["us"], Machine(2, 1.0, "p", "k", "py", 0.0))
    data, picture = write(found, tmp_path)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert b'"subscribers": 1000' in data.read_bytes()
    assert ["1000 subscribers, 333 online" in line for line in describe(found)] == [False, True]
