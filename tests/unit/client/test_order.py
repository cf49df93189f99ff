"""A region that turns messages down now and then, and connections that break: what was typed keeps its order."""

import json
from collections import deque

from hypothesis import given, settings
from hypothesis import strategies as st

from region.client.connection import Action, Connection, Postpone, Transmit
from region.client.frames import Accepted, Error, RegionFrame, Welcome
from region.client.outbox import Item

PEERS = ("u2", "u3")


class World:
    """One device, the wire, and a region that numbers what it accepts first.

    Attributes:
        typed: Peer to the names that were typed, in order.
        log: Peer to the names that were accepted, in order, each once.
    """

    def __init__(self) -> None:
        """Connect them."""
        self.typed: dict[str, list[str]] = {peer: [] for peer in PEERS}
        self.log: dict[str, list[str]] = {peer: [] for peer in PEERS}
        self._connection = Connection()
        self._up: deque[dict[str, str]] = deque()
        self._down: deque[RegionFrame] = deque()
        self._known: set[str] = set()
        self.waits = False
        self.reconnect(arrived=0)

    def type(self, peer: str) -> None:
        """Type a message to that peer; by the conversation, once the device knows it."""
        name = f"{peer}:{len(self.typed[peer])}"
        self.typed[peer].append(name)
        by_conversation = peer in self._known and len(self.typed[peer]) % 2 == 0
        to, conversation = (None, f"d-{peer}") if by_conversation else (peer, None)
        item = Item(client_message_id=name, text="hello", recipient_id=to, conversation_id=conversation)
        self._perform(self._connection.type(item))

    def judge(self, *, takes: bool) -> None:
        """Let the region look at the next frame, and take it or turn it down for a while."""
        if not self._up:
            return
        name = self._up.popleft()["client_message_id"]
        peer = name.split(":")[0]
        if takes:
            if name not in self.log[peer]:
                self.log[peer].append(name)
            self._down.append(Accepted(name, f"m-{name}", f"d-{peer}"))
        else:
            self._down.append(Error("unavailable", "", 503, definite=True, client_message_id=name))

    def hear(self) -> None:
        """Let the device hear the next answer."""
        if self._down:
            frame = self._down.popleft()
            if isinstance(frame, Accepted):
                self._known.add(frame.client_message_id.split(":")[0])
            self._perform(self._connection.received(frame))

    def retry(self) -> None:
        """Let the wait be over, if there is one."""
        if self.waits:
            self.waits = False
            self._perform(self._connection.retry())

    def reconnect(self, *, arrived: int) -> None:
        """Break the connection, though some of what is under way arrives still, and open another one."""
        for _ in range(arrived):
            self.judge(takes=True)
        self._up.clear()
        self._down.clear()
        self._connection.lost()
        self._connection.opened()
        self._perform(self._connection.received(Welcome("u1", "device", "us", None, complete=True)))

    def settle(self) -> None:
        """Let everything work from now on."""
        while self._up or self._down or self.waits:
            self.judge(takes=True)
            self.hear()
            if not self._up and not self._down:
                self.retry()

    def _perform(self, actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, Transmit):
                self._up.append(json.loads(action.text))
            elif isinstance(action, Postpone):
                self.waits = True


STEPS = st.lists(
    st.tuples(st.just("type"), st.sampled_from(PEERS))
    | st.tuples(st.sampled_from(["take", "turn down", "hear", "retry"]), st.none())
    | st.tuples(st.just("break"), st.integers(0, 3)),
    max_size=80,
)


@given(steps=STEPS)
@settings(max_examples=200, deadline=None)  # the machine may be busy
def test_messages_of_a_conversation_appear_in_the_order_in_which_they_were_typed(
    steps: list[tuple[str, str | int | None]],
) -> None:
    """Whatever is turned down, lost, repeated and late: each conversation has all of them, in order, once."""
    world = World()
    for what, argument in steps:
        match what, argument:
            case "type", str(peer):
                world.type(peer)
            case "break", int(arrived):
                world.reconnect(arrived=arrived)
            case "hear", _:
                world.hear()
            case "retry", _:
                world.retry()
            case _:
                world.judge(takes=what == "take")
        assert all(world.log[peer] == world.typed[peer][: len(world.log[peer])] for peer in PEERS)
    world.settle()

    assert world.log == world.typed
