"""Argon2id in threads of its own, a few at a time, so that hashing never holds up the event loop or eats all memory."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from infra.errors import BusyError


@dataclass(frozen=True, slots=True)
class Cost:
    """Parameters of Argon2id; the defaults are the minimum that OWASP's Password Storage Cheat Sheet recommends.

    Attributes:
        memory: KiB a hash.
        passes: Iterations.
        lanes: Degree of parallelism.
    """

    memory: int = 19 * 1024
    passes: int = 2
    lanes: int = 1


class Passwords:
    """Hashes and verifies passwords."""

    def __init__(self, cost: Cost, *, at_once: int = 2, most_waiting: int = 200) -> None:
        """Prepare.

        Args:
            cost: What a new hash costs; older hashes keep what they were made with.
            at_once: How many are computed at a time; each takes the memory that `cost` names.
            most_waiting: How many may wait for their turn; more are turned away.
        """
        self._hasher = PasswordHasher(time_cost=cost.passes, memory_cost=cost.memory, parallelism=cost.lanes)
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="argon2")
        self._most = at_once + most_waiting
        self._dummy = self._hasher.hash("nobody's password")
        self.waiting = 0
        """How many are being computed or wait for it."""

    async def hash(self, password: str) -> str:
        """Return the hash of a new password in PHC string format.

        Raises:
            BusyError: Too many are waiting.
        """
        return await self._in_thread(password, None) or ""

    async def verify(self, password: str, known: str | None) -> bool:
        """Whether the password is that of the hash; without a hash it takes as long, and is not.

        Raises:
            BusyError: Too many are waiting.
        """
        matches = await self._in_thread(password, known or self._dummy) is not None
        return matches and known is not None

    def close(self) -> None:
        """End the threads, after what they compute now."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self, password: str, known: str | None) -> str | None:
        if self.waiting >= self._most:
            raise BusyError(what="Checking passwords")
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._compute, password, known)
        finally:
            self.waiting -= 1

    def _compute(self, password: str, known: str | None) -> str | None:
        if known is None:
            return self._hasher.hash(password)
        try:
            self._hasher.verify(known, password)
        except (VerificationError, InvalidHashError):
            return None
        return known
