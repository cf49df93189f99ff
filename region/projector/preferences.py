"""What users who are at home here want of conversations for themselves alone: the last change counts, in the order of the journal. Pure."""

from typing import Final

from msgspec.structs import replace

from region.projector.cases import Case, ImpossibleRecordError
from region.projector.docket import Docket
from region.store.rows import PreferencesRow
from replication.ids import is_conversation_id
from replication.preferences import PreferencesChanged
from replication.records import Submission

CONFLICT: Final = "version-conflict"
DETAIL: Final = "Another device has changed this meanwhile. Read what it is now, and decide again."


def judge_preferences(docket: Docket, case: Case, submission: Submission, body: PreferencesChanged) -> None:
    """Change what was named, if nobody else did since the device looked; tell the user's devices what it is now.

    Raises:
        ImpossibleRecordError: It was relayed, or is about no conversation; preferences are their home's alone.
    """
    if case.via is not None:
        raise ImpossibleRecordError(reason="preferences are changed at home only")
    if not is_conversation_id(body.about) or "\0" in (body.draft or ""):
        raise ImpossibleRecordError(reason="it is about no conversation, or holds what no store keeps")
    key = submission.author, body.about
    known = docket.state.preferences.get(key) or PreferencesRow(*key)
    if body.replaces is not None and body.replaces != known.version:
        docket.count("refused", CONFLICT)
        docket.answer(case, submission, CONFLICT, DETAIL)
        return
    changed = known.changed(body)
    if changed != known:
        changed.version = known.version + 1
        told = replace(submission, body=changed.as_told(), reply_to="", hops=(*submission.hops, docket.hop))
        changed.position = docket.put(case.partition, told, users=(submission.author,))
        docket.state.preferences[key] = docket.writes.preferences[key] = changed
    docket.answer(case, submission)
