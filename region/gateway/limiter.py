"""Rate limits that all gateways of a region share through Redis; each gateway's own while Redis is away: neither open nor shut.

What one gateway has granted by itself is always counted by it as well. So a flood at one gateway costs Redis nothing, and when
Redis goes, the limits go on from what was seen here.
"""

import asyncio
import hashlib
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog
from prometheus_client import Counter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from infra.tasks import heed_cancellation
from region.gateway.rates import LUA, Book, Rate

log = structlog.get_logger()

ANSWER_SECONDS: Final = 0.25
"""How long Redis may take; then this gateway decides by itself."""
AWAY_SECONDS: Final = 1.0
"""How long it is not asked after it has failed."""
MOST_AT_ONCE: Final = 256
"""Questions that travel in one round trip."""
MOST_WAITING: Final = 4_096
"""Questions that wait for Redis; beyond, this gateway decides by itself."""

LIMITED = Counter("causeway_gateway_rate_limited_total", "What was turned away for coming too often.", ["kind"])
DECIDED = Counter("causeway_gateway_rates_total", "Questions about rates, by who decided.", ["by"])
_BY_REDIS, _BY_GATEWAY = DECIDED.labels("redis"), DECIDED.labels("gateway")


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    key: str
    rate: Rate
    cost: int
    answer: "asyncio.Future[float]"


class Limiter:
    """Answers whether something may be done now; `run` is to run beside it."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Prepare.

        Args:
            redis: With which all gateways of the region count together.
            clock: Seconds, monotonic.
        """
        self._redis = redis
        self._clock = clock
        self._book = Book()
        self._questions: deque[_Question] = deque()
        self._asked = asyncio.Event()
        self._away_until = float("-inf")

    async def take(self, kind: str, subject: str, rate: Rate, cost: int = 1) -> float:
        """Take from a subject's allowance; return the seconds to wait, 0 if it was granted.

        Args:
            kind: What is done, such as `login`.
            subject: Who does it; nothing of it is readable in Redis.
            rate: How often it may be done.
            cost: How many are taken at once.
        """
        key = f"rate:{kind}:{hashlib.blake2b(subject.encode(errors='surrogatepass'), digest_size=12).hexdigest()}"
        now = self._clock()
        wait = self._book.take(key, rate, now, cost)
        if wait > 0 or now < self._away_until or len(self._questions) >= MOST_WAITING:
            _BY_GATEWAY.inc()
        else:
            question = _Question(key, rate, cost, asyncio.get_running_loop().create_future())
            self._questions.append(question)
            self._asked.set()
            wait = await question.answer
        if wait > 0:
            LIMITED.labels(kind).inc()
        return wait

    def now(self) -> float:
        """Return the time, seconds, monotonic."""
        return self._clock()

    async def run(self) -> None:
        """Carry questions to Redis, many at once, until cancelled."""
        try:
            while True:
                heed_cancellation()
                await self._asked.wait()
                while self._questions:
                    count = min(len(self._questions), MOST_AT_ONCE)
                    await self._ask([self._questions.popleft() for _ in range(count)])
                self._asked.clear()
        finally:
            for question in self._questions:
                question.answer.cancel()

    async def _ask(self, questions: list[_Question]) -> None:
        waits = [0.0] * len(questions)  # what this gateway has said
        if self._clock() < self._away_until:
            _BY_GATEWAY.inc(len(questions))
        else:
            try:
                async with asyncio.timeout(ANSWER_SECONDS), self._redis.pipeline(transaction=False) as pipeline:
                    for one in questions:
                        pipeline.eval(LUA, 1, one.key, str(one.rate.interval), str(one.rate.count), str(one.cost))
                    waits = [float(answer) for answer in await pipeline.execute()]
                _BY_REDIS.inc(len(questions))
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("rates are this gateway's own for now", problem=str(error) or type(error).__name__)
                self._away_until = self._clock() + AWAY_SECONDS
                _BY_GATEWAY.inc(len(questions))
        for one, wait in zip(questions, waits, strict=True):
            if not one.answer.done():
                one.answer.set_result(wait)
