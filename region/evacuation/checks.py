"""What must be so before a region is evacuated, looked at on the live system; changes nothing."""

import asyncio
import contextlib
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import Final

import httpx
import msgspec
import psycopg

from global_directory.holding.schemas import DutyView
from infra import zones
from infra.administration import count_partitions
from infra.blobs import FAILURES, Blobs, Place
from infra.errors import CausewayError
from infra.kafka import Consumer, KafkaError
from infra.postgres import STORE_FAILURES
from infra.schema.repository import connect, state
from infra.tls import public
from infra.topics import incoming_topic, relay_topic
from region.evacuation import repository
from region.evacuation.copying import draft_of
from region.evacuation.plan import Step
from region.evacuation.seats import Seat
from replication.turns.records import Phase
from replication.turns.repository import read_turn
from replication.turns.takeover_repository import read_tail
from replication.turns.waiting import IDLE_SECONDS

ASK_SECONDS: Final = 20.0
"""How long each may take: a machine that is busy may still be evacuated."""
RETURN_SECONDS: Final = IDLE_SECONDS + 25.0
"""How long processes whose turn has only just ended may take to start anew: they end only a while after their work."""
LOOK_SECONDS: Final = 0.25
MOST_BEHIND: Final = 5_000
"""Records that may be undecided, or unsent, when an evacuation is begun: with more, draining takes its time."""
SPARE_BYTES: Final = 512 * 2**20
"""What must be free at the target besides what is put there: it has two regions to serve."""
FEWEST_CONNECTIONS: Final = 10
"""That the target's PostgreSQL must take besides those that there are: whoever stands by has few until it serves."""


class Check(msgspec.Struct, frozen=True):
    """Something that was looked at.

    Attributes:
        name: What.
        ok: Whether it is as it must be.
        detail: What was found.
    """

    name: str
    ok: bool
    detail: str


async def look(source: Seat, target: Seat, duties: Collection[DutyView], expelled: Collection[str]) -> list[Check]:
    """Return all checks, in the order of what they are about.

    Args:
        source: Where the duties are.
        target: Where they are to go.
        duties: What the directory says.
        expelled: Whom it has expelled from trust.
    """
    duty = next((one for one in duties if one.region == source.region), None)
    if duty is None:
        return [Check("directory", ok=False, detail=f"it knows nothing of {source.region}")]
    return [
        lease(duty, source, target),
        trust(source, target, expelled),
        await attempt("store", lambda: _store(source, duty)),
        await attempt("versions", lambda: _versions(source)),
        await attempt("journal", lambda: _journal(source)),
        await attempt("relay", lambda: _relay(source)),
        await attempt("room", lambda: look_for_room(source, target)),
        await attempt("copy", lambda: _copy(target)),
        await attempt("tail", lambda: _tail(source, target)),
        await attempt("topics", lambda: topics(source, target)),
        await attempt("services", lambda: _return(target), patience=RETURN_SECONDS + ASK_SECONDS),
        await attempt("blobs", lambda: _blobs(source, target)),
        residency(target),
    ]


def mend(found: Collection[Check], runbook: str, again: str) -> list[str]:
    """Return what is to be done where something is not as it must be: nothing, if everything is.

    Args:
        found: What was looked at.
        runbook: Which one says how, such as `evacuation`.
        again: The command that looks again.
    """
    wrong = ", ".join(one.name for one in found if not one.ok)
    if not wrong:
        return []
    return [f"Mend first, as docs/operations/{runbook}.md says: {wrong}", f"Then look again: {again}"]


async def attempt(name: str, look_at: Callable[[], Awaitable[Check]], *, patience: float = ASK_SECONDS) -> Check:
    """Look at something, for so many seconds; what cannot be looked at is not good."""
    try:
        async with asyncio.timeout(patience):
            return await look_at()
    except (CausewayError, KafkaError, *STORE_FAILURES, psycopg.Error, httpx.HTTPError, *FAILURES) as error:
        return Check(name, ok=False, detail=f"it cannot be looked at: {type(error).__name__}")


def lease(duty: DutyView, source: Seat, target: Seat) -> Check:
    """Whether the source has the lease, or has laid it down for this, and the target may follow it."""
    wrong = {
        f"{duty.holder} holds the duties, not {source.site}": duty.holder != source.site,
        f"{duty.standby or 'nobody'} stands by, not {target.site}": duty.standby != target.site,
        "the lease is not renewed: its holder is islanded, or does not run": duty.promised_seconds <= 0
        and not duty.laid_down,
    }
    found = [what for what, is_so in wrong.items() if is_so]
    good = f"epoch {duty.epoch}, {target.site} stands by"
    if duty.laid_down:
        good += "; the lease was laid down, which is for good: nobody is let in before this is done"
    return Check("lease", ok=not found, detail="; ".join(found) or good)


