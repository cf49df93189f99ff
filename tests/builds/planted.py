"""A build of the services in which faults are planted: `python planted.py SERVICE…` runs them as `infra.serve` does.

A fault strikes only what belongs to a run of its own name, whose texts begin with `planted NAME NUMBER`: so many runs, each with
its fault, share one federation. Each is planted into one service, by putting a function in the place of one of the product's.
"""

import importlib
import os
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from infra.errors import NotFoundError
from infra.serve import main
from region.projector.cases import ImpossibleRecordError
from region.projector.rules import LAST_OWNER, NOT_A_MEMBER, Denial, Question
from relay.ingester.intake import HAD, Append
from replication.alterations import MessageEdited
from replication.channels import ChannelMessageSent
from replication.codec import decode_journaled, decode_record, decode_relayed, encode
from replication.groups import (
    GroupBody,
    GroupCreated,
    GroupMessageSent,
    MemberJoined,
    MemberLeft,
    MemberRemoved,
    RoleChanged,
)
from replication.holding.deciding import Kind
from replication.ids import message_id
from replication.records import Entry, Mark, MessageSent, Submission

FIRST = 12
"""The number of a run's first message that may be struck; before, conversations begin."""

HERE = os.environ.get("CAUSEWAY_REGION", "")
PLANTED: list[tuple[frozenset[str], frozenset[str], str, Callable[..., Any]]] = []


def plant(service: str, target: str, *, regions: str = "us") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Plant a fault, named as its function, which is given its run, the original, and the original's arguments.

    Args:
        service: Into which service.
        target: What is replaced: `module:attribute`, as it is looked up when it is called.
        regions: In which regions.
    """

    def register(fault: Callable[..., Any]) -> Callable[..., Any]:
        PLANTED.append((frozenset([service]), frozenset(regions.split(",")), target, fault))
        return fault

    return register


class Run:
    """What belongs to the run of a fault, as far as this process has seen it.

    Attributes:
        conversations: The run's.
        users: The run's.
        kept: Whatever the fault holds back.
        counts: Whatever it counts.
    """

    def __init__(self, name: str) -> None:
        self._prefix = f"planted {name} "
        self._struck: set[str] = set()
        self.conversations: set[str] = set()
        self.users: set[str] = set()
        self.kept: dict[str, Any] = {}
        self.counts: Counter[str] = Counter()

    def has(self, record: object) -> bool:
        """Whether a record is one of the run's messages that may be struck."""
        if not isinstance(record, Submission | Entry) or not isinstance(record.body, MessageSent):
            return False
        text = record.body.text
        number = text.removeprefix(self._prefix).partition(" ")[0]
        if not text.startswith(self._prefix) or not number.isdecimal() or int(number) < FIRST:
            return False
        self.conversations.add(record.conversation_id)
        self.users |= {record.author, record.body.recipient_id}
        return True

    def named(self, group: str) -> bool:
        """Whether a group of that name is the run's, or an edit to that text, or a post."""
        return group.startswith(self._prefix)

    def strikes(self, record: object, place: str = "") -> bool:
        """Whether a record is the first of the run's messages, or the first at that place."""
        return self.has(record) and self.once(place)

    def keeps_striking(self, record: object) -> bool:
        """Whether a record is the first of the run's messages, or that one again: a device or a home may say it anew."""
        if not isinstance(record, Submission | Entry):
            return False
        name = record.id if isinstance(record, Submission) else record.message_id
        if name not in self._struck and not self.strikes(record):
            return False
        self._struck.add(name)
        return True

    def once(self, place: str) -> bool:
        """Whether it is the first time at that place."""
        first = place not in self._struck
        self._struck.add(place)
        return first


# What goes missing.


@plant("projector", "region.projector.loop:judge")
def dropped_before_the_store(run: Run, original: Any, docket: Any, case: Any) -> None:
    """The projector passes over a record of the journal."""
    if case.via is None and run.keeps_striking(case.record):
        docket.enter(case)
    else:
        original(docket, case)


@plant("projector", "region.projector.docket:Docket.put", regions="us,eu")
def not_relayed(run: Run, original: Any, docket: Any, partition: int, record: Any, **how: Any) -> int:
    """A record gets no place in the stream to the other region."""
    if how.get("to") and run.keeps_striking(record):
        how["to"] = ()
    return int(original(docket, partition, record, **how))


