"""From what regions know of a message to its way: steps with their milliseconds, and a sentence. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from infra.observability.trace.answers import Asked, Trace

Hops = tuple[tuple[str, int], ...]

MEANING: Final[Mapping[tuple[str, str], str]] = {
    ("gateway", "journal"): "Kafka: accepted; beside the next",
    ("gateway", "projector"): "journal, until judged",
    ("projector", "projector"): "the recipient's home is asked",
    ("projector", "forwarder"): "commit, relay row",
    ("forwarder", "ingester"): "relay topic, mirror, link",
    ("ingester", "projector"): "journal, until judged",
    ("projector", "fanout"): "commit, fan-out",
    ("fanout", "delivery"): "Redis, until queued",
    ("delivery", "device"): "socket, and a device's mark back",
}
"""What lies between two stages."""


@dataclass(frozen=True, slots=True)
class Step:
    """One stretch of the way.

    Attributes:
        source: Stage where it begins, such as `us.gateway`.
        target: Stage where it ends.
        began: Microseconds since the epoch, by the clock of the source's region.
        ended: The same, by the clock of the target's region.
        meaning: What lies between.
        branch: Whether the way goes on elsewhere, and this only leads to devices, or back to the gateway.
        told_by: Who says so: a region's store, or its gateways, from memory.
        is_known: Whether it was measured; if not, both times are that of the end that is known, and `meaning` says why.
    """

    source: str
    target: str
    began: int
    ended: int
    meaning: str
    branch: bool = False
    told_by: str = ""
    is_known: bool = True

    @property
    def milliseconds(self) -> float | None:
        """How long it took; negative when two clocks disagree; None if nobody knows."""
        return (self.ended - self.began) / 1000 if self.is_known else None


@dataclass(frozen=True, slots=True)
class Way:
    """The way of a message.

    Attributes:
        message_id: The message.
        state: `delivered`, `entry`, `held`, `pending`, `refused`, `accepted`, or `unknown`.
        sentence: How it is.
        steps: In the order in which they follow from each other.
        warnings: What a reader must know: clocks that disagree, regions that were not asked, stages that nobody remembers.
    """

    message_id: str
    state: str
    sentence: str
    steps: tuple[Step, ...] = ()
    warnings: tuple[str, ...] = field(default=())


def way_of(message_id: str, asked: Asked) -> Way:
    """Put the way of a message together from everybody's answers."""
    answers = list(_merged(asked.answers).values())
    known = [answer for answer in answers if answer.state != "unknown"]
    steps = _steps(known)
    warnings = [f"{region} was not asked: {why}" for region, why in asked.silent.items()]
    warnings += _clock_warnings(steps)
    if {"refused", "entry"} <= {answer.state for answer in known}:
        says = ", ".join(f"{answer.region}: {answer.state}" for answer in known)
        warnings.append(f"Regions contradict each other ({says}): that must never be. Keep their logs, and report it.")
    if known and not any(answer.hops for answer in known):
        warnings.append("Its hops are not kept any more: outputs are pruned after CAUSEWAY_RETENTION_DAYS.")
    elif known and not any(answer.accepted_at or answer.delivered_at for answer in known):
        warnings.append(
            "No gateway remembers it: each knows the newest 10,000 since it was started. Only stored hops are shown."
        )
    state, sentence = _tell(message_id, known, answers, asked.silent)
    return Way(message_id, state, sentence, tuple(steps), tuple(warnings))


def _merged(answers: Iterable[Trace]) -> dict[str, Trace]:
    """Return one answer a region: its gateways share a store, but each has seen something else."""
    merged: dict[str, Trace] = {}
    for answer in answers:
        other = merged.get(answer.region)
        merged[answer.region] = answer if other is None else _both(other, answer)
    return merged


def _both(one: Trace, other: Trace) -> Trace:
    base, more = (one, other) if one.state != "unknown" else (other, one)
    delivered = [seen for seen in (base, more) if seen.delivered_at]
    first = min(delivered, key=lambda seen: seen.delivered_at, default=base)
    return Trace(
        **{name: getattr(base, name) for name in Trace.__struct_fields__ if name not in _SEEN},
        accepted_at=max(base.accepted_at, more.accepted_at),
        published_at=first.published_at,
        delivered_at=first.delivered_at,
        devices=base.devices + more.devices,
        had_at=min((seen.had_at for seen in (base, more) if seen.had_at), default=0),
    )


_SEEN: Final = frozenset({"accepted_at", "published_at", "delivered_at", "devices", "had_at"})


def _steps(known: Sequence[Trace]) -> list[Step]:
    """Return the longest way, and beside it those of other regions, as of a group's members, where they part from it."""
    longest = max(known, key=lambda answer: len(answer.hops), default=None)
    if longest is None or not longest.hops:
        return []
    chain = longest.hops
    by_region = {answer.region: answer for answer in known}
    steps = _begin(chain[0], by_region.get(_region(chain[0][0])))
    told: set[str] = set()
    for place, (stage, at) in enumerate(chain):
        if place:
            steps.append(_step(*chain[place - 1], stage, at, told_by=_store(longest)))
        region = _region(stage)
        answer = by_region.get(region)
        if answer is not None and region not in told and place + 1 == len(answer.hops):
            told.add(region)
            steps += _to_devices(answer, stage, at, branch=place + 1 < len(chain))
    for answer in known:
        if answer.region not in told and answer.hops:
            parted = _parted(answer.hops, chain)
            steps += [
                _step(*one, *other, branch=True, told_by=_store(answer))
                for one, other in pairwise(answer.hops[max(parted - 1, 0) :])
            ]
            steps += _to_devices(answer, *answer.hops[-1], branch=True)
    return steps


