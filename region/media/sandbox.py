"""Has images made safe and small by processes of their own: one that hangs or dies of an image takes nothing along."""

import asyncio
import contextlib
import os
import signal
import sys
from typing import Final

import msgspec

from region.media.imaging import Answer, Refused

SECONDS: Final = 30.0
"""How long one image may take, waiting for a core included."""
AT_ONCE: Final = 2

_decoder: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)


class Sandbox:
    """Starts a process for each image, a few at a time."""

    def __init__(
        self, *, at_once: int = AT_ONCE, seconds: float = SECONDS, module: str = "region.media.imaging"
    ) -> None:
        """Prepare.

        Args:
            at_once: How many processes run at a time.
            seconds: How long each may run.
            module: What they run.
        """
        self._room = asyncio.Semaphore(at_once)
        self._seconds = seconds
        self._module = module

    async def make(self, content: bytes) -> Answer:
        """Make an image safe and small; one that takes too much time or memory is refused."""
        async with self._room:
            child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                self._module,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={name: value for name, value in os.environ.items() if not name.startswith("CAUSEWAY_")},
                start_new_session=True,
            )
            try:
                async with asyncio.timeout(self._seconds):
                    answer, _ = await child.communicate(content)
            except TimeoutError:
                return Refused("image-too-large")
            finally:
                if child.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(child.pid, signal.SIGKILL)
                    await child.wait()
        try:
            return _decoder.decode(answer)
        except msgspec.DecodeError:
            return Refused("image-too-large")  # it died of its bounds
