"""All sessions of this gateway, and what is dispatched to them: each output encoded once, whatever the number of devices."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

import structlog
from prometheus_client import Counter, Gauge, Histogram

from infra import tracing
from infra.errors import CausewayError
from infra.telling import told
from region.gateway import concealing, frames, preferences
from region.gateway.channels.following import Following
from region.gateway.frames import EntryFrame, MarksFrame, Pending, ReceiptFrame, Refused
from region.gateway.outcomes import Decided, InFlight, Outcomes
from region.gateway.session import Session
from region.gateway.sightings import Sightings
from region.gateway.submissions import now_us
from region.gateway.views import Marks, entry_view, pending_view
from replication.accounts import DeviceRevoked
from replication.codec import decode_record
from replication.concealed import MessageConcealed
from replication.ids import is_channel_id
from replication.outputs import Output
from replication.preferences import PreferencesChanged
from replication.records import Entry, Mark, Outcome, Receipt, Record, Refusal, Submission

log = structlog.get_logger()

SOCKETS = Gauge("causeway_gateway_sockets", "Devices that are connected.")
DELIVERIES = Counter("causeway_gateway_deliveries_total", "Frames about outputs that were queued for devices.")
UNREADABLE = Counter(
    "causeway_gateway_unreadable_outputs_total", "Outputs that could not be read or shown, so not told."
)
TRANSIT_SECONDS = Histogram(
    "causeway_gateway_entry_seconds",
    "From an entry's acceptance at its author's home until it is queued for devices here; `way` is remote if that is elsewhere.",
    ["way"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 1.5, 5, 60),
)
_HOME, _REMOTE = TRANSIT_SECONDS.labels("home"), TRANSIT_SECONDS.labels("remote")


class Device(Protocol):
    """A connected device; `region.gateway.connection` is one."""

    session: Session

    def push(self, text: str) -> None:
        """Queue a frame."""
        ...

    def offer(self, text: str) -> bool:
        """Queue a frame that it can do without, if next to nothing waits; return whether it was."""
        ...

    def catch_up(self) -> None:
        """Read from the store what was missed, if anything was."""
        ...

    def revoke(self, why: str) -> None:
        """Close: the device was logged out, for that reason."""
        ...


class Hub:
    """Sessions by user."""

    def __init__(
        self,
        *,
        region: str,
        instance: str,
        outcomes: Outcomes,
        in_flight: InFlight,
        revoked: Callable[[str, str], None],
        repeated: Callable[[Entry], None],
        sightings: Sightings | None = None,
    ) -> None:
        """Begin without sessions, and without being told of outputs.

        Args:
            region: This region.
            instance: This gateway.
            outcomes: Who waits for what becomes of submissions.
            in_flight: Sends of devices.
            revoked: Told of a user's device that was logged out.
            repeated: Told of the entry of a send that a device here repeated; it has `answer` called for it.
            sightings: Told of entries that were queued for devices, and of the marks by which devices take them.
        """
        self._region = region
        self._instance = instance
        self._outcomes = outcomes
        self._in_flight = in_flight
        self._revoked = revoked
        self._repeated = repeated
        self.sightings = sightings or Sightings()
        self.published_at = 0
        """When fan-out sent what is being dispatched, microseconds since the epoch."""
        self.following = Following()
        """Which users follow which channels here."""
        self._by_user: dict[str, list[Device]] = {}
        self._told: set[Device] = set()
        self.reliable = False
        """Whether every output that concerns a device here is told."""

    def __iter__(self) -> Iterator[Device]:
        """All devices."""
        return (device for devices in self._by_user.values() for device in devices)

    def join(self, device: Device) -> bool:
        """Add a device; return whether it is the first of its user."""
        devices = self._by_user.setdefault(device.session.user_id, [])
        devices.append(device)
        SOCKETS.inc()
        return len(devices) == 1

    def leave(self, device: Device) -> bool:
        """Remove a device; return whether it was the last of its user."""
        devices = self._by_user.get(device.session.user_id, [])
        if device not in devices:
            return False
        devices.remove(device)
        self._told.discard(device)
        SOCKETS.dec()
        if devices:
            return False
        del self._by_user[device.session.user_id]
        return True

    def devices_of(self, user_id: str) -> tuple[Device, ...]:
        """Return a user's devices here."""
        return tuple(self._by_user.get(user_id, ()))

    def names(self) -> list[str]:
        """In whose names outputs come here: users who have a device here, and the channels that they follow."""
        return [*self._by_user, *self.following.channels()]

    def lose(self, covered: Mapping[int, int]) -> None:
        """Take in that outputs may have been missed, beyond what is covered."""
        self.reliable = False
        for device in self:
            device.session.interrupt(covered)

    def restore(self) -> None:
        """Take in that outputs are told again; whoever may have missed some reads them from the store, and first what they follow."""
        self.reliable = True
        self.following.doubt()
        self.look()

    def look(self) -> None:
        """Let whoever is not told of outputs look into the store."""
        for device in list(self):
            device.catch_up()

    def take_told(self) -> set[Device]:
        """Return the devices that were told something since the last call."""
        told, self._told = self._told, set()
        return told

    def revoke(self, user_id: str, device_id: str, why: str = "") -> None:
        """Close the connections of a device that was logged out; `why` is the code that the store keeps."""
        self._revoked(user_id, device_id)
        for device in list(self._by_user.get(user_id, ())):
            if device.session.device_id == device_id:
                device.revoke(why)

    def answer(self, entry: Entry, marks: Mapping[str, Marks]) -> None:
        """Tell the author's devices an entry whose send was repeated, with the marks that its members have now; those that catch up, after that."""
        if entry.author not in self._by_user:
            return
        text = frames.encode(EntryFrame(entry_view(entry, reader=entry.author, marks=marks)))
        for device in self._by_user[entry.author]:
            if device.session.answer(text):
                device.push(text)

    def miss(self, users: Iterable[str], covered: Mapping[int, int]) -> None:
        """Let the devices of these users read from the store what could not be told them.

        Args:
            users: Some may have no device here.
            covered: Up to which positions everything was told.

        Whoever is named by a channel follows it.
        """
        for device in [device for user in self._people(users) for device in self._by_user.get(user, ())]:
            device.session.interrupt(covered)
            device.catch_up()

    def dispatch(self, partition: int, output: Output) -> bool:
        """Tell an output to the devices concerned, and to whoever waits for it; return False if it cannot be told: see `miss`."""
        try:
            self._dispatch(partition, output, decode_record(output.record, output.version))
        except Exception as error:  # noqa: BLE001 — whatever is wrong with one output, made of what others said, ends no gateway
            UNREADABLE.inc()
            # What is not ours to word may quote texts.
            problem = told(error) if isinstance(error, CausewayError) else type(error).__name__
            log.warning("output not told", partition=partition, position=output.position, problem=problem)
            self.following.doubt(user for user in output.users if not is_channel_id(user))
            return False
        return True

    def _dispatch(self, partition: int, output: Output, record: Record) -> None:  # noqa: C901 — one arm a record
        mine = output.reply_to == self._instance
        match record:
            case Entry():
                self._entry(partition, output, record)
                if mine:
                    self._outcomes.resolve(record.message_id, Decided(record, output.known))
            case Receipt(entry=entry, user_id=user_id):
                frame = ReceiptFrame(entry_view(entry, reader=user_id, marks={}))
                self._tell(partition, output, output.users, frames.encode(frame))
            case Mark():
                self._tell(partition, output, output.users, _marks(record))
            case Refusal():
                self._refusal(partition, output, record)
                if mine:
                    self._outcomes.resolve(record.message_id, Decided(record, output.known))
            case Submission():
                self._submission(partition, output, record)
                if mine:
                    self._outcomes.resolve(record.id, Decided(record, output.known))
            case Outcome():
                if mine:
                    self._outcome(record, known=output.known)

    def _entry(self, partition: int, output: Output, entry: Entry) -> None:
        if self._repeats(output, entry.message_id, entry) or (output.known and output.users):
            self._repeated(
                entry
            )  # the latter when what a lost region had accepted is handed in, and was sent again before
            return
        self._show(partition, output, entry)
        self.following.note(
            partition, output.position, entry
        )  # whoever subscribes by it is told no more before the store is read

    def _show(self, partition: int, output: Output, entry: Entry) -> None:
        users = self._people(output.users)
        if not any(user in self._by_user for user in users):
            return
        at = now_us()
        (_HOME if entry.home == self._region else _REMOTE).observe(max(0, at - entry.sent_at) / 1e6)
        hops = (*((hop.stage, hop.at) for hop in entry.hops), (f"{self._region}.delivery", at))
        theirs, devices = "", 0
        for user in users:
            if user not in self._by_user:
                continue
            if user == entry.author:
                text = frames.encode(EntryFrame(entry_view(entry, reader=user, marks={}), hops))
            else:
                theirs = theirs or frames.encode(EntryFrame(entry_view(entry, reader=user, marks={}), hops))
                text = theirs
            devices += self._tell(partition, output, (user,), text)
        if output.trace and devices:
            tracing.begin(
                "deliver",
                output.trace,
                kind=tracing.SpanKind.CONSUMER,
                attributes={"causeway.region": self._region, "causeway.devices": devices},
                at=self.published_at * 1000 or None,
            ).end()
        self.sightings.delivered(entry.message_id, published_at=self.published_at, at=at, devices=devices)

    def _refusal(self, partition: int, output: Output, refusal: Refusal) -> None:
        if self._repeats(output, refusal.message_id, refusal):
            self._push(refusal.author, _refused(refusal))
        else:
            self._tell(partition, output, output.users, _refused(refusal))

    def _submission(self, partition: int, output: Output, submission: Submission) -> None:
        if isinstance(submission.body, DeviceRevoked):
            self.revoke(submission.author, submission.body.device_id, submission.body.why)
            return
        if isinstance(submission.body, PreferencesChanged):
            self._tell(partition, output, output.users, frames.encode(preferences.frame(submission.body)))
            return
        if isinstance(submission.body, MessageConcealed):
            self._tell(partition, output, output.users, frames.encode(concealing.frame(submission.body)))
            return
        repeats = self._repeats(output, submission.id, submission)
        if not submission.conversation_id or submission.author not in self._by_user:
            return
        text = frames.encode(Pending(pending_view(submission)))
        if repeats:
            self._push(submission.author, text)
        elif output.users:
            self._tell(partition, output, (submission.author,), text)

    def _repeats(self, output: Output, message_id: str, record: Entry | Refusal | Submission) -> bool:
        """Whether it tells the known outcome of a send that a device here repeated: that has no place in the order of outputs."""
        mine = output.reply_to == self._instance
        sent = self._in_flight.pop(message_id, record.content_hash) if mine else None
        return sent is not None and not output.users

    def _outcome(self, outcome: Outcome, *, known: bool) -> None:
        self._outcomes.resolve(outcome.id, Decided(outcome, known))
        sent = self._in_flight.pop(outcome.id, outcome.content_hash)
        if sent is None or not outcome.code:
            return
        refused = Refused(sent.client_message_id, outcome.id, sent.conversation_id, outcome.code, outcome.detail)
        self._push(sent.user_id, frames.encode(refused))

    def _push(self, user: str, text: str) -> None:
        for device in self._by_user.get(user, ()):
            device.push(text)

    def _people(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the users who are meant, each once, channels' followers among them."""
        return tuple(dict.fromkeys(user for name in names for user in self.following.of(name)))

    def _tell(self, partition: int, output: Output, users: tuple[str, ...], text: str) -> int:
        told = 0
        for user in users:
            for device in self._by_user.get(user, ()):
                if device.session.live(partition, output.position, text):
                    device.push(text)
                    self._told.add(device)
                    told += 1
        if told:
            DELIVERIES.inc(told)
        return told


def _marks(mark: Mark) -> str:
    return frames.encode(MarksFrame(mark.conversation_id, mark.user_id, mark.received, mark.read, mark.epoch))


def _refused(refusal: Refusal) -> str:
    frame = Refused(
        refusal.client_message_id, refusal.message_id, refusal.conversation_id, refusal.code, refusal.detail
    )
    return frames.encode(frame)
