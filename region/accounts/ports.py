"""What accounts need of others: the directory, and a journal that tells what became of a submission."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from global_directory.schemas import Region, Reservation, User
from replication.records import Body, Outcome

Settled = Callable[[], Awaitable[Outcome | None]]
"""Looks in the store whether a submission has had its effect: its outcome, or None if it is not known yet."""


class Directory(Protocol):
    """What `global_directory.client.DirectoryClient` offers; each call raises UnavailableError if it cannot be reached."""

    async def reserve(self, handle: str, *, home_region: str, idempotency_key: str) -> Reservation:
        """Reserve a handle; repeated with the same key, the same reservation."""
        ...

    async def confirm(self, handle: str, *, token: str) -> User:
        """Make a reservation permanent; repeated, the same."""
        ...

    async def find_handle(self, handle: str) -> User | None:
        """Return the user of that handle; None if nobody has confirmed it."""
        ...

    async def find_user(self, user_id: str) -> User | None:
        """Return where a user lives; None if there is no such user."""
        ...

    async def regions(self) -> tuple[Region, ...]:
        """Return all regions that have announced themselves."""
        ...


class Journal(Protocol):
    """Appends submissions about accounts, and waits until the projector has decided."""

    async def decide(self, author: str, *, home_epoch: int, body: Body, settled: Settled, device: str = "") -> Outcome:
        """Append a submission and return what became of it.

        Args:
            author: Whose account.
            home_epoch: The author's home epoch.
            body: What is wanted.
            settled: How to find out from the store, should the answer not come.
            device: The author's device, if it is the device that wants it.

        Raises:
            UnavailableError: The journal cannot be reached; nothing was done.
            OutcomeUnknownError: It was not decided in time.
        """
        ...