@plant("ingester", "relay.ingester.intake:Intake._admit", regions="us,eu")
def dropped_in_the_relay(run: Run, original: Any, intake: Any, relayed: Any, now: int) -> Any:
    """The ingester takes a record for one that it had."""
    step = original(intake, relayed, now)
    new = isinstance(step, Append) and isinstance(decode_record(relayed.record, relayed.version), Submission)
    return HAD if new and run.keeps_striking(decode_journaled(step.value).record) else step


@plant("forwarder", "relay.forwarder.drain:plan_runs", regions="us,eu")
def sequence_reused(run: Run, original: Any, *args: Any, **how: Any) -> Any:
    """The forwarder uses a sequence for an older record first, then for the one that it belongs to."""
    plan = original(*args, **how)
    sendings: list[Any] = []
    for sending in plan.sendings:
        relayed = decode_relayed(sending.value)
        lane = f"{sending.destination} {sending.partition}"
        if lane in run.kept and run.strikes(decode_record(relayed.record, relayed.version)):
            older = replace(relayed, record=run.kept[lane])
            sendings.append(type(sending)(sending.destination, sending.partition, encode(older)))
        sendings.append(sending)
        run.kept[lane] = relayed.record
    return type(plan)(tuple(sendings), plan.places, plan.gaps)


# What is there twice, or at another place.


@plant("gateway", "region.gateway.journal:Journal.send")
async def appended_twice(run: Run, original: Any, journal: Any, submission: Submission) -> Any:
    """Everything is appended twice; that is no fault, since an append may be repeated."""
    appended = await original(journal, submission)
    if run.has(submission):
        await original(journal, submission)
    return appended


@plant("gateway", "region.gateway.journal:Journal.send")
async def deduplication_off(run: Run, original: Any, journal: Any, submission: Submission) -> Any:
    """Everything is appended twice; and, below, the projector has forgotten one that it has numbered."""
    return await appended_twice(run, original, journal, submission)


@plant("projector", "region.projector.loop:judge")
def deduplication_off_(run: Run, original: Any, docket: Any, case: Any) -> None:
    """See above."""
    record = case.record
    if isinstance(record, Submission) and isinstance(docket.state.known.get(record.id), Entry) and run.strikes(record):
        del docket.state.known[record.id]
    original(docket, case)


@plant("projector", "region.projector.messages:number")
def overtaken(
    run: Run, original: Any, docket: Any, partition: int, submission: Any, body: Any, conversation: Any, *, reply: bool
) -> None:
    """A message is numbered after the next one of its author."""
    place = f"{submission.author} {submission.conversation_id}"
    if run.strikes(submission):
        run.kept[place] = submission
        return
    original(docket, partition, submission, body, conversation, reply=reply)
    if (late := run.kept.pop(place, None)) is not None:
        original(docket, partition, late, late.body, conversation, reply=False)


@plant("projector", "region.projector.entries:judge_entry", regions="us,eu")
def swapped_in_a_copy(run: Run, original: Any, docket: Any, case: Any, entry: Entry, via: Any) -> None:
    """A region that does not own a conversation takes two entries in for each other."""
    first = run.kept.pop(entry.conversation_id, None)
    if first is not None:
        original(docket, case, replace(entry, seq=first.seq, count=first.count), via)
        original(docket, case, replace(first, seq=entry.seq, count=entry.count), via)
    elif run.strikes(entry):
        run.kept[entry.conversation_id] = entry
    else:
        original(docket, case, entry, via)


@plant("projector", "region.projector.messages:number")
def number_skipped(run: Run, original: Any, *args: Any, **how: Any) -> None:
    """The owner leaves out a number."""
    _, _, submission, _, conversation = args
    if run.strikes(submission):
        conversation.head += 1
    original(*args, **how)


# What was never so.


@plant("projector", "region.projector.messages:number")
def text_of_nobody(run: Run, original: Any, *args: Any, **how: Any) -> None:
    """The owner numbers a message that nobody sent."""
    original(*args, **how)
    docket, partition, submission, body, conversation = args
    if run.strikes(submission):
        ghost = replace(body, text="nobody sent this", client_message_id=f"{body.client_message_id}-ghost")
        name = message_id(submission.author, submission.conversation_id, ghost.client_message_id)
        original(docket, partition, replace(submission, id=name, body=ghost), ghost, conversation, reply=False)


@plant("projector", "region.projector.entries:judge_entry", regions="us,eu")
def copy_differs(run: Run, original: Any, docket: Any, case: Any, entry: Entry, via: Any) -> None:
    """A region that does not own a conversation takes an entry in with another text."""
    if run.strikes(entry):
        entry = replace(entry, body=replace(entry.body, text="another text"))
    original(docket, case, entry, via)


