"""Who is logged in here, and an access token that is fresh whenever one is needed."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from region.client.accounts import Tokens
from region.client.errors import LoggedOutError, ProblemError

MARGIN = 0.2
"""The share of a token's life that must be left; below it, a new one is fetched."""


class SessionData(msgspec.Struct, frozen=True):
    """What is kept of a session between runs.

    Attributes:
        tokens: As they were given; without secrets once the session is over.
        given_at: When, seconds since the epoch.
        over: Whether nobody is logged in any more; it still says whose everything is that the store holds.
    """

    tokens: Tokens
    given_at: float
    over: bool = False


class Session:
    """The session of one device.

    Args:
        refresh: Exchanges a refresh token for new tokens.
        save: Keeps the session.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        *,
        refresh: Callable[[str], Awaitable[Tokens]],
        save: Callable[[SessionData], Awaitable[None]],
        clock: Callable[[], float],
    ) -> None:
        self._refresh = refresh
        self._save = save
        self._clock = clock
        self._data: SessionData | None = None
        self._one_at_a_time = asyncio.Lock()

    @property
    def tokens(self) -> Tokens:
        """The present tokens.

        Raises:
            LoggedOutError: Nobody is logged in.
        """
        if self._data is None:
            raise LoggedOutError
        return self._data.tokens

    @property
    def is_open(self) -> bool:
        """Whether somebody is logged in."""
        return self._data is not None

    def restore(self, data: SessionData | None) -> None:
        """Take up what an earlier run has kept."""
        self._data = None if data is None or data.over else data

    async def begin(self, tokens: Tokens) -> None:
        """Somebody logged in."""
        self._data = SessionData(tokens, self._clock())
        await self._save(self._data)

    async def end(self) -> None:
        """The session is over."""
        data, self._data = self._data, None
        if data is not None:
            blank = msgspec.structs.replace(data.tokens, access_token="", refresh_token="")
            await self._save(SessionData(blank, data.given_at, over=True))

    async def access_token(self, *, unlike: str | None = None) -> str:
        """Return an access token that is still good for a while.

        Args:
            unlike: A token that was turned down, whatever its age.

        Raises:
            LoggedOutError: Nobody is logged in, or the session was ended elsewhere.
            ClientError: The token had to be refreshed, and that failed.
        """
        async with self._one_at_a_time:
            if self._data is None:
                raise LoggedOutError
            tokens, age = self._data.tokens, self._clock() - self._data.given_at
            if tokens.access_token != unlike and age < tokens.expires_in * (1 - MARGIN):
                return tokens.access_token
            try:
                fresh = await self._refresh(tokens.refresh_token)
            except ProblemError as error:
                if error.status not in {400, 401, 403, 422}:
                    raise
                await self.end()
                raise LoggedOutError(f"The session has ended: {error.detail} Log in again.") from error
            await self.begin(fresh)
            return fresh.access_token
