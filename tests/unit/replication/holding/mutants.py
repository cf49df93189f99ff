"""The rules of takeover, each broken on purpose: what must be found, by a walk or by the story that shows why the rule is there."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from replication.holding import anew, duty, following, takeover
from replication.holding.following import Ack, Copy, Verdict
from replication.holding.paths import ENDLESS, Path
from replication.holding.takeover import Adoption, Offer
from replication.runs import holds


def _taking_anything(copy: Copy, told_in: int, seq: int) -> Verdict:
    """A fenced region goes on as before."""
    if told_in != copy.path.epoch:
        return Verdict.STALE
    return Verdict.DROP if holds(copy.runs, seq) else Verdict.STORE


def _taking_stale(copy: Copy, told_in: int, seq: int) -> Verdict:
    if told_in > copy.path.epoch:
        return Verdict.EARLY
    return Verdict.DROP if holds(copy.runs, seq) else Verdict.STORE


def _taking_early(copy: Copy, told_in: int, seq: int) -> Verdict:
    if told_in < max(copy.fence, copy.path.epoch):
        return Verdict.STALE
    return Verdict.DROP if holds(copy.runs, seq) else Verdict.STORE


def _acknowledging_always(copy: Copy, region: str, incarnation: int) -> Ack:
    return Ack(region, incarnation, copy.path.epoch, copy.head)


def _keeping_all(copy: Copy, path: Path) -> Copy | None:
    if path.epoch <= copy.path.epoch or path.epoch < copy.fence:
        return None
    return Copy(path, max(copy.fence, path.epoch), copy.runs)


def _last_of_epoch_not_above(one: Path, other: Path) -> int:
    """The last seq of an epoch not above, without asking whether both followed it."""
    if one.epoch == other.epoch:
        return ENDLESS
    older, newer = sorted((one, other), key=lambda path: path.epoch)
    return max((span.last for span in newer.began if span.epoch <= older.epoch), default=0)


def _longest(offers: Mapping[str, Offer], epoch: int) -> Adoption:
    region, offer = max(offers.items(), key=lambda item: item[1].runs[0][1] if item[1].runs else 0)
    last = offer.runs[0][1] if offer.runs and offer.runs[0][0] == 1 else 0
    return Adoption(Path(epoch, offer.path.spans(last)), ((region, 1, last),) if last else ())


def _mixed(offers: Mapping[str, Offer], epoch: int) -> Adoption:
    newest = max((offer.path for offer in offers.values()), key=lambda path: path.epoch)
    sources: list[tuple[str, int, int]] = []
    last = 0
    for region, offer in offers.items():
        upto = offer.runs[0][1] if offer.runs and offer.runs[0][0] == 1 else 0
        if upto > last:
            sources.append((region, last + 1, upto))
            last = upto
    return Adoption(Path(epoch, newest.spans(last)), tuple(sources))


def _without_tail(
    tail: Iterable[str], undecided: Iterable[str], pending: Iterable[str], numbered: Iterable[str]
) -> tuple[str, ...]:
    known = set(numbered)
    return tuple(message for message in dict.fromkeys((*undecided, *pending)) if message not in known)


_claim, _priming = duty.judge_claim, duty.judge_priming


def _keepers_by_name(*given: object, **named: object) -> duty.Duty:
    after = _claim(*given, **named)  # type: ignore[arg-type]  # passed on
    return replace(after, keepers=frozenset({(after.holder, after.incarnation), (after.standby, 1)}))


def _primed_early(
    record: duty.Duty, epoch: int, holder: object, standby: object, *, head: int, needed: int
) -> duty.Duty:
    return _priming(record, epoch, holder, standby, head=head, needed=0)  # type: ignore[arg-type]  # passed on


def _primed_beside(record: duty.Duty, *given: object, **named: object) -> duty.Duty:
    after = _priming(record, *given, **named)  # type: ignore[arg-type]  # passed on
    return replace(after, keepers=record.keepers | after.keepers)


Changes = Mapping[tuple[object, str], Callable[..., object]]

WALKED: dict[str, Changes] = {
    "what a deposed holder tells is taken in": {(following, "judge"): _taking_stale},
    "an epoch is followed whose beginning is unknown": {(following, "judge"): _taking_early},
    "a tail stays as if it were final": {(following, "turned"): _keeping_all},
    "a tail is thrown away": {(anew, "owed"): _without_tail},
    "what is submitted anew is numbered anew": {(anew, "numbers"): lambda message, numbered: True},
    "final as soon as it is numbered": {(following, "final"): lambda ack, epoch, standby: ENDLESS},
    "copies are mixed whatever they follow": {(takeover, "adopt"): _mixed},
    "a new life goes on in the epoch of the old": {
        (duty, "is_held_by"): lambda record, region, incarnation: region == record.holder
    },
}

_FINAL = "accept us; decide us m0; tell eu 1 1; ack eu 1; final us"
_SECOND = "claim eu ap; fence eu; begin eu"

STORIES: dict[str, tuple[str, Changes]] = {
    "begun without who keeps everything": (
        f"{_FINAL}; lose eu; claim eu ap; fence eu; begin eu",
        {(takeover, "suffices"): lambda keepers, offers, epoch: True},
    ),
    "a fenced standby goes on": (
        "claim eu ap; fence eu; accept us; decide us m0; tell eu 1 1; ack eu 1; final us; begin eu",
        {(following, "judge"): _taking_anything, (following, "acknowledged"): _acknowledging_always},
    ),
    "final before the directory knows the standby": (
        (
            f"{_SECOND}; accept eu; decide eu m0; begun ap 2; tell ap 2 1; ack ap 2; final eu; "
            "lose eu; claim eu ap; fence eu; fence us; begin eu us"
        ),
        {(following, "final"): lambda ack, epoch, standby: ack.head if ack.epoch == epoch else 0},
    ),
    "final by what was acknowledged in another epoch": (
        (
            f"{_SECOND}; accept eu; decide eu m0; begun ap 2; tell ap 2 1; ack ap 2; lose eu; claim eu ap; fence eu; "
            "fence us; begin eu us; begun ap 3; ack ap 3; prime eu; accept eu; decide eu m1; final eu; claim ap us; "
            "fence ap; begin ap"
        ),
        {(following, "final"): lambda ack, epoch, standby: ack.head if standby == (ack.region, ack.incarnation) else 0},
    ),
    "the longest copy wins": (
        (
            f"accept us; decide us m0; {_SECOND}; accept eu; accept us; decide us m2; begun ap 2; ack ap 2; prime eu; "
            "decide eu m1; tell ap 2 1; ack ap 2; final eu; claim ap eu; fence ap; fence us; begin ap us"
        ),
        {(takeover, "adopt"): _longest},
    ),
    "who is named keeps everything": (
        f"{_FINAL}; {_SECOND}; claim ap us; fence ap; begin ap",
        {(duty, "judge_claim"): _keepers_by_name},
    ),
    "a standby is confirmed before it has everything": (
        f"{_FINAL}; {_SECOND}; begun ap 2; ack ap 2; prime eu; claim ap us; fence ap; begin ap",
        {(duty, "judge_priming"): _primed_early},
    ),
    "who kept everything once keeps it for ever": (
        (
            f"{_SECOND}; begun ap 2; ack ap 2; prime eu; accept eu; decide eu m0; tell ap 2 1; ack ap 2; final eu; "
            "lose ap; claim ap us; fence ap; fence us; begin ap us"
        ),
        {(duty, "judge_priming"): _primed_beside},
    ),
    "the last seq of an epoch not above": (
        (
            f"{_SECOND}; accept eu; decide eu m0; claim ap eu; fence ap; fence us; begin ap us; accept ap; decide ap m1; "
            "begun us 3; tell us 3 1; claim eu us; fence eu; begin eu; begun us 4"
        ),
        {(following, "shared"): _last_of_epoch_not_above, (takeover, "shared"): _last_of_epoch_not_above},
    ),
}
"""Who does what, in order; what a rule forbids does not happen, and the story goes on."""
