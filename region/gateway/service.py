"""The gateway's process: composes its parts, offers its app to an edge in the same process, and listens for edges elsewhere."""

import asyncio
import contextlib
import time
from functools import partial

import httpx
import psycopg
import structlog
from fastapi import APIRouter
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from global_directory.client import DirectoryClient
from global_directory.holders import Holders
from global_directory.trust import Trust
from infra.blobs import Blobs, Signer, load
from infra.ending import Ending
from infra.health import Health
from infra.identity import Door
from infra.passwords import Cost, Passwords
from infra.peers import Peers
from infra.postgres import STORE_FAILURES, Pool, make_pool
from infra.schema.guard import Guard
from infra.serve import Host
from infra.settings import read
from infra.tasks import heed_cancellation
from infra.telling import told
from infra.tls import MutualTls, public
from infra.trunk.frames import LARGEST_MESSAGE
from infra.trunk.server import TrunkAcceptor
from infra.ways import Ways
from infra.web import serve_app
from region.accounts.federation import Federation
from region.accounts.keyring import Keyring
from region.accounts.tokens import Verifier
from region.gateway import conversing, entering
from region.gateway.acknowledging import Acknowledging
from region.gateway.alterations.composing import Composer
from region.gateway.announcer import Announcer
from region.gateway.app import make_app
from region.gateway.arrivals import Arrivals
from region.gateway.callers import Callers
from region.gateway.catchup import CatchUps
from region.gateway.channels.finding import Finder
from region.gateway.channels.follower import Follower
from region.gateway.choices import chosen_in
from region.gateway.connection import Limits
from region.gateway.decisions import Decisions
from region.gateway.deliveries import Deliveries
from region.gateway.finality import Finality, look_at
from region.gateway.groups.recall import Historian, Recall
from region.gateway.guards import Guards
from region.gateway.http import make_app as make_http
from region.gateway.http_blobs import blobs
from region.gateway.http_regions import regions
from region.gateway.hub import Hub
from region.gateway.interest import Interest
from region.gateway.journal import Journal
from region.gateway.leases import Leases
from region.gateway.limiter import Limiter
from region.gateway.markkeeper import MarkKeeper
from region.gateway.origins import Carried
from region.gateway.outcomes import InFlight, Outcomes
from region.gateway.people.here import Here
from region.gateway.people.others import Others
from region.gateway.people.search import Search
from region.gateway.recipients import Recipients
from region.gateway.repeats import Repeats
from region.gateway.revocations import Revocations, make_internal
from region.gateway.settings import GatewaySettings
from region.gateway.sightings import Sightings
from region.gateway.signs.signs import Signs
from region.gateway.sockets import RESUME_SECONDS, Sockets
from region.gateway.stored import stored_in
from region.gateway.submissions import Clerk
from region.gateway.tracing import Tracer
from region.gateway.watching import Watcher
from region.gateway.webapp import WebApp
from region.media.attachments import Attachments
from region.media.downloads import Downloads
from region.media.pictures.choosing import Choosing
from region.media.pictures.origins import Origins
from region.media.uploads import Allowed, Uploads
from region.media.wakes import wake
from region.store.repository.setup import region_state
from region.store.revisions import SCHEMA
from replication.repair.server import RepairServer
from replication.topics import journal_topic
from replication.turns.waiting import in_turn

log = structlog.get_logger()

STORE_SECONDS = 5.0
"""Without an answer for that long, the store is taken to stand still: people wait for what needs it."""
WATCH_SECONDS = 1.0
AWAY_SECONDS = 2.0
"""Over so long devices are sent away before the process ends, so that they do not all return at once."""


async def service(host: Host) -> None:
    """Run the gateway until cancelled."""
    settings = read(GatewaySettings)
    settings.check()
    if settings.place is not None:
        load()
    await in_turn(settings, "gateway", host.health, partial(_serve, settings, host), accepting=True, finish=host.finish)


