"""A part whose disk is full: its data is moved to a small file system, which is then filled.

That takes a mount, so it is possible for root only; for others the fault is not put on, which leaves the verdict unknown.
"""

import asyncio
import contextlib
import os
import shutil
from pathlib import Path

import psutil

from chaos.drill.faults.injector import POLL_SECONDS, NotPossibleError, OnPart, Supervisor
from infra.local.control import Status

SPARE_BYTES = 64_000_000
"""How much room the small file system has beyond what is moved there."""
PROBE = b"\0" * 65_536


class DiskFull(OnPart):
    """Fills the file system that a part's data lies on; the witness tries to write there."""

    def __init__(self, target: str, before: Status, ask: Supervisor) -> None:
        """Prepare."""
        super().__init__(target, before, ask)
        self._place = Path(psutil.Process(self.pid).cwd())
        self._aside = self._place.with_name(f"{self._place.name}.aside")
        self._filler = self._place / "filler"
        self._is_small = asyncio.Event()
        self._moved = False

    async def put_on(self) -> None:
        """Move the data to a small file system, start the part there, then take all room.

        Raises:
            NotPossibleError: No file system can be mounted.
        """
        if os.geteuid() != 0:
            raise NotPossibleError(reason=f"only root can give {self.target} a small disk.")
        await self.down()
        try:
            await self._move()
        finally:
            await self.up()
        self._is_small.set()
        await asyncio.to_thread(self._fill)

    async def saw(self) -> str:
        """Wait until nothing can be written there."""
        await self._is_small.wait()
        while (why := await asyncio.to_thread(self._refusal)) is None:  # noqa: ASYNC110  # a disk tells only who asks
            await asyncio.sleep(POLL_SECONDS)
        return f"writing beside its data: {why}"

    async def take_off(self) -> None:
        """Make room."""
        self._filler.unlink(missing_ok=True)

    async def recovered(self) -> None:
        """Wait until it is well with room made; then move its data back."""
        await super().recovered()
        await self._move_back()

    async def abandon(self) -> None:
        """Make room, and move its data back."""
        await self.take_off()
        await self._move_back()

    async def _move_back(self) -> None:
        if not self._moved:
            return
        await self.down()
        try:
            await asyncio.to_thread(shutil.rmtree, self._aside)
            await _run("cp", "-a", self._place, self._aside)
            await _run("umount", self._place)
            self._place.rmdir()
            self._aside.rename(self._place)
        finally:
            await self.up()

    async def _move(self) -> None:
        self._place.rename(self._aside)
        self._place.mkdir()
        size = SPARE_BYTES + await asyncio.to_thread(_size, self._aside)
        try:
            await _run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", self._place)
        except NotPossibleError:
            self._place.rmdir()
            self._aside.rename(self._place)
            raise
        self._moved = True
        await _run("chown", f"--reference={self._aside}", self._place)
        await _run("chmod", f"--reference={self._aside}", self._place)
        await _run("cp", "-a", f"{self._aside}/.", self._place)

    def _fill(self) -> None:
        with contextlib.suppress(OSError), self._filler.open("ab", buffering=0) as filler:
            while filler.write(PROBE):
                pass

    def _refusal(self) -> str | None:
        probe = self._place / "probe"
        try:
            with probe.open("wb", buffering=0) as file:
                written = file.write(PROBE)
        except OSError as error:
            return error.strerror
        finally:
            probe.unlink(missing_ok=True)
        return None if written == len(PROBE) else "No space left on device"


def _size(place: Path) -> int:
    return sum(file.stat().st_size for file in place.rglob("*") if file.is_file())


async def _run(*command: str | Path) -> None:
    """Run a command of the system.

    Raises:
        NotPossibleError: It failed.
    """
    running = await asyncio.create_subprocess_exec(
        *map(str, command), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, said = await running.communicate()
    if running.returncode:
        raise NotPossibleError(reason=said.decode(errors="replace").strip() or f"{command[0]} failed.")
