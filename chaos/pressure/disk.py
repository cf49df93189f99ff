"""A small file system under a broker's data, made of memory: so that its disk is really full, and nobody else's is."""

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

from infra.errors import CausewayError


class NotMountableError(CausewayError):
    """A small file system cannot be mounted here: {reason} Only root may, so this case needs root and no container that forbids it."""

    code = "not-mountable"
    definite = True


class SmallDisk:
    """A file system of bounded size over a directory, with what was in the directory."""

    def __init__(self, directory: Path, *, room: int) -> None:
        """Prepare.

        Args:
            directory: Whose content is to stand on it; nobody may use it while it is put there or taken away.
            room: Megabytes that are free beside that.
        """
        self._directory = directory
        self._aside = directory.with_name(f"{directory.name}-aside")
        self._room = room

    async def put(self) -> None:
        """Mount it, with a copy of what is there.

        Raises:
            NotMountableError: We may not.
        """
        if os.geteuid() != 0:
            raise NotMountableError(reason="this user may not.")
        await asyncio.to_thread(self._put)

    async def take_away(self) -> None:
        """Unmount it, and leave its content in the directory."""
        await asyncio.to_thread(self._take_away)

    @property
    def free(self) -> int:
        """Bytes that are free."""
        return shutil.disk_usage(self._directory).free

    def _put(self) -> None:
        _copy(self._directory, self._aside)
        held = sum(path.stat().st_blocks for path in self._aside.rglob("*")) * 512 // 2**20
        try:
            _run("mount", "-t", "tmpfs", "-o", f"size={held + self._room}m", "causeway", str(self._directory))
            _copy(self._aside, self._directory)
        except NotMountableError:
            if self._directory.is_mount():
                _run("umount", str(self._directory))
            shutil.rmtree(self._aside)
            raise

    def _take_away(self) -> None:
        shutil.rmtree(self._aside)
        _copy(self._directory, self._aside)
        _run("umount", str(self._directory))
        shutil.rmtree(self._directory)
        self._aside.rename(self._directory)


def _copy(source: Path, target: Path) -> None:
    """Copy with holes as holes: Kafka's indexes are mostly such."""
    target.mkdir(exist_ok=True)
    _run("cp", "-a", "--sparse=always", f"{source}/.", str(target))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # of our own making
    if done.returncode:
        raise NotMountableError(reason=done.stderr.strip()[-300:])
