"""What users who are at home here take away from themselves alone: kept as runs of seqs, which only grow. Pure."""

from typing import Final

from msgspec.structs import replace

from region.projector.cases import Case, ImpossibleRecordError
from region.projector.docket import Docket
from region.store.rows import Concealed
from replication import runs
from replication.concealed import MOST_RUNS, MessageConcealed
from replication.ids import is_conversation_id, is_message_id
from replication.records import Submission

TOO_MANY: Final = "too-many-concealed"
DETAIL: Final = f"{MOST_RUNS:,} stretches of this conversation are deleted for you, which is the most. Delete what stands beside them."


def judge_concealing(docket: Docket, case: Case, submission: Submission, body: MessageConcealed) -> None:
    """Conceal a message, if it is not already and there is room; tell the user's devices.

    Raises:
        ImpossibleRecordError: It was relayed, or is about no message of a conversation; what is concealed is its user's home's alone.
    """
    if case.via is not None:
        raise ImpossibleRecordError(reason="messages are concealed at home only")
    if not is_conversation_id(body.about) or not is_message_id(body.target) or not 0 < body.first <= body.last:
        raise ImpossibleRecordError(reason="it is about no message of a conversation")
    key = submission.author, body.about
    known = docket.state.concealed.get(key) or Concealed(*key)
    more = runs.joined((*known.runs, (body.first, body.last)))
    if more != known.runs and len(more) > MOST_RUNS:
        docket.count("refused", TOO_MANY)
        docket.answer(case, submission, TOO_MANY, DETAIL)
        return
    if more != known.runs:
        told = replace(submission, reply_to="", hops=(*submission.hops, docket.hop))
        position = docket.put(case.partition, told, users=(submission.author,))
        docket.state.concealed[key] = docket.writes.concealed[key] = Concealed(*key, more, position)
    docket.answer(case, submission)