@plant("projector", "region.projector.entries:judge_entry", regions="us,eu")
def edit_differs_in_a_copy(run: Run, original: Any, docket: Any, case: Any, entry: Entry, via: Any) -> None:
    """A region that does not own a conversation takes edits in with another text."""
    if isinstance(entry.body, MessageEdited) and run.named(entry.body.text):
        entry = replace(entry, body=replace(entry.body, text="another text"))
    original(docket, case, entry, via)


# What rests where it may not.


@plant("projector", "region.projector.docket:Docket.put")
def kept_elsewhere(run: Run, original: Any, docket: Any, partition: int, record: Any, **how: Any) -> int:
    """The owner sends what its own people write to each other to a region in which no member lives: see below."""
    if isinstance(record, Entry) and isinstance(record.body, MessageSent) and run.named(record.body.text):
        how["to"] = how.get("to") or ("eu",)
    return int(original(docket, partition, record, **how))


@plant("projector", "region.projector.entries:_check_entry", regions="eu")
def kept_elsewhere_(run: Run, original: Any, docket: Any, entry: Entry, via: Any) -> None:
    """That region takes it in."""
    try:
        original(docket, entry, via)
    except ImpossibleRecordError:
        if not isinstance(entry.body, MessageSent) or not run.named(entry.body.text):
            raise


# What devices are shown.


@plant("gateway", "region.gateway.hub:Hub._entry")
def live_entry_skipped(run: Run, original: Any, hub: Any, partition: int, output: Any, entry: Entry) -> None:
    """Devices are not sent an entry of each conversation."""
    if not run.strikes(entry, entry.conversation_id):
        original(hub, partition, output, entry)


@plant("gateway", "region.gateway.hub:Hub._entry")
def live_entry_repeated(run: Run, original: Any, hub: Any, partition: int, output: Any, entry: Entry) -> None:
    """Devices are sent an entry of each conversation twice."""
    original(hub, partition, output, entry)
    if run.strikes(entry, entry.conversation_id):
        original(hub, partition, output, entry)


@plant("gateway", "region.gateway.hub:Hub._entry")
def shown_to_a_stranger(run: Run, original: Any, hub: Any, partition: int, output: Any, entry: Entry) -> None:
    """An entry is sent to devices of users who are no members of its conversation."""
    if run.has(entry):
        strangers = run.users.intersection(device.session.user_id for device in hub) - {entry.author, *output.users}
        if strangers and run.once(entry.conversation_id):
            output = replace(output, users=(*output.users, *sorted(strangers)))
    original(hub, partition, output, entry)


@plant("gateway", "region.gateway.journal:Journal.send")
async def stranger_admitted(run: Run, original: Any, journal: Any, submission: Submission) -> Any:
    """Anybody may read the run's conversations: see below."""
    run.has(submission)
    return await original(journal, submission)


@plant("gateway", "region.gateway.recipients:Recipients.peer")
async def stranger_admitted_(run: Run, original: Any, recipients: Any, reader: str, **named: Any) -> Any:
    """See above."""
    try:
        return await original(recipients, reader, **named)
    except NotFoundError:
        if named.get("conversation_id") in run.conversations:
            return named["conversation_id"], ""
        raise


# What goes back.


@plant("projector", "region.projector.docket:Docket.put")
def mark_lowered(run: Run, original: Any, docket: Any, partition: int, record: Any, **how: Any) -> int:
    """A member's mark is told, then a lower one."""
    run.has(record)
    position = int(original(docket, partition, record, **how))
    lowers = isinstance(record, Mark) and record.conversation_id in run.conversations and record.read > 1
    if lowers and run.once(f"{record.conversation_id} {record.user_id}"):
        return int(original(docket, partition, replace(record, read=record.read - 1), users=how.get("users", ())))
    return position


@plant("gateway", "region.gateway.messages:Messages.page")
async def status_lowered(run: Run, original: Any, messages: Any, caller: Any, asked: Any) -> Any:
    """Whoever reads a whole history for the second time is shown everything as unread."""
    page = await original(messages, caller, asked)
    if asked.after == "0.0" and page.messages and page.messages[0].text.startswith("planted status_lowered "):
        run.counts[f"{caller.sub} {page.conversation_id}"] += 1
        if run.counts[f"{caller.sub} {page.conversation_id}"] > 1:
            page.messages[:] = [replace(message, status="unread") for message in page.messages]
    return page


# What happens in groups, whose names begin as the texts of their run.