async def _serve(settings: GatewaySettings, host: Host) -> None:
    guard = Guard(SCHEMA, settings.store, instance=settings.instance, service="gateway", health=host.health)
    lifetime = max(settings.refresh_seconds, settings.access_seconds)
    keyring = Keyring(settings.region, settings.signing_key, lifetime=lifetime)
    tls = host.mutual_tls(settings.region)
    async with DirectoryClient(settings.directory, tls=tls) as directory:
        gateway = Gateway(settings, keyring, directory, host.health, tls)
        host.offer("gateway", gateway.app)
        gateway.ending = host.ending
        host.ending.farewells.append(gateway.send_away)
        host.inquiries["trace"] = gateway.tracer.answer
        await guard.watch_over(gateway.run)


def _find_others(directory: DirectoryClient, settings: GatewaySettings) -> tuple[Holders, Ways]:
    holders = Holders(directory, settings.sites)
    return holders, Ways(settings.peers, where=holders.site_of)


def _acknowledging(settings: GatewaySettings, store: Pool) -> tuple[Finality | None, Acknowledging]:
    followed = settings.standby and settings.here == settings.region  # nobody follows a store away from home
    finality = Finality(look_at(store, settings.standby)) if followed else None
    return finality, Acknowledging(
        usual=settings.acknowledgement,
        late=settings.replicated_late,
        seconds=settings.replicated_wait,
        finality=finality,
        choices=chosen_in(store) if finality is not None else None,
        stored=stored_in(store) if finality is not None else None,
    )


