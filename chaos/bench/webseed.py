"""Somebody with very many conversations and one that is very long: made through the public API, and kept for later runs."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
import msgspec

from chaos.bench.accounts import Account, Accounts
from infra.errors import CausewayError
from infra.local.keeping import load, save

AT_ONCE: Final = 12
"""Requests at the same time."""
WINDOW: Final = 64
"""Messages of a device that are under way at the same time."""
WORDS: Final = (
    "The harbour lies quiet this morning, and the ferry is late again.",
    "Did you see the lights over the north pier?",
    "Yes.",
    "I have put the letters on the table by the window; the blue one is for you, and I think that it is from your sister in the south.",
    "Tomorrow then, at nine, where the two roads meet.",
)
NAMED: Final = "seed-"
LATER: Final = frozenset({429, 503})
Say = Callable[[str, int, int], None]


class SeedError(CausewayError):
    """What the browser is to show could not be made: {reason}"""  # noqa: D415  # the reason ends it

    code = "bench-web-seed"
    definite = False


class Seed(msgspec.Struct):
    """How far it has been made.

    Attributes:
        viewer: Handle of who looks at it.
        conversations: How many groups there are besides the long conversation.
        messages: How many messages the long one has.
    """

    viewer: str
    conversations: int = 0
    messages: int = 0


class _Frame(msgspec.Struct):
    type: str
    client_message_id: str = ""
    status: int = 0
    retry_after: float | None = None


_frames = msgspec.json.Decoder(_Frame)


async def provide(
    home: Path, region: str, url: str, *, conversations: int, messages: int, say: Say
) -> tuple[Account, Account]:
    """Return who looks, and the other one of the long conversation; what is missing is made.

    Args:
        home: The federation's, where it is kept how much there is.
        region: Where both live.
        url: Its public URL.
        conversations: How many there are to be, the long one included.
        messages: How many messages the long one is to have.
        say: Told (what is done, how much of it, of how much).

    Raises:
        SeedError: Something was refused.
        AccountError: A user could not be made.
    """
    file = home / "chaos" / f"web-{region}.json"
    provided = await Accounts(home, {region: url}).provide(
        {region: 2}, progress=lambda done, total: say("users", done, total)
    )
    viewer, other = provided[region]
    seed = load(file, dict[str, Seed]).get("seed")
    if seed is None or seed.viewer != viewer.handle:
        seed = Seed(viewer.handle)
    async with aiohttp.ClientSession() as http:
        sower = _Sower(http, url, viewer, other, seed, say)
        await sower.groups(conversations - 1)
        save(file, {"seed": seed})
        await sower.messages(messages)
        save(file, {"seed": seed})
    return viewer, other


@dataclass(frozen=True)
class _Sower:
    http: aiohttp.ClientSession
    url: str
    viewer: Account
    other: Account
    seed: Seed
    say: Say

    async def groups(self, wanted: int) -> None:
        """Have the other one make groups with who looks, and say something in each."""
        numbers = iter(range(self.seed.conversations, wanted))
        done = self.seed.conversations

        async def make() -> None:
            nonlocal done
            for number in numbers:
                name = f"Travellers {number + 1:04}"
                body = {"name": name, "member_ids": [self.viewer.user_id], "client_message_id": f"{NAMED}{number}"}
                group = await _post(self.http, self.other, f"{self.url}/groups", body)
                text = {"text": WORDS[number % len(WORDS)], "client_message_id": "first"}
                await _post(self.http, self.other, f"{self.url}/groups/{group['group_id']}/message", text)
                done += 1
                self.say("conversations", done, wanted)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(AT_ONCE):
                tasks.create_task(make())
        self.seed.conversations = max(self.seed.conversations, wanted)

    async def messages(self, wanted: int) -> None:
        """Have both write to each other, over a WebSocket each; every message is waited for until it is accepted."""
        done = self.seed.messages

        def progress() -> None:
            nonlocal done
            done += 1
            if done % 500 == 0 or done == wanted:
                self.say("messages", done, wanted)

        async with asyncio.TaskGroup() as tasks:
            for turn, (one, peer) in enumerate(((self.viewer, self.other), (self.other, self.viewer))):
                # Always the same ones, so that none is sent twice after an interruption.
                mine = [number for number in range(self.seed.messages, wanted) if number % 2 == turn]
                tasks.create_task(self._write(one, peer, iter(mine), progress))
        self.seed.messages = max(self.seed.messages, wanted)

    async def _write(self, by: Account, to: Account, numbers: Iterator[int], progress: Callable[[], None]) -> None:
        headers = {"Authorization": f"Bearer {by.access_token}"}
        under_way: set[int] = set()
        again: deque[int] = deque()
        async with self.http.ws_connect(f"{self.url}/ws", headers=headers, max_msg_size=0) as socket:
            await socket.send_str('{"type": "hello", "resume": null, "held": null}')
            while True:
                while len(under_way) < WINDOW:
                    number = again.popleft() if again else next(numbers, None)
                    if number is None:
                        break
                    under_way.add(number)
                    text = f"{number + 1}. {WORDS[number % len(WORDS)]}"
                    name = f"{NAMED}{number}"
                    frame = {"type": "send", "client_message_id": name, "recipient_id": to.user_id, "text": text}
                    await socket.send_str(msgspec.json.encode(frame).decode())
                if not under_way:
                    return
                message = await socket.receive()
                if message.type is not aiohttp.WSMsgType.TEXT:
                    raise SeedError(reason=f"the WebSocket was closed ({socket.close_code}); begin again.")
                told = _frames.decode(message.data)
                number = int(told.client_message_id.removeprefix(NAMED) or -1) if told.type != "entry" else -1
                if number not in under_way:
                    continue
                if told.type == "accepted":
                    under_way.discard(number)
                    progress()
                elif told.type == "error" and told.status in LATER:
                    under_way.discard(number)
                    again.append(number)
                    await asyncio.sleep(told.retry_after or 0.2)
                elif told.type in {"error", "refused"}:
                    raise SeedError(reason=f"a message was turned down: {message.data[:300]}")


async def _post(http: aiohttp.ClientSession, by: Account, url: str, body: Mapping[str, object]) -> dict[str, str]:
    headers = {"Authorization": f"Bearer {by.access_token}"}
    while True:
        async with http.post(url, json=body, headers=headers) as answer:
            if answer.status in LATER:  # each is named by its author, and so safe to repeat
                await asyncio.sleep(float(answer.headers.get("Retry-After", "1")))
                continue
            content = await answer.read()
            if answer.status >= 400:  # noqa: PLR2004  # what HTTP calls a failure
                raise SeedError(reason=f"{url} answered {answer.status}, {content.decode(errors='replace')[:300]}")
            return _ids(content)


def _ids(content: bytes) -> dict[str, str]:
    found = msgspec.json.decode(content)
    return {name: value for name, value in found.items() if isinstance(value, str)}
