"""Refuse what was to be numbered: for good and kept by its id, with a sentence that its author reads. Pure."""

from typing import Final

from region.holding.errors import DETAIL_ANEW, ISLANDED
from region.projector import channels, friends, restraints, rules
from region.projector.cases import Case, ImpossibleRecordError
from region.projector.docket import Docket
from replication import objections
from replication.records import LogBody, Refusal, Submission

RECIPIENT_UNKNOWN: Final = "recipient-unknown"
OVERTAKEN: Final = "overtaken"

DETAILS: Final = {
    **rules.DETAILS,
    **objections.DETAILS,
    **channels.DETAILS,
    **friends.DETAILS,
    **restraints.DETAILS,
    ISLANDED: DETAIL_ANEW,
    OVERTAKEN: "While the region was away that decided it the same was changed anew, and that stays. Look at what stands there, and do it again if you still want it.",
    RECIPIENT_UNKNOWN: "There is nobody of that id. Check whom you wrote to.",
    "impossible-record": "This message could not be applied. Write it anew.",
}
"""What a refusal's author reads, by code."""


def refuse(docket: Docket, partition: int, submission: Submission, body: LogBody, code: str, *, reply: bool) -> None:
    """Refuse a message for good; its author is told, wherever at home."""
    refusal = _refusal(docket, submission, body, code)
    local = submission.home == docket.here
    position = docket.put(
        partition,
        refusal,
        users=(submission.author,) if local else (),
        reply_to=submission.reply_to if local and reply else "",
        to=() if local else (submission.home,),
    )
    docket.writes.refusals[submission.id] = (refusal, position)
    docket.state.known[submission.id] = refusal
    docket.count("refused", code)


def refuse_unkept(docket: Docket, case: Case, submission: Submission, body: LogBody) -> None:
    """Tell the author of an impossible message that it is refused; nothing is kept under an id that may be another's."""
    code, local = ImpossibleRecordError.code, case.via is None
    docket.put(
        case.partition,
        _refusal(docket, submission, body, code),
        users=(submission.author,) if local else (),
        reply_to=submission.reply_to if local else "",
        to=() if local else (submission.home,),
    )
    docket.count("refused", code)


def _refusal(docket: Docket, submission: Submission, body: LogBody, code: str) -> Refusal:
    return Refusal(
        message_id=submission.id,
        conversation_id=submission.conversation_id,
        author=submission.author,
        code=code,
        detail=DETAILS.get(code, "The message was refused."),
        content_hash=submission.content_hash,
        epoch=docket.epoch,
        client_message_id=body.client_message_id,
        hops=(*submission.hops, docket.hop),
    )
