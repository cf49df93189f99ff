"""Who was expelled, kept in mind by each process of the directory, so that asking for it often costs the store nothing."""

import asyncio

import structlog
from sqlalchemy.exc import SQLAlchemyError

from global_directory.directory import Directory
from infra.errors import CausewayError
from infra.identity import Door
from infra.tasks import heed_cancellation

log = structlog.get_logger()

READ_SECONDS = 1.0
"""How often it is read anew: another process of the directory may have been told."""


class Roll:
    """Who was expelled from trust; `keep_fresh` is to run beside it."""

    def __init__(self, directory: Directory, door: Door | None = None) -> None:
        """Begin without knowing.

        Args:
            directory: Reads the store.
            door: Who is expelled is kept out of it.
        """
        self._directory = directory
        self._door = door
        self._expelled: frozenset[str] | None = None

    async def expelled(self) -> frozenset[str]:
        """Return who was expelled, as of a second ago; from the store if that was not read yet.

        Raises:
            CausewayError: The store cannot be used, and was never read.
        """
        return await self.read() if self._expelled is None else self._expelled

    async def read(self) -> frozenset[str]:
        """Read the store, and close the door to whoever is newly expelled.

        Raises:
            CausewayError: The store cannot be used.
        """
        expelled = frozenset((await self._directory.expulsions()).expelled)
        if expelled != self._expelled:
            log.info("expelled from trust", regions=sorted(expelled))
            self._expelled = expelled
            if self._door is not None:
                self._door.expel(expelled)
        return expelled

    async def keep_fresh(self) -> None:
        """Read it now and then, until cancelled."""
        while True:
            heed_cancellation()
            try:
                await self.read()
            except (CausewayError, SQLAlchemyError) as error:
                log.debug("who was expelled cannot be read", problem=str(error))
            await asyncio.sleep(READ_SECONDS)