def trust(source: Seat, target: Seat, expelled: Collection[str]) -> Check:
    """Whether everybody concerned is trusted."""
    out = sorted({source.region, source.site, target.site} & set(expelled))
    return Check("trust", ok=not out, detail=f"expelled: {', '.join(out)}" if out else "nobody concerned is expelled")


def residency(target: Seat) -> Check:
    """Whether what the people of a region write may rest at the site that is to have it."""
    if not target.zones:
        return Check(
            "residency", ok=True, detail="no legal zones are named, so each region may hold what any other does"
        )
    at_home, there = (target.zones.get(region, "no zone") for region in (target.region, target.site))
    if zones.are_one(target.zones, target.region, target.site):
        return Check("residency", ok=True, detail=f"both are in the legal zone {there}")
    return Check(
        "residency", ok=False, detail=f"{target.region} is in the legal zone {at_home}, {target.site} in {there}"
    )


async def _store(source: Seat, duty: DutyView) -> Check:
    async with await connect(source.store, name="evacuation") as store:
        turn = await read_turn(store)
    if turn is None:
        return Check("store", ok=False, detail="it knows of no turns yet: upgrade the region")
    good = (turn.holder, turn.epoch, turn.incarnation) == (source.site, duty.epoch, duty.incarnation)
    detail = f"{turn.holder}, epoch {turn.epoch}, incarnation {turn.incarnation}"
    if duty.laid_down and turn.phase is not Phase.HANDED:
        lead = f"it went on though its lease was laid down: causeway region fail {source.region}"
        return Check(
            "store",
            ok=False,
            detail=f"{detail}; {lead if source.is_home else 'it went on though its lease was laid down'}",
        )
    return Check("store", ok=good and turn.phase is Phase.SERVING, detail=f"{detail}, {turn.phase.value or 'serving'}")


async def _versions(source: Seat) -> Check:
    async with await connect(source.store, name="evacuation") as store:
        known, schema = await repository.versions(store), await state(store)
    revision = 0 if schema is None else schema.revision
    detail = f"schema revision {revision}; its services know {', '.join(map(str, sorted(known))) or 'none'}"
    return Check("versions", ok=known == {revision}, detail=detail)


async def _journal(source: Seat) -> Check:
    async with (
        await connect(source.store, name="evacuation") as store,
        Consumer(source.kafka, source.journal, client="evacuation") as journal,
    ):
        offsets = await repository.next_offsets(store)
        ends = await journal.ends(range(source.partitions))
    left = sum(max(0, end - offsets.get(partition, 0)) for partition, end in ends.items())
    return Check("journal", ok=left <= MOST_BEHIND, detail=f"{left} records are not decided")


async def _relay(source: Seat) -> Check:
    async with await connect(source.store, name="evacuation") as store:
        unsent = await repository.unsent(store)
    detail = ", ".join(f"{left} records for {region} are not sent" for region, left in unsent.items())
    return Check("relay", ok=sum(unsent.values()) <= MOST_BEHIND, detail=detail or "everything is sent")


async def look_for_room(source: Seat, target: Seat) -> Check:
    """Whether the target's PostgreSQL, asked now, has room for what the source's store has by now; see `room`."""
    async with await connect(source.store, name="evacuation") as store:
        size = await repository.size(store)
    async with await connect(_server_of(target), name="evacuation") as server:
        left, draft = await repository.left(server), await repository.size_of(server, draft_of(target.store))
    free = None if left.directory is None else await asyncio.to_thread(_free, left.directory)
    dumped = await asyncio.to_thread(_apart, left.directory) if target.is_home else None
    thrown = draft if target.is_home else 0
    return room(target, size=size, free=free, dumped=dumped, connections=left.connections, thrown=thrown)


def _free(directory: str) -> int | None:
    """Return how many bytes are free where a server of this machine keeps everything; None if that cannot be seen."""
    with contextlib.suppress(OSError):
        return shutil.disk_usage(directory).free
    return None


def _apart(directory: str | None) -> int | None:
    """Return how many bytes are free where a store is dumped on the way; None if that is the same disk."""
    place = tempfile.gettempdir()
    with contextlib.suppress(OSError):
        if directory is None or Path(place).stat().st_dev != Path(directory).stat().st_dev:
            return _free(place)
    return None


