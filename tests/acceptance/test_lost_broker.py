"""One broker of three is lost, and nobody notices: every request that is made meanwhile is answered as ever, if later."""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from chaos.federation import Federation

pytestmark = pytest.mark.timeout(900)
BROKERS = ("us/kafka-1", "us/kafka-2", "us/kafka-3")
WRITERS = 6
"""Each posts again as soon as it is answered; so many, that every broker leads what some of them write to."""
BEFORE, AFTER = 5, 20
"""How often each was answered until a broker is killed, and from then until one looks."""


class Writing:
    """Pairs of users, of whom one writes to the other over HTTP and repeats nothing."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        """Prepare."""
        self.answers: list[Counter[str]] = [Counter() for _ in range(WRITERS)]
        self._http, self._url = http, url

    @asynccontextmanager
    async def on(self) -> AsyncIterator[None]:
        """Write for as long as the context lasts, and end with whole answers."""
        pairs = [(await self._user(), (await self._user())["user_id"]) for _ in range(WRITERS)]
        ended = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for (writer, to), answers in zip(pairs, self.answers, strict=True):
                group.create_task(self._write(writer["access_token"], to, answers, ended))
            yield
            ended.set()

    async def more(self, count: int) -> None:
        """Wait until each was answered so many times more."""
        enough = [answers.total() + count for answers in self.answers]
        while any(answers.total() < number for answers, number in zip(self.answers, enough, strict=True)):  # noqa: ASYNC110 — counted by others
            await asyncio.sleep(0.05)

    async def _user(self) -> dict[str, str]:
        wanted = {"handle": f"us-{secrets.token_hex(6)}", "password": secrets.token_urlsafe(12)}
        answer = await self._http.post(f"{self._url}/register", json=wanted)
        assert answer.status_code == 201, answer.text
        registered: dict[str, str] = answer.json()
        return registered

    async def _write(self, token: str, to: str, answers: Counter[str], ended: asyncio.Event) -> None:
        clock = asyncio.get_running_loop().time
        while not ended.is_set():
            since = clock()
            content = {"recipient_id": to, "text": "still here", "client_message_id": secrets.token_hex(8)}
            answer = await self._http.post(
                f"{self._url}/messages", json=content, headers={"Authorization": f"Bearer {token}"}
            )
            took = f", after {clock() - since:.1f} s"
            answers[str(answer.status_code) if answer.is_success else answer.text + took] += 1


async def test_one_broker_of_three_is_lost_and_no_request_fails(several: Federation, http: httpx.AsyncClient) -> None:
    """Each in turn, so that also the one is among them that leads the controllers."""
    writing = Writing(http, several.status().regions["us"].public_url)
    async with writing.on():
        for broker in BROKERS:
            await writing.more(BEFORE)
            await several.act("local", "kill", broker)
            await writing.more(AFTER)
            while (await asyncio.to_thread(several.status)).state != "healthy":  # noqa: ASYNC110 — the supervisor brings it back
                await asyncio.sleep(1)

    assert {what for answers in writing.answers for what in answers} == {"201"}
