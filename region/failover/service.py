"""The takeover service: where a region stands by for others, and takes over by itself; it is started only where that is wanted."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Final

import psycopg
import structlog

from global_directory.client import DirectoryClient
from global_directory.holding.schemas import Permit
from global_directory.operators.client import OperatorsClient
from global_directory.operators.schemas import OperationEnd
from global_directory.operators.verbs import DETECTOR
from infra.errors import SettingsError
from infra.postgres import STORE_FAILURES
from infra.schema.repository import connect
from infra.serve import Host
from infra.settings import read
from infra.tasks import heed_cancellation
from infra.telling import told
from infra.tls import MutualTls
from region.evacuation.audit import Audit
from region.evacuation.checks import Check
from region.evacuation.telling import Told
from region.failover import reached
from region.failover.declaring import declare, ready
from region.failover.settings import TakeoverSettings
from region.failover.watching import Watch
from region.standby.repository import copying

log = structlog.get_logger()

LOOK_SECONDS: Final = 1.0


async def service(host: Host) -> None:
    """Watch, until cancelled.

    Raises:
        SettingsError: There is nothing to do, or nothing could be written down of it.
    """
    settings = read(TakeoverSettings)
    settings.check()
    if not Audit("fail", "", why="").path.parent.is_dir():
        problem = "CAUSEWAY_AUDIT: name a file in a directory that exists: what is done is written there first"
        raise SettingsError(problems=problem)
    tls = host.mutual_tls(settings.region)
    async with DirectoryClient(settings.directory, tls=tls) as directory, asyncio.TaskGroup() as group:
        for region in sorted(settings.takes_over):
            watch = Watch(
                region,
                settings.region,
                directory,
                ready=partial(ready, *settings.seats(region), directory),
                carry_out=partial(_carry_out, settings, region, tls),
                health=host.health,
            )
            group.create_task(_run(watch, region, settings.store))


async def _run(watch: Watch, region: str, store: str) -> None:
    """Look again and again, until cancelled; of several processes that do, one looks and the others wait."""
    while True:
        heed_cancellation()
        try:
            async with await connect(store, name="causeway takeover") as connection:
                while True:
                    heed_cancellation()
                    if await copying.alone(connection, f"takeover of {region}"):
                        await watch.look()
                    else:
                        watch.wait()
                    await asyncio.sleep(LOOK_SECONDS)
        except (*STORE_FAILURES, psycopg.Error) as error:
            log.warning("the store here cannot be used, so nobody is taken over", held=region, reason=told(error))
            await asyncio.sleep(LOOK_SECONDS)


async def _carry_out(
    settings: TakeoverSettings, region: str, tls: MutualTls | None, permit: Permit, looked: Sequence[Check]
) -> None:
    """Take a region over, or go on with that, and tell the directory that it is done; what fails is left begun, to be gone on with."""
    home, target = settings.seats(region)
    audit = Audit("fail", region, why=permit.why, who=DETECTOR)

    def tell(one: Told) -> None:
        audit.note(one.what, step=one.step, figures=one.figures)
        log.warning("a region is taken over", held=region, step=one.step, what=one.what, seconds=one.seconds)

    readers = {other: await asyncio.to_thread(reached.find, other) for other in home.others}
    async with DirectoryClient(settings.directory, tls=tls, token=permit.token) as directory:
        took = await declare(home, target, directory, readers=readers, audit=audit, tell=tell, looked=looked)
    words = "".join(f", {step} {seconds:.1f} s" for step, seconds in took.items())
    async with OperatorsClient(settings.directory, tls=tls, token=permit.token) as client:
        await client.end(permit.operation_id, OperationEnd(done=True, detail=f"{target.site} holds{words}"))
