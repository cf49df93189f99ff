"""Keeps what other regions may do in this region's Kafka: read what is meant for them, and nothing at all once they are expelled."""

import asyncio
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

import structlog

from global_directory.trust import Trust
from infra.acls import AccessLists, allowances, denials
from infra.backoff import Backoff
from infra.errors import CausewayError
from infra.health import Health
from infra.kafka import KafkaError
from infra.tasks import heed_cancellation
from infra.telling import told

log = structlog.get_logger()

LOOK_SECONDS: Final = 60.0
"""How often it is looked whether somebody else has changed them."""

CONDITION: Final = "access lists"


async def keep_access(
    kafka: str,
    peers: Iterable[str],
    trust: Trust,
    health: Health,
    *,
    site: str = "",
    standbys: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Keep the access lists as trust wants them, until cancelled; what allows anybody anything else is removed.

    Args:
        kafka: Bootstrap servers, by a listener whose users may change access lists.
        peers: The other regions.
        trust: Who was expelled; nobody is let in again before the directory was heard.
        health: Where the condition `access lists` is told, and who is denied everything.
        site: As for `infra.acls.allowances`.
        standbys: Likewise.
    """
    regions = frozenset(peers)
    changed, backoff = asyncio.Event(), Backoff(first=0.2)
    trust.tell(lambda _: changed.set())
    while True:
        heed_cancellation()
        changed.clear()
        expelled = regions & trust.expelled
        try:
            async with AccessLists(kafka) as lists:
                news, surplus = await lists.enforce(
                    allow=allowances(regions, site=site, standbys=standbys),
                    deny=denials(expelled),
                    lift=denials(regions - expelled) if trust.certain else (),
                )
        except (KafkaError, OSError, CausewayError) as error:
            health.tell(CONDITION, ok=False, detail=told(error))
            await asyncio.sleep(backoff.next())
            continue
        if news:
            log.info("access lists changed", expelled=sorted(expelled))
        if surplus:
            log.warning("allowances removed that nobody is to have", removed=surplus)
        health.tell(CONDITION, ok=True, detail=f"denied everything: {', '.join(sorted(expelled))}" if expelled else "")
        backoff.reset()
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await changed.wait()
        except TimeoutError:
            continue
