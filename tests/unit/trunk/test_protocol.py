"""The trunk's protocol, pure: nothing lost, order kept per channel, credit never exceeded, a slow channel blocks nobody."""

from collections import defaultdict, deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.trunk.frames import (
    LARGEST_PAYLOAD,
    OVERHEAD,
    WINDOW,
    Accepted,
    Close,
    Credit,
    Open,
    Text,
    TrunkProtocolError,
    cost_of,
    encode_frames,
)
from infra.trunk.protocol import Trunk

STEPS = st.lists(
    st.one_of(
        st.just(("open", 0, 0)),
        st.tuples(st.just("send"), st.integers(1, 5), st.sampled_from([0, 1, 1000, 60_000, LARGEST_PAYLOAD])),
        st.tuples(st.just("carry"), st.integers(0, 1), st.just(0)),
        st.tuples(st.just("consume"), st.integers(1, 5), st.integers(1, 4)),
        st.tuples(st.just("close"), st.integers(1, 5), st.just(0)),
    ),
    max_size=150,
)


class Pair:
    """Two ends and the wire between them; what arrives waits in inboxes until it is consumed."""

    def __init__(self) -> None:
        """Connect them."""
        self.edge = Trunk(opens=True)
        self.gateway = Trunk(opens=False)
        self.inboxes: dict[int, deque[str]] = defaultdict(deque)
        self.arrived: dict[int, list[str]] = defaultdict(list)
        self.sent: dict[int, list[str]] = defaultdict(list)
        self.closed: set[int] = set()

    def carry(self, *, back: bool) -> bool:
        """Deliver one message, in one direction; return whether there was one."""
        source, target = (self.gateway, self.edge) if back else (self.edge, self.gateway)
        message = source.outgoing()
        if message is None:
            return False
        for event in target.receive(message):
            if isinstance(event, Text):
                self.inboxes[event.channel].append(event.payload)
                self.arrived[event.channel].append(event.payload)
            elif isinstance(event, Close):
                self.closed.add(event.channel)
        return True

    def send(self, channel: int, payload: str) -> bool:
        """Send from the edge."""
        took = self.edge.send(channel, payload)
        if took:
            self.sent[channel].append(payload)
        return took

    def consume(self, channel: int) -> None:
        """Let the gateway's app take one payload."""
        if self.inboxes[channel]:
            self.gateway.consumed(channel, cost_of(self.inboxes[channel].popleft()))

    def settle(self) -> None:
        """Carry everything both ways."""
        while self.carry(back=False) or self.carry(back=True):
            pass


@given(steps=STEPS)
@settings(max_examples=150, deadline=None)
def test_nothing_is_lost_and_order_is_kept_in_each_channel(steps: list[tuple[str, int, int]]) -> None:
    """Whatever is sent, consumed, carried and closed in whatever order: what was taken arrives, once, in order, before the close."""
    pair = Pair()
    for number, (what, first, second) in enumerate(steps):
        match what:
            case "open":
                pair.edge.open("/ws")
            case "send":
                pair.send(first, f"{number}:".ljust(second, "x")[: max(second, 8)])
            case "carry":
                pair.carry(back=bool(first))
            case "consume":
                for _ in range(second):
                    pair.consume(first)
            case "close":
                pair.edge.close(first, 4000, "done")
        waiting = {channel: sum(map(cost_of, inbox)) for channel, inbox in pair.inboxes.items()}
        assert all(cost <= WINDOW for cost in waiting.values())
    pair.settle()

    assert pair.arrived == pair.sent
    assert pair.edge.queued == pair.gateway.queued == 0
    assert all(not pair.gateway.is_open(channel) for channel in pair.closed)


@given(eagerness=st.integers(1, 50))
@settings(max_examples=20, deadline=None)
def test_a_slow_channel_does_not_block_the_others(eagerness: int) -> None:
    """One channel whose app never reads fills its own window; another one goes on without limit."""
    pair = Pair()
    slow, quick = pair.edge.open("/ws"), pair.edge.open("/ws")
    while pair.send(slow, "x" * 50_000):
        pass

    def catch_up() -> None:
        pair.settle()
        while pair.inboxes[quick]:
            pair.consume(quick)
        pair.settle()

    for number in range(40):
        text = f"{number}".ljust(60_000)
        if not pair.send(quick, text):
            catch_up()
            assert pair.send(quick, text)
        if number % eagerness == 0:
            catch_up()

    assert not pair.send(slow, "x" * 50_000)
    assert sum(map(cost_of, pair.inboxes[slow])) <= WINDOW


def test_credit_comes_back_when_the_app_consumes() -> None:
    """A full window is granted again once it is consumed, so a channel never stalls for good."""
    pair = Pair()
    channel = pair.edge.open("/ws")
    for _ in range(100):
        while pair.send(channel, "x" * LARGEST_PAYLOAD):
            pass
        pair.settle()
        while pair.inboxes[channel]:
            pair.consume(channel)
        pair.settle()

    assert len(pair.sent[channel]) >= 200


def test_every_text_counts_with_its_bytes() -> None:
    """The window bounds memory, so a letter of three bytes costs three."""
    assert cost_of("é€") == 5 + OVERHEAD
    assert cost_of(b"ab") == cost_of("ab") == 2 + OVERHEAD


def test_what_is_queued_in_a_tick_is_one_message() -> None:
    """Two hundred small frames travel together."""
    trunk = Trunk(opens=True)
    channels = [trunk.open("/ws") for _ in range(200)]
    for channel in channels:
        assert trunk.send(channel, "hello")

    assert trunk.outgoing() is not None
    assert trunk.outgoing() is None


def test_a_payload_that_can_never_be_sent_is_an_error() -> None:
    """Waiting for a credit that no window holds would wait for ever."""
    trunk = Trunk(opens=True)
    channel = trunk.open("/ws")

    with pytest.raises(TrunkProtocolError):
        trunk.send(channel, "x" * (LARGEST_PAYLOAD + 1))


def test_a_request_that_would_end_the_whole_trunk_is_an_error() -> None:
    """A device may send more headers than a WebSocket message of the trunk may have bytes."""
    trunk = Trunk(opens=True)

    with pytest.raises(TrunkProtocolError):
        trunk.open("/ws", headers=((b"x-large", b"x" * LARGEST_PAYLOAD),))
    assert (trunk.channels, trunk.outgoing()) == (0, None)


def test_frames_of_closed_channels_are_passed_over() -> None:
    """Data that crossed a close on the way concerns nobody."""
    pair = Pair()
    channel = pair.edge.open("/ws")
    pair.settle()
    pair.gateway.close(channel, 1000)
    assert pair.send(channel, "too late")
    pair.settle()

    assert not pair.edge.is_open(channel)
    assert pair.arrived == {}


@pytest.mark.parametrize(
    "message",
    [
        b"garbage",
        b"",
        encode_frames([Text(7, "never opened")]),
        encode_frames([Open(1, "/ws"), Open(1, "/ws")]),
        encode_frames([Open(1, "/ws"), *[Text(1, "x" * LARGEST_PAYLOAD)] * 3]),
        encode_frames([Open(1, "/ws"), Credit(1, 1)]),
        encode_frames([Open(1, "/ws"), Accepted(1)]),
    ],
)
def test_an_end_that_breaks_the_rules_is_refused(message: bytes) -> None:
    """A trunk that cannot be trusted is closed rather than interpreted."""
    with pytest.raises(TrunkProtocolError):
        Trunk(opens=False).receive(message)
