"""Keeping one part running: start it when what it needs is well, watch it, start it again when it crashes."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from infra.acls import AccessLists, allowances
from infra.administration import ensure_topics
from infra.errors import CausewayError
from infra.kafka import KafkaError
from infra.local import probe, process
from infra.local.diary import tell
from infra.local.errors import DiskFullError
from infra.local.parts import Answers, Part
from infra.local.process import Identity
from infra.local.services import command
from infra.local.state import Condition, Phase
from infra.local.tools import Tools

STARTING_PROBE_SECONDS = 0.2
PROBE_SECONDS = 4.0
STOP_SECONDS = 15.0
NOTICE_SECONDS = 3.0


class Child:
    """One part and, when it runs, its process."""

    def __init__(self, part: Part, tools: Tools, changed: Callable[[], None]) -> None:
        """Prepare to keep a part running; `keep` does it.

        Args:
            part: Which.
            tools: What it is made of.
            changed: Called after each change of condition or process.
        """
        self.part = part
        self._build = ""
        self.condition = Condition(since=time.time())
        self.identity: Identity | None = None
        self._tools = tools
        self._changed = changed
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0
        self._wanted = asyncio.Event()
        self._well = asyncio.Event()
        self._stirred = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def build(self) -> str:
        """As which version its services run, as `services.command` takes it; matters from its next start on."""
        return self._build

    @build.setter
    def build(self, build: str) -> None:
        if self.part.services:
            self._build = build
            tell("version", part=self.part.name, build=build or "this checkout")
            self.part = replace(self.part, argv=(*command(self._tools.python, build), *self.part.services))

    def keep(self, others: Mapping[str, "Child"]) -> None:
        """Start it, and keep it running until `stop` or `kill`."""
        self._wanted.set()
        if self._task is None or self._task.done():
            self._become("waiting")  # at once, so that who asked for it is told
            self._task = asyncio.create_task(
                self._keep([[others[name] for name in group] for group in self.part.groups]), name=self.part.name
            )

    async def wait_well(self) -> None:
        """Wait until it is well."""
        await self._well.wait()

    async def stop(self, *, discards: bool = False) -> None:
        """Let it end cleanly, or at once if its data is thrown away next, or make it end after a while; it stays down."""
        self._wanted.clear()
        if self._process is not None:
            tell("stop", part=self.part.name, pid=self._process.pid)
            number = self.part.discard_signal if discards else self.part.stop_signal
            await asyncio.to_thread(process.stop, self._process, number, STOP_SECONDS)
        await self._abandon()
        self._become("down")

    async def kill(self, *, stay_down: bool) -> None:
        """Kill it with all of its processes, as a power cut would."""
        if stay_down:
            self._wanted.clear()
        running = self._process
        if self.identity is not None:
            tell("kill", part=self.part.name, pid=self.identity.pid, stay_down=stay_down)
            self.identity.signal(signal.SIGKILL)
        if running is not None:
            await asyncio.to_thread(running.wait)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(NOTICE_SECONDS):
                    while self._process is running:  # so that nobody is shown the dead one  # noqa: ASYNC110 — rare
                        await asyncio.sleep(0.01)
        if stay_down:
            await self._abandon()
            self._become("killed")

    def pause(self) -> None:
        """Freeze it: it keeps its connections and ports, and does nothing."""
        if self.identity is not None and self.identity.signal(signal.SIGSTOP):
            tell("pause", part=self.part.name, pid=self.identity.pid)
            self._become("paused")

    def resume(self) -> None:
        """Let it go on after `pause`."""
        if self.condition.phase == "paused" and self.identity is not None and self.identity.signal(signal.SIGCONT):
            tell("resume", part=self.part.name, pid=self.identity.pid)
            self._become("starting")
            self._stirred.set()

    def _become(self, phase: Phase, reason: str = "") -> None:
        self._set(self.condition.to(phase, time.time(), reason))

    def _set(self, condition: Condition) -> None:
        if condition.phase == "healthy":
            self._well.set()
        else:
            self._well.clear()
        changed = condition.phase != self.condition.phase
        self.condition = condition
        if changed:
            self._changed()

    async def _abandon(self) -> None:
        self.identity = self._process = None
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _keep(self, needs: list[list["Child"]]) -> None:
        while True:
            self._become("waiting")
            for group in needs:
                if all(child.condition.phase != "healthy" for child in group):
                    self._become("waiting", f"it waits for {' or '.join(child.part.name for child in group)}")
                await _one_well(group)
            try:
                await asyncio.to_thread(process.prepare, self.part, self._tools)
                self._start()
            except DiskFullError as error:  # somebody may make room
                await self._after(self.condition.crashed(time.time(), str(error)))
                continue
            except CausewayError as error:
                tell("failed", part=self.part.name, reason=str(error))
                self._become("failed", str(error))
                return
            except OSError as error:
                self._become("failed", f"{self.part.name} cannot be started: {error.strerror}: {error.filename}")
                return
            status = await self._watch()
            signal_name = signal.Signals(-status).name if status < 0 else ""
            tell("exit", part=self.part.name, status=None if signal_name else str(status), signal=signal_name)
            self.identity = self._process = None
            if not self._wanted.is_set():
                return
            full = process.lack_of_room(self.part.directory)
            await self._after(self.condition.ended(time.time(), status, full))

    async def _after(self, crash: Condition) -> None:
        self._set(crash)
        await asyncio.sleep(crash.back_off())

    def _start(self) -> None:
        self._log_start = self.part.log.stat().st_size if self.part.log.exists() else 0
        self._process = process.spawn(self.part)
        self.identity = Identity.of(self._process.pid)
        tell("start", part=self.part.name, pid=self._process.pid)
        self._become("starting")

    async def _watch(self) -> int:
        """Probe it until it ends; return its status."""
        assert self._process is not None
        loop = asyncio.get_running_loop()
        handle = os.pidfd_open(self._process.pid)

        gone = asyncio.Event()  # `poll` may not see it while `kill` waits in its thread

        def ended() -> None:
            loop.remove_reader(handle)
            gone.set()
            self._stirred.set()

        loop.add_reader(handle, ended)
        try:
            while not gone.is_set():
                self._stirred.clear()
                await self._probe()
                pause = STARTING_PROBE_SECONDS if self.condition.phase == "starting" else PROBE_SECONDS
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._stirred.wait()
        finally:
            loop.remove_reader(handle)
            os.close(handle)
        return self._process.wait()

    async def _probe(self) -> None:
        """Ask whether it is well; a live process is enough for what does not answer over HTTP, once it was well."""
        if self.condition.phase == "paused" or (
            self.condition.phase == "healthy" and not isinstance(self.part.probe, Answers)
        ):
            return
        asked = self.condition
        well = await probe.well(self.part, self._log_start)
        if well and self.condition.phase == "starting" and self.part.topics:
            well = await self._settle()
        why = "" if well else await probe.complaint(self.part)
        if self.condition is asked:
            self._set(asked.asked(time.time(), well=well, why=why))

    async def _settle(self) -> bool:
        """Make Kafka's topics, and let other regions read what is meant for them; whether that is done."""
        try:
            address = f"127.0.0.1:{self.part.ports['kafka']}"
            await ensure_topics(address, self.part.topics, replication=self.part.replication)
            if self.part.readers:
                async with AccessLists(address) as lists:
                    allowed = allowances(self.part.readers, site=self.part.region or "", standbys=self.part.standbys)
                    await lists.change(add=allowed)
        except (KafkaError, OSError):
            return False
        return True


async def _one_well(group: list[Child]) -> None:
    """Wait until one of them is well."""
    waits = [asyncio.create_task(child.wait_well()) for child in group]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
