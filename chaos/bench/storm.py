"""The storm: a gateway is killed, and all of its devices come back at once; how long until each is served again, and at what cost."""

import asyncio
import contextlib
import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import msgspec
import psutil

from chaos.bench.crowd import Crowd
from chaos.bench.fleet import Pass
from chaos.bench.measure import Machine, machine
from chaos.federation import Federation
from infra.errors import CausewayError

mpl.use("Agg")  # no screen is needed
from matplotlib import pyplot as plt  # after the choice of its back end

PART = "front"
SAMPLE_SECONDS = 0.25
SPARE_FILES = 200
PATIENCE_SECONDS = 180.0
DELIVERY_SECONDS = 60.0


class TooFewFilesError(CausewayError):
    """This process may open {limit} files, and {devices} devices need {needed}. Raise the hard limit (`ulimit -Hn`), or take fewer devices."""

    code = "too-few-files"
    definite = True


class NotWelcomedError(CausewayError):
    """Only {welcomed} of {devices} devices were welcomed within {seconds:.0f} s before the storm began: {happened}"""  # noqa: D415  # what happened ends it

    code = "storm-not-begun"
    definite = True


class Storm(msgspec.Struct, frozen=True):
    """What a storm showed; times are seconds from the kill.

    Attributes:
        devices: How many.
        users: Of how many users.
        limit: Within how many seconds all had to be served again.
        welcomed: When each was welcomed again, in order; fewer than `devices` if some were not.
        happened: What devices met on their way back, counted.
        shown_before: Showings of one message from each user at the devices of both, before the kill; and how many were due.
        shown_after: The same afterwards.
        memory: (seconds, MB) of the process that holds the devices.
        memory_before: MB of it before the kill.
        machine: What it ran on.
        measured_at: Seconds since the epoch.
    """

    devices: int
    users: int
    limit: float
    welcomed: list[float]
    happened: dict[str, int]
    shown_before: tuple[int, int]
    shown_after: tuple[int, int]
    memory: list[tuple[float, float]]
    memory_before: float
    machine: Machine
    measured_at: float

    @property
    def served(self) -> bool:
        """Whether all were welcomed in time, and were told live what was written then."""
        in_time = len(self.welcomed) == self.devices and self.welcomed[-1] <= self.limit
        return in_time and self.shown_after[0] == self.shown_after[1]

    @property
    def peak(self) -> float:
        """The most MB that the new process had."""
        return max((mb for _, mb in self.memory), default=0.0)