class Gateway:
    """All parts of one gateway; `run` them until cancelled."""

    ending: Ending | None = None
    """How the process ends, if it is to end in order."""

    def __init__(
        self,
        settings: GatewaySettings,
        keyring: Keyring,
        directory: DirectoryClient,
        health: Health,
        tls: MutualTls | None = None,
    ) -> None:
        """Compose the parts; nothing is connected yet."""
        self._settings, self._keyring, self._health, self._tls = settings, keyring, health, tls
        self._door = Door({settings.region, *settings.others})
        self._trust = Trust(directory, kafka=settings.kafka if tls else None)
        self._door.hold(settings.others)
        self._trust.tell(self._door.expel)
        self._holders, self._ways = _find_others(directory, settings)
        self._leases = Leases(settings, directory, self._holders.duty)
        region, instance, names = settings.region, settings.instance, frozenset({settings.region, *settings.others})
        health.expect("store", "directory")
        self._store = make_pool(
            settings.store, size=settings.store_connections, name=f"gateway {instance}", patience=STORE_SECONDS
        )
        self._redis = Redis.from_url(
            settings.redis,
            socket_connect_timeout=3,
            socket_timeout=None,  # redis keeps it with asyncio.wait_for, which before Python 3.12 may swallow a request to end
            retry=Retry(NoBackoff(), 0),  # a lost connection must be seen, not mended in silence
        )
        self._passwords = Passwords(
            Cost(settings.password_memory, settings.password_passes, settings.password_lanes),
            at_once=settings.passwords_at_once,
        )
        self._federation = Federation(directory, keyring.public_keys(), names=names)
        self._announcer = Announcer(
            settings,
            keyring=keyring,
            directory=directory,
            federation=self._federation,
            store=self._store,
            health=health,
        )
        verifier = Verifier(self._federation, time.time)
        self._trust.tell(self._federation.distrust)
        self._trust.tell(verifier.forget)
        self._revocations = Revocations(
            region=region, store=self._store, lifetime=settings.access_seconds, revoke=self._end_device
        )
        self._watcher = Watcher(region, settings.others, directory, self._revocations.answered)
        callers = Callers(
            region=region,
            verifier=verifier,
            federation=self._federation,
            store=self._store,
            elsewhere=self._revocations.elsewhere,
        )
        clerk, sightings = Clerk(region=region, instance=instance), Sightings()
        self._journal = Journal(
            settings.kafka,
            region=settings.region,
            instance=instance,
            partitions=settings.partitions,
            health=health,
            sightings=sightings,
            topic=journal_topic(region, settings.here),
        )
        outcomes, self._in_flight = Outcomes(self._journal), InFlight(each=settings.sends_under_way)
        self._finality, acknowledging = _acknowledging(settings, self._store)
        self._marks = MarkKeeper(self._journal, clerk)
        self._repeats = Repeats(self._store)
        self._hub = Hub(
            region=region,
            instance=instance,
            outcomes=outcomes,
            in_flight=self._in_flight,
            revoked=callers.forget,
            repeated=self._repeats.add,
            sightings=sightings,
        )
        self._interest = Interest(self._redis, instance=instance, users=self._hub.names)
        self._deliveries = Deliveries(
            self._redis,
            instance=instance,
            partitions=settings.partitions,
            hub=self._hub,
            interest=self._interest,
            health=health,
        )
        recipients = Recipients(region=region, regions=names, store=self._store, directory=directory)
        self._catchups = CatchUps(region=region, store=self._store)
        follower = Follower(
            store=self._store,
            hub=self._hub,
            interest=self._interest,
            read=self._catchups.read,
            covered=lambda: self._deliveries.dispatched,
        )
        self._rates_redis = Redis.from_url(
            settings.redis, socket_connect_timeout=1, socket_timeout=None, retry=Retry(NoBackoff(), 0)
        )
        self._limiter = Limiter(self._rates_redis)
        guards = Guards(self._limiter, settings.allowances, region=region)
        composer = Composer(self._store, Attachments(self._store))
        self._signs = Signs(
            settings,
            store=self._store,
            redis=self._rates_redis,
            hub=self._hub,
            tell=self._trust.tell,
            ways=self._ways,
        )
        self._sockets = Sockets(
            region=region,
            callers=callers,
            hub=self._hub,
            interest=self._interest,
            read=follower.read,
            recipients=recipients,
            clerk=clerk,
            journal=self._journal,
            in_flight=self._in_flight,
            marks=self._marks,
            limits=Limits(settings.queue_frames, settings.queue_characters),
            most_queued=settings.queues_characters,
            guards=guards,
            arrivals=Arrivals(most=settings.most_arriving, most_open=settings.most_sockets),
            frames_rate=settings.rate_frames,
            composer=composer,
            outcomes=outcomes,
            acknowledging=acknowledging,
            typed=self._signs.typists.typed,
            watched=self._signs.watched,
            gone=self._signs.watchers.forget,
        )
        decisions = Decisions(clerk, outcomes)
        self._peers, self._searched = (Peers(region, self._ways, tell=self._trust.tell) for _ in range(2))
        self._recall = Recall(peers=self._peers, keep=self._journal.send)
        self._search = Search(region=region, here=Here(self._store), others=Others(self._searched))
        self._finder = Finder(region=region, peers=self._peers, store=self._store)
        self._origins = Origins(region=region, peers=self._peers, store=self._store)
        routers = {
            **entering.routers(
                settings,
                keyring=keyring,
                verifier=verifier,
                directory=directory,
                federation=self._federation,
                store=self._store,
                passwords=self._passwords,
                decisions=decisions,
                callers=callers,
                hub=self._hub,
                guards=guards,
                search=self._search,
                changed=self._signs.typists.changed,
                tenure=self._leases.renewer.tenure,
            ),
            **conversing.routers(
                region=region,
                secret=keyring.secret,
                store=self._store,
                recipients=recipients,
                clerk=clerk,
                outcomes=outcomes,
                marks=self._marks,
                recall=self._recall,
                composer=composer,
                decisions=decisions,
                callers=callers,
                guards=guards,
                finder=self._finder,
                presence=self._signs.presence,
                choose=Choosing(self._store).choose,
                tenure=self._leases.renewer.tenure,
                acknowledging=acknowledging,
            ),
            "media": self._media(settings, callers, guards),
            "regions": regions(region=region, public_url=settings.public_url, federation=self._federation),
        }
        self.app = make_app(
            WebApp(
                settings.web,
                make_http(routers),
                places=self._federation.whole,
                is_whole=lambda: self._federation.is_whole,
                blobs=settings.place,
            ),
            self._sockets.serve,
            seconds=settings.request_seconds,
        )
        """The ASGI app."""
        self.tracer = Tracer(
            region=region,
            instance=instance,
            partitions=settings.partitions,
            store=self._store,
            sightings=sightings,
        )
        """Tells operators where a message has been."""

    def _media(self, settings: GatewaySettings, callers: Callers, guards: Guards) -> APIRouter:
        """Return the endpoints of images and files."""
        seconds, place = settings.blob_address_seconds, settings.place
        if place is None:
            self._blobs = None
            return blobs(callers=callers, guards=guards, uploads=None, downloads=None, seconds=seconds)
        signer, self._blobs = Signer(place), Blobs(place)
        wake_up = partial(wake, self._rates_redis)
        region, store = settings.region, self._store
        allowed = Allowed(quota=settings.blob_quota, open=settings.blob_uploads, seconds=seconds)
        return blobs(
            callers=callers,
            guards=guards,
            uploads=Uploads(
                region=region, store=store, blobs=self._blobs, signer=signer, allowed=allowed, wake=wake_up
            ),
            downloads=Downloads(
                region=region,
                store=store,
                signer=signer,
                seconds=seconds,
                wake=wake_up,
                elsewhere=self._origins.find,
                look=guards.look,
            ),
            seconds=seconds,
        )

    async def run(self) -> None:
        """Run all parts, and serve edges of other processes, until cancelled."""
        settings = self._settings
        await self._store.open(wait=False)
        try:
            async with self._blobs or contextlib.nullcontext(), asyncio.TaskGroup() as group:
                group.create_task(self._journal.run())
                group.create_task(self._deliveries.run())
                group.create_task(self._marks.run())
                group.create_task(self._repeats.run(self._hub.answer))
                if self._finality is not None:
                    group.create_task(self._finality.run())
                group.create_task(self._federation.keep_fresh())
                group.create_task(self._trust.run())
                group.create_task(self._holders.run())
                group.create_task(self._watch_store())
                group.create_task(self._announcer.run())
                group.create_task(self._keyring.watch(self._announcer.take_keys))
                group.create_task(self._tick())
                group.create_task(self._leases.run(self._store, self._tls.client if self._tls else None))
                group.create_task(self._limiter.run())
                group.create_task(self._revocations.follow_own())
                group.create_task(self._follow_others())
                if settings.here == settings.region:  # from another site it would see itself, as its region
                    group.create_task(self._watcher.run())
                for asks in (self._peers, self._searched, self._signs):
                    group.create_task(asks.run(self._tls.client if self._tls else None))
                asked = self._signs.serve(self._finder.serve(self._search.here.serve(self.app)))
                asked = make_internal(self._origins.serve(self._leases.serve(asked)), self._revocations)
                inner = TrunkAcceptor(Carried(asked))
                historian = Historian(inner, region=settings.region, store=self._store)
                acceptor = RepairServer(historian, region=settings.region, store=self._store)
                group.create_task(
                    serve_app(
                        acceptor,
                        host=settings.gateway_host,
                        port=settings.gateway_port,
                        largest_message=LARGEST_MESSAGE,
                        tls=self._tls,
                        door=self._door,
                        ending=self.ending,
                    )
                )
        finally:
            await self._sockets.close_all()
            await self._interest.say_goodbye()
            self._passwords.close()
            await self._redis.aclose()
            await self._rates_redis.aclose()
            await self._store.close()

    async def send_away(self) -> None:
        """Send the devices elsewhere, before the process ends."""
        await self._sockets.send_away(within=AWAY_SECONDS)

    async def _follow_others(self) -> None:
        limits = httpx.Limits(max_connections=16, keepalive_expiry=3)
        verify = self._tls.client if self._tls else public()
        async with (
            httpx.AsyncClient(verify=verify, timeout=3, limits=limits, trust_env=False) as client,
            asyncio.TaskGroup() as group,
        ):
            for home in self._ways.names:
                follow = partial(self._revocations.follow, home, self._ways, client)
                group.create_task(self._trust.while_trusted(home, follow))

    def _end_device(self, user_id: str, device_id: str, why: str) -> None:
        self._hub.revoke(user_id, device_id, why)

    async def _watch_store(self) -> None:
        while True:
            heed_cancellation()
            try:
                state = await region_state(self._store)
                self._health.tell("store", ok=state is not None, detail="" if state else "not prepared yet")
            except (*STORE_FAILURES, psycopg.Error) as error:
                self._health.tell("store", ok=False, detail=told(error))
            await asyncio.sleep(WATCH_SECONDS)

    async def _tick(self) -> None:
        """Send newer resume tokens, and measure."""
        while True:
            await asyncio.sleep(RESUME_SECONDS)
            if self._hub.reliable and self._catchups.incarnation:
                self._sockets.send_resume_tokens(self._deliveries.continuity.covered, self._catchups.incarnation)
            self._in_flight.measure()
            self._sockets.measure()