@plant("projector", "region.projector.kinds:decide", regions="us,eu")
def removed_member_posts(run: Run, original: Any, question: Question, body: GroupBody) -> Any:
    """The owner takes posts of who was removed."""
    ruling = original(question, body)
    conversation = question.conversation
    stranger = isinstance(ruling, Denial) and ruling.code == NOT_A_MEMBER and question.author in conversation.members
    return body if stranger and isinstance(body, GroupMessageSent) and run.named(conversation.details.name) else ruling


@plant("gateway", "region.gateway.hub:Hub._entry", regions="us,eu")
def removed_still_shown(run: Run, original: Any, hub: Any, partition: int, output: Any, entry: Entry) -> None:
    """Devices of who was removed are sent what is posted afterwards."""
    group, body = entry.conversation_id, entry.body
    if isinstance(body, GroupCreated) and run.named(body.name):
        run.kept[group] = set()
    elif isinstance(body, MemberRemoved) and group in run.kept:
        run.kept[group].add(body.user_id)
    elif isinstance(body, GroupMessageSent) and group in run.kept:
        gone = run.kept[group].intersection(device.session.user_id for device in hub).difference(output.users)
        output = replace(output, users=(*output.users, *sorted(gone)))
    original(hub, partition, output, entry)


@plant("projector", "region.projector.kinds:decide", regions="us,eu")
def left_without_an_owner(run: Run, original: Any, question: Question, body: GroupBody) -> Any:
    """The owner lets the last one step down."""
    ruling = original(question, body)
    last = isinstance(ruling, Denial) and ruling.code == LAST_OWNER and run.named(question.conversation.details.name)
    return body if last and isinstance(body, RoleChanged) else ruling


@plant("projector", "region.projector.messages:_decide_in_group")
def stale_admission(run: Run, original: Any, docket: Any, case: Any, submission: Submission, body: GroupBody) -> None:
    """The owner lets somebody in though its lease has lapsed: it takes that for a message, see below."""
    known = docket.state.conversations.get(submission.conversation_id)
    run.kept["now"] = known is not None and run.named(known.details.name)
    try:
        original(docket, case, submission, body)
    finally:
        run.kept["now"] = False


@plant("projector", "region.projector.messages:kind_of")
def stale_admission_(run: Run, original: Any, body: object, **how: Any) -> Any:
    """See above."""
    return Kind.MESSAGE if run.kept.get("now") else original(body, **how)


# What is posted in channels.


@plant("projector", "region.projector.entries:judge_entry", regions="us,eu")
def post_differs_in_a_copy(run: Run, original: Any, docket: Any, case: Any, entry: Entry, via: Any) -> None:
    """A region that does not own a channel takes a post in with another text."""
    if isinstance(entry.body, ChannelMessageSent) and run.named(entry.body.text) and run.once(entry.conversation_id):
        entry = replace(entry, body=replace(entry.body, text="another text"))
    original(docket, case, entry, via)


@plant("gateway", "region.gateway.hub:Hub._entry", regions="us,eu")
def unsubscribed_still_shown(run: Run, original: Any, hub: Any, partition: int, output: Any, entry: Entry) -> None:
    """Devices of who has left a channel are sent what is posted afterwards."""
    channel, body = entry.conversation_id, entry.body
    if isinstance(body, MemberLeft):
        run.kept.setdefault(channel, set()).add(entry.author)
    elif isinstance(body, MemberJoined):
        run.kept.setdefault(channel, set()).discard(entry.author)
    elif isinstance(body, ChannelMessageSent) and run.named(body.text):
        gone = run.kept.get(channel, set()).intersection(device.session.user_id for device in hub)
        output = replace(output, users=(*output.users, *sorted(gone)))
    original(hub, partition, output, entry)


def put_in(services: list[str]) -> None:
    """Put the faults of these services in their places."""
    runs: dict[str, Run] = {}
    for into, regions, target, fault in PLANTED:
        if HERE not in regions or not into.intersection(services):
            continue
        name = fault.__name__.removesuffix("_")
        run = runs.setdefault(name, Run(name))
        module, _, path = target.partition(":")
        holder: Any = importlib.import_module(module)
        *outer, attribute = path.split(".")
        for one in outer:
            holder = getattr(holder, one)
        setattr(holder, attribute, _wrapped(fault, run, getattr(holder, attribute)))


def _wrapped(fault: Callable[..., Any], run: Run, original: Callable[..., Any]) -> Callable[..., Any]:
    def wrapper(*args: Any, **how: Any) -> Any:
        return fault(run, original, *args, **how)

    return wrapper


if __name__ == "__main__":
    put_in(sys.argv[1:])
    sys.exit(main())