def room(
    target: Seat, *, size: int, free: int | None, connections: int | None, dumped: int | None = None, thrown: int = 0
) -> Check:
    """Whether the target's PostgreSQL has room for the duties.

    Args:
        target: Where they are to go.
        size: Of the store, bytes.
        free: On the disk of the target's PostgreSQL, bytes; None where nobody can say.
        connections: How many more it takes; None likewise.
        dumped: On the disk on which the store is dumped, bytes; None if that is the same, or nothing is dumped.
        thrown: Of a copy at the target that was not completed, and is thrown away first, bytes.
    """
    here = size if dumped is None else 0
    needed = SPARE_BYTES + (size + here if target.is_home else 0)  # at home: what is made of what is dumped
    wrong, said = list[str](), [f"the store has {size / 2**20:.0f} MiB"]
    if free is None:
        said.append(f"how much is free at {target.site} is not known here, and {needed / 2**20:.0f} MiB must be")
    else:
        enough = free + thrown >= needed
        freed = f" once a copy that was not completed is thrown away ({thrown / 2**20:.0f} of them)" if thrown else ""
        (said if enough else wrong).append(
            f"{(free + thrown) / 2**20:.0f} MiB are free at {target.site}{freed}"
            + ("" if enough else f", not {needed / 2**20:.0f}")
        )
    if dumped is not None and dumped < size:
        wrong.append(
            f"{dumped / 2**20:.0f} MiB are free where it is dumped on the way (TMPDIR), not {size / 2**20:.0f}"
        )
    if connections is not None:
        enough = connections >= FEWEST_CONNECTIONS
        (said if enough else wrong).append(
            f"its PostgreSQL takes {connections} more connections" + ("" if enough else f", not {FEWEST_CONNECTIONS}")
        )
    return Check("room", ok=not wrong, detail="; ".join(wrong or said))


async def _copy(target: Seat) -> Check:
    if target.is_home:
        return Check("copy", ok=True, detail="the store is copied while it stands still, in place of the one at home")
    follows = False
    try:
        async with await connect(target.store, name="evacuation") as store:
            follows = await repository.follows(store)
    except psycopg.OperationalError as error:
        if "does not exist" not in str(error):
            raise
    detail = "it follows the store" if follows else f"no whole one follows the store yet; look at {target.site}/standby"
    return Check("copy", ok=follows, detail=detail)


async def _tail(source: Seat, target: Seat) -> Check:
    async with await connect(source.store, name="evacuation") as store:
        missing = await read_tail(store, target.site)
    detail = f"what {target.site} had accepted before it was declared dead was not handed in: causeway region restore {source.region}"
    return Check("tail", ok=not missing, detail=detail if missing else "nothing is to be handed in first")


def _server_of(seat: Seat) -> str:
    return seat.store.rpartition("/")[0] + "/postgres"


async def topics(source: Seat, target: Seat) -> Check:
    """Whether the target's Kafka has all topics."""
    wanted = [target.journal]
    for other in source.others:
        wanted.append(relay_topic(other, origin=target.region, site=target.site))
        wanted.append(incoming_topic(other, target.region, held_at=other, site=target.site))
    counts = await asyncio.gather(*(count_partitions(target.kafka, topic) for topic in wanted))
    missing = [topic for topic, count in zip(wanted, counts, strict=True) if not count]
    own = counts[0]
    if own and own != target.partitions:
        return Check("topics", ok=False, detail=f"{target.journal} has {own} partitions, not {target.partitions}")
    return Check(
        "topics", ok=not missing, detail=f"missing: {', '.join(missing)}" if missing else f"{len(wanted)} there"
    )


async def _return(target: Seat) -> Check:
    """Ask the processes that stand by how they are, until they are well: who has served until a moment ago may be starting anew."""
    until = time.monotonic() + RETURN_SECONDS
    while True:
        found = await services(target)
        if found.ok or time.monotonic() >= until:
            return found
        await asyncio.sleep(LOOK_SECONDS)


async def services(target: Seat) -> Check:
    """Ask the processes that stand by how they are."""
    async with httpx.AsyncClient(verify=public(), timeout=ASK_SECONDS / 4, trust_env=False) as client:
        answers = await asyncio.gather(*(_answers(client, url) for url in target.health))
    well = sum(answers)
    return Check(
        "services", ok=well == len(answers), detail=f"{well} of {len(answers)} processes stand by at {target.site}"
    )


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return (await client.get(url)).is_success
    return False


async def _blobs(source: Seat, target: Seat) -> Check:
    places = [place for place in (source.blobs, target.blobs) if place is not None]
    if len(places) == 1:
        return Check("blobs", ok=False, detail="only one of both sites has a blob store")
    for place in places:
        await _reach(place)
    return Check("blobs", ok=True, detail="both blob stores answer" if places else "there are none")


async def _reach(place: Place) -> None:
    async with Blobs(place) as blobs:
        await blobs.make_bucket()


STEPS: Final = tuple(step.value for step in Step)
"""What follows if all is as it must be."""
