"""Somebody with very many conversations and one that is very long: made through the public API, and kept for later runs."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp
import msgspec

from chaos.bench.accounts import Account, Accounts
from infra.errors import CausewayError
from infra.local.keeping import load, save

AT_ONCE: Final = 12
"""Requests at the same time."""
DEVICES: Final = 2
"""Of each of the two who write to each other."""
RATE: Final = 95.0
"""Messages a second of a device: what one may send over time is 100."""
WINDOW: Final = 64
"""Messages of a device that are under way at the same time."""
AWAY_SECONDS: Final = 2.0
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
    code: str = ""
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
        """Have both write to each other, on several devices, as fast as one may; every message is waited for until it is accepted."""
        done = self.seed.messages

        def progress() -> None:
            nonlocal done
            done += 1
            if done % 500 == 0 or done == wanted:
                self.say("messages", done, wanted)

        writers = [(self.viewer, self.other), (self.other, self.viewer)] * DEVICES
        async with asyncio.TaskGroup() as tasks:
            for turn, (one, peer) in enumerate(writers):
                # Each the same ones whenever it is begun anew, so that none is sent twice.
                mine = deque(number for number in range(self.seed.messages, wanted) if number % len(writers) == turn)
                token = one.access_token if turn < len(writers) // DEVICES else await self._log_in(one)
                tasks.create_task(self._write(token, peer, mine, progress))
        self.seed.messages = max(self.seed.messages, wanted)

    async def _log_in(self, account: Account) -> str:
        body = {"handle": account.handle, "password": account.password, "device_name": "another"}
        async with self.http.post(f"{self.url}/login", json=body) as answer:
            if answer.status >= 300:  # noqa: PLR2004  # what HTTP calls success
                raise SeedError(reason=f"{account.handle} could not log in: {answer.status}.")
            return _ids(await answer.read())["access_token"]

    async def _write(self, token: str, to: Account, left: deque[int], progress: Callable[[], None]) -> None:
        """Send what is left; a connection that ends is made anew, and what was under way sent again."""
        headers = {"Authorization": f"Bearer {token}"}
        while left:
            try:
                async with self.http.ws_connect(f"{self.url}/ws", headers=headers, max_msg_size=0) as socket:
                    await _Line(socket, to, left, progress).send_all()
            except aiohttp.WSServerHandshakeError as error:
                raise SeedError(reason=f"no WebSocket, but {error.status}; begin again.") from error
            except aiohttp.ClientError:
                await asyncio.sleep(AWAY_SECONDS)


@dataclass
class _Line:
    socket: aiohttp.ClientWebSocketResponse
    to: Account
    left: deque[int]
    progress: Callable[[], None]
    under_way: set[int] = field(default_factory=set)
    next_at: float = 0.0

    async def send_all(self) -> None:
        """Until nothing is left, or the connection ends."""
        await self.socket.send_str('{"type": "hello", "resume": null, "held": null}')
        try:
            while self.left or self.under_way:
                while self.left and len(self.under_way) < WINDOW:
                    await self._send(self.left.popleft())
                message = await self.socket.receive()
                if message.type is not aiohttp.WSMsgType.TEXT:
                    raise aiohttp.ClientConnectionResetError
                await self._take(_frames.decode(message.data))
        finally:
            self.left.extendleft(sorted(self.under_way, reverse=True))

    async def _send(self, number: int) -> None:
        now = asyncio.get_running_loop().time()
        self.next_at = max(self.next_at, now - 1) + 1 / RATE
        await asyncio.sleep(self.next_at - now)
        self.under_way.add(number)
        text = f"{number + 1}. {WORDS[number % len(WORDS)]}"
        name = f"{NAMED}{number}"
        frame = {"type": "send", "client_message_id": name, "recipient_id": self.to.user_id, "text": text}
        await self.socket.send_str(msgspec.json.encode(frame).decode())

    async def _take(self, told: _Frame) -> None:
        if told.type not in {"accepted", "error", "refused"} or not told.client_message_id:
            return
        number = int(told.client_message_id.removeprefix(NAMED))
        if number not in self.under_way:
            return
        self.under_way.discard(number)
        if told.type == "accepted":
            self.progress()
        elif told.status in LATER:
            self.left.append(number)
            await asyncio.sleep(told.retry_after or 0.2)
        else:
            raise SeedError(reason=f"a message was turned down: {told.code}.")


async def _post(http: aiohttp.ClientSession, by: Account, url: str, body: Mapping[str, object]) -> dict[str, str]:
    """Post what its author has named, and what is safe to repeat therefore; it is, until it is answered."""
    headers = {"Authorization": f"Bearer {by.access_token}"}
    while True:
        try:
            async with http.post(url, json=body, headers=headers) as answer:
                content = await answer.read()
        except aiohttp.ClientError:
            await asyncio.sleep(AWAY_SECONDS)
            continue
        if answer.status in LATER:
            await asyncio.sleep(float(answer.headers.get("Retry-After", "1")))
        elif answer.status >= 400:  # noqa: PLR2004  # what HTTP calls a failure
            raise SeedError(reason=f"{url} answered {answer.status}, {content.decode(errors='replace')[:300]}")
        else:
            return _ids(content)


def _ids(content: bytes) -> dict[str, str]:
    found = msgspec.json.decode(content)
    return {name: value for name, value in found.items() if isinstance(value, str)}