def allow_files(devices: int) -> None:
    """Let this process open as many files as the machine allows.

    Raises:
        TooFewFilesError: That is too few.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = devices + SPARE_FILES
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise TooFewFilesError(limit=hard, devices=devices, needed=needed)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def storm(federation: Federation, region: str, url: str, fleet: dict[str, list[Pass]], *, limit: float) -> Storm:
    """Connect all devices, kill what holds them, and watch them come back.

    Args:
        federation: Which.
        region: Where.
        url: The region's public URL.
        fleet: The devices, by user.
        limit: Within how many seconds all have to be served again.

    Raises:
        NotWelcomedError: They did not even come in the first time.
    """
    crowd, before, part = Crowd(url, fleet), machine(), f"{region}/{PART}"
    pid = federation.status().parts()[part].pid
    await crowd.open()
    try:
        if not await crowd.all_welcomed(patience=PATIENCE_SECONDS):
            found = ", ".join(f"{what}: {count}" for what, count in crowd.happened.most_common())
            raise NotWelcomedError(
                welcomed=crowd.welcomed, devices=len(crowd.devices), seconds=PATIENCE_SECONDS, happened=found
            )
        shown_before = await crowd.write_round(patience=DELIVERY_SECONDS)
        memory_before = _megabytes(pid)
        crowd.happened.clear()
        memory: list[tuple[float, float]] = []
        began = [time.perf_counter()]
        watch = asyncio.create_task(_watch(part, pid, memory, began))
        await federation.act("local", "kill", part)
        await crowd.all_welcomed(patience=PATIENCE_SECONDS)
        welcomed = sorted(d.welcomed_at - began[0] for d in crowd.devices if d.welcomed_at is not None)
        shown_after = await crowd.write_round(patience=DELIVERY_SECONDS)
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
    finally:
        await crowd.close()
    return Storm(
        devices=len(crowd.devices),
        users=len(fleet),
        limit=limit,
        welcomed=[round(at, 3) for at in welcomed],
        happened=dict(crowd.happened),
        shown_before=shown_before,
        shown_after=shown_after,
        memory=memory,
        memory_before=memory_before,
        machine=before,
        measured_at=time.time(),
    )


def write(found: Storm, directory: Path) -> tuple[Path, Path]:
    """Write the JSON and the picture; return where."""
    directory.mkdir(parents=True, exist_ok=True)
    data, picture = directory / "storm.json", directory / "storm.png"
    thinned = msgspec.structs.replace(found, welcomed=found.welcomed[:: max(1, len(found.welcomed) // 200)])
    data.write_bytes(msgspec.json.format(msgspec.json.encode(thinned)) + b"\n")
    _draw(found, picture)
    return data, picture


def describe(found: Storm) -> Iterator[str]:
    """Yield what a person wants to know, line by line."""
    count = len(found.welcomed)
    if count:
        half, most = found.welcomed[count // 2], found.welcomed[int(0.99 * (count - 1))]
        yield f"{count} of {found.devices} devices of {found.users} users were welcomed again: the first {found.welcomed[0]:.1f} s after the kill, half after {half:.1f} s, 99 % after {most:.1f} s, the last after {found.welcomed[-1]:.1f} s (limit {found.limit:.0f} s)."
    else:
        yield f"None of {found.devices} devices was welcomed again."
    yield f"Told live: {found.shown_before[0]} of {found.shown_before[1]} showings before, {found.shown_after[0]} of {found.shown_after[1]} afterwards."
    yield f"Memory of the process that holds them: {found.memory_before:.0f} MB before, {found.peak:.0f} MB at most afterwards."
    met = ", ".join(f"{what}: {times}" for what, times in sorted(found.happened.items(), key=lambda one: -one[1]))
    yield f"What devices met on their way: {met or 'nothing'}."


async def _watch(part: str, old: int | None, memory: list[tuple[float, float]], began: list[float]) -> None:
    """Note when the old process was gone, and how much memory the new one has."""
    pid: int | None = None
    gone = False
    while True:
        if not gone and (old is None or not psutil.pid_exists(old) or _is_zombie(old)):
            gone, began[0] = True, time.perf_counter()
        if gone and (pid is None or not psutil.pid_exists(pid)):
            pid = await asyncio.to_thread(_find, part, old)
        if pid is not None and (used := _megabytes(pid)):
            memory.append((round(time.perf_counter() - began[0], 2), round(used, 1)))
        await asyncio.sleep(SAMPLE_SECONDS if gone else 0.01)


def _find(part: str, old: int | None) -> int | None:
    """Return the process of a part, by the instance name that it was started with."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid not in {old, os.getpid()} and process.environ().get("CAUSEWAY_INSTANCE") == part:
                return process.pid
    return None


def _is_zombie(pid: int) -> bool:
    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return True


def _megabytes(pid: int | None) -> float:
    with contextlib.suppress(psutil.Error):
        return float(psutil.Process(pid).memory_info().rss) / 1e6
    return 0.0


def _draw(found: Storm, path: Path) -> None:
    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    steps = [0.0, *found.welcomed]
    axes.step(steps, range(len(steps)), where="post", color="tab:green", label="devices welcomed again")
    axes.axvline(found.limit, color="tab:red", linewidth=0.8, label=f"limit: {found.limit:.0f} s")
    axes.set(
        xlabel="seconds after the kill",
        ylabel="devices",
        xlim=(0, max(found.limit * 1.1, steps[-1] * 1.05)),
        ylim=(0, found.devices * 1.05),
        title=f"A gateway dies, and its {found.devices} devices come back",
    )
    other = axes.twinx()
    other.plot([at for at, _ in found.memory], [mb for _, mb in found.memory], color="tab:blue", linewidth=1)
    other.axhline(found.memory_before, color="tab:blue", linewidth=0.6, linestyle=":")
    other.set(ylabel="MB of the process that holds them (dotted: before)", ylim=(0, None))
    other.yaxis.label.set_color("tab:blue")
    axes.legend(fontsize="small", loc="lower right")
    axes.grid(visible=True, alpha=0.25)
    of = found.machine
    about = f"{of.cores} cores, {of.memory_gb} GB, {of.kernel}, {of.python}; {found.users} users; devices, region and federation on one machine"
    figure.supxlabel(about, fontsize=6, alpha=0.7)
    figure.savefig(path, dpi=130)
    plt.close(figure)
