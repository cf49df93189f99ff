"""Requests over HTTP that are never repeated, beside the traffic: so every answer is seen as it is given."""

import asyncio
import contextlib
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable

import aiohttp
import msgspec

from infra.tasks import beside

PATIENCE_SECONDS = 20.0
NO_ANSWER = "no answer (TimeoutError)"
"""What `describe` says of a request that was not answered in that time: whatever is away, it should have been."""
FIRST_FAILURE = 300


class Answer(msgspec.Struct, frozen=True):
    """How a request was answered.

    Attributes:
        at: When it was sent, seconds since the epoch.
        took: Until the answer, seconds.
        status: HTTP's; 0 when there was none.
        code: The problem's.
        definite: Whether the request certainly changed nothing; of no answer, nobody knows.
        retry_after: Whether it said when to come again.
    """

    at: float
    took: float
    status: int
    code: str = ""
    definite: bool = False
    retry_after: bool = False


class _Problem(msgspec.Struct):
    code: str = ""
    definite: bool = False


class Posts:
    """Posts a message now and then.

    Attributes:
        answers: In the order in which they came.
    """

    def __init__(self, url: str, *, token: Callable[[], str], to: str, rate: float) -> None:
        """Prepare.

        Args:
            url: Of the region.
            token: Returns an access token.
            to: The recipient's user id.
            rate: Requests a second.
        """
        self.answers: list[Answer] = []
        self._url, self._token, self._to, self._rate = url, token, to, rate

    @contextlib.asynccontextmanager
    async def flow(self) -> AsyncIterator[None]:
        """Post for as long as the context lasts, then await the last answers."""
        timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            asked: set[asyncio.Task[None]] = set()
            try:
                async with beside(self._flow(http, asked)):
                    yield
            finally:
                await asyncio.gather(*asked, return_exceptions=True)

    @property
    def counts(self) -> dict[str, int]:
        """How often each kind of answer came."""
        return dict(Counter(describe(answer) for answer in self.answers).most_common())

    async def _flow(self, http: aiohttp.ClientSession, asked: set[asyncio.Task[None]]) -> None:
        while True:
            task = asyncio.create_task(self._post(http))
            asked.add(task)
            task.add_done_callback(asked.discard)
            await asyncio.sleep(1 / self._rate)

    async def _post(self, http: aiohttp.ClientSession) -> None:
        body = {"recipient_id": self._to, "text": "posted", "client_message_id": secrets.token_hex(8)}
        headers, at = {"Authorization": f"Bearer {self._token()}"}, time.time()
        try:
            async with http.post(f"{self._url}/messages", json=body, headers=headers) as response:
                content, again = await response.read(), "Retry-After" in response.headers
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            definite = isinstance(error, aiohttp.ClientConnectorError)
            self.answers.append(Answer(at, time.time() - at, 0, type(error).__name__, definite))
            return
        problem = _Problem()
        if response.status >= FIRST_FAILURE:
            with contextlib.suppress(msgspec.DecodeError):
                problem = msgspec.json.decode(content, type=_Problem)
        self.answers.append(
            Answer(at, time.time() - at, response.status, problem.code, problem.definite, retry_after=again)
        )


def describe(answer: Answer) -> str:
    """Say how a request was answered, in a few words."""
    if not answer.status:
        return f"no answer ({answer.code})"
    if answer.status < FIRST_FAILURE:
        return str(answer.status)
    how = "definite" if answer.definite else "unknown outcome"
    return f"{answer.status} {answer.code}, {how}{', with Retry-After' if answer.retry_after else ''}"
