"""Making the AOT caches: run a broker and a MirrorMaker once, on nothing, and let each write down what it loaded.

AOT is Java's "ahead of time": from such a file, a later start takes classes loaded and linked, and need not do that again.
"""

import asyncio
import signal
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

from infra.administration import ensure_topics
from infra.local import ports, probe, process
from infra.local.errors import PartFailedError
from infra.local.java import Java
from infra.local.kafka import kafka_part
from infra.local.mirrormaker import mirror_part
from infra.local.parts import Part
from infra.local.tools import Tools

START_SECONDS = 90.0
END_SECONDS = 90.0


async def train(tools: Tools) -> None:
    """Make the caches for Kafka and MirrorMaker.

    Raises:
        PartFailedError: One of them does not run here.
    """
    with tempfile.TemporaryDirectory(prefix="causeway-training-") as name:
        directory = Path(name)
        port, controller, peer = ports.some_free(3)
        broker = kafka_part(
            "training/kafka",
            java=tools.java,
            directory=directory / "kafka",
            log=directory / "kafka.log",
            port=port,
            controller=controller,
            peers={"b": (peer, peer)},
            topics={"relay.a": 1},
        )
        address = f"127.0.0.1:{port}"
        mirror = mirror_part(
            "training/mirror",
            java=tools.java,
            directory=directory / "mirror",
            log=directory / "mirror.log",
            target="a",
            bootstrap=address,
            sources={"b": f"127.0.0.1:{peer}"},
            needs=frozenset(),
        )
        process.prepare(broker, tools)
        process.prepare(mirror, tools)
        kafka_process = await _start(_recording(broker, tools.java, "kafka"))
        try:
            await ensure_topics(address, broker.topics)
            mirror_process = await _start(_recording(mirror, tools.java, "mirror"))
            await asyncio.to_thread(process.stop, mirror_process, signal.SIGTERM, END_SECONDS)
        finally:
            await asyncio.to_thread(process.stop, kafka_process, signal.SIGTERM, END_SECONDS)
        for part, cache in ((broker, "kafka"), (mirror, "mirror")):
            fresh = tools.java.cache(f"{cache}-new")
            if not fresh.exists():
                raise PartFailedError(part=part.name, reason="it wrote no AOT cache", log=_tail(part.log))
            fresh.replace(tools.java.cache(cache))


def _recording(part: Part, java: Java, cache: str) -> Part:
    use, make = f"-XX:AOTCache={java.cache(cache)}", f"-XX:AOTCacheOutput={java.cache(f'{cache}-new')}"
    return replace(part, argv=tuple(make if word == use else word for word in part.argv))


async def _start(part: Part) -> subprocess.Popen[bytes]:
    running = process.spawn(part)
    well = False
    try:
        async with asyncio.timeout(START_SECONDS):
            while not await probe.well(part):
                if running.poll() is not None:
                    raise PartFailedError(part=part.name, reason="it ended at once", log=_tail(part.log))
                await asyncio.sleep(0.1)
        well = True
    except TimeoutError:
        raise PartFailedError(
            part=part.name, reason=f"it was not well after {START_SECONDS:.0f} s", log=_tail(part.log)
        ) from None
    finally:
        if not well:  # also on Ctrl-C
            process.stop(running, signal.SIGKILL)
    return running


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return "gone, but ended so: " + " | ".join(lines[-3:])