def _parted(hops: Hops, chain: Hops) -> int:
    """Return how many hops two ways share."""
    shared = 0
    for one, other in zip(hops, chain, strict=False):
        if one != other:
            break
        shared += 1
    return shared


def _begin(first: tuple[str, int], home: Trace | None) -> list[Step]:
    """Return the way from the author's device into the journal, of which no device and no edge tells its part."""
    stage, at = first
    region = _region(stage)
    steps = [_unknown("author.device", stage, at, "unknown: device and edge tell no times")]
    if home is not None and home.accepted_at:
        steps.append(_step(stage, at, f"{region}.journal", home.accepted_at, branch=True, told_by=_gateways(home)))
    else:
        steps.append(
            _unknown(stage, f"{region}.journal", at, f"unknown: no gateway of {region} remembers", branch=True)
        )
    return steps


def _to_devices(answer: Trace, stage: str, at: int, *, branch: bool) -> list[Step]:
    delivery, device = f"{answer.region}.delivery", f"{answer.region}.device"
    if answer.state != "entry":
        return []
    if not (answer.published_at and answer.delivered_at and answer.devices):
        reason = f"unknown: no gateway of {answer.region} remembers that one was told"
        return [_unknown(stage, device, at, reason, branch=branch)]
    places = [(stage, at), (f"{answer.region}.fanout", answer.published_at), (delivery, answer.delivered_at)]
    if answer.had_at:
        places.append((device, answer.had_at))
    steps = [_step(*one, *other, branch=branch, told_by=_gateways(answer)) for one, other in pairwise(places)]
    if not answer.had_at:
        steps.append(
            _unknown(delivery, device, answer.delivered_at, "unknown: no mark of a device was seen here", branch=branch)
        )
    return steps


def _store(answer: Trace) -> str:
    return f"store of {answer.region}"


def _gateways(answer: Trace) -> str:
    return f"gateways of {answer.region}"


def _step(source: str, began: int, target: str, ended: int, *, branch: bool = False, told_by: str = "") -> Step:
    meaning = MEANING.get((_part(source), _part(target)), "")
    return Step(source, target, began, ended, meaning, branch, told_by)


def _unknown(source: str, target: str, at: int, reason: str, *, branch: bool = False) -> Step:
    return Step(source, target, at, at, reason, branch, "nobody", is_known=False)


def _clock_warnings(steps: Iterable[Step]) -> list[str]:
    worst: dict[tuple[str, str], float] = {}
    for step in steps:
        ends = _region(step.source), _region(step.target)
        if (took := step.milliseconds) is not None and took < 0:
            worst[ends] = min(worst.get(ends, 0.0), took)
    return [
        f"The clock of {target} is behind the clock of {source} by {-behind:.1f} ms at least: times between them are not to be trusted."
        if source != target
        else f"Clocks inside {source} disagree by {-behind:.1f} ms at least."
        for (source, target), behind in worst.items()
    ]


def _tell(
    message_id: str, known: Sequence[Trace], answers: Sequence[Trace], silent: Mapping[str, str]
) -> tuple[str, str]:
    by_state = {answer.state: answer for answer in reversed(known)}
    missing = f" {', '.join(silent)} could not be asked." if silent else ""
    if not known and (accepted := [answer.region for answer in answers if answer.accepted_at]):
        return "accepted", (
            f"{', '.join(accepted)} has accepted it: it stands in the journal there, and was not judged yet."
            f" See `causeway status` for a projector that is behind or away.{missing}"
        )
    if not known:
        names = ", ".join(sorted({answer.region for answer in answers}))
        return "unknown", (
            f"{names}: nobody knows {message_id}. It was never accepted, or stands in a journal that was not projected yet.{missing}"
        )
    if (refused := by_state.get("refused")) is not None:
        return "refused", f"It was refused: {refused.code}. That is final; its author was told."
    if (entry := by_state.get("entry") or by_state.get("held")) is None:
        pending = by_state["pending"]
        return "pending", (
            f"It is pending in {pending.region}, and waits for {pending.waits_for}: for its decision, or its answer to whether the conversation may begin. "
            f"See `causeway status` for links that are cut."
        )
    number = f"It is number {entry.seq} of {entry.conversation_id}"
    return _tell_entry(number, known)


def _tell_entry(number: str, known: Sequence[Trace]) -> tuple[str, str]:
    held = [answer.region for answer in known if answer.state == "held"]
    waiting = [answer.region for answer in known if answer.state == "pending"]
    if held:
        return "held", f"{number}, but held in {', '.join(held)}: an entry before it is missing there."
    late = f" {', '.join(waiting)} has not been told its number yet." if waiting else ""
    if members := max((answer.members for answer in known), default=0):
        had, read = max(answer.received_by for answer in known), max(answer.read_by for answer in known)
        state = "delivered" if had else "entry"
        return state, f"{number}; of {members} other members {had} have it on a device, {read} have read it.{late}"
    if any(answer.read for answer in known):
        return "delivered", f"{number}; its recipient has read it.{late}"
    if any(answer.received for answer in known):
        return "delivered", f"{number}; a device of its recipient has it.{late}"
    return "entry", f"{number}; no device of its recipient has said that it has it.{late}"


def _region(stage: str) -> str:
    return stage.partition(".")[0]


def _part(stage: str) -> str:
    return stage.partition(".")[2]
