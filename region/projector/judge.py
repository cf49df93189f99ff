"""Judge one journal record: check that it may come the way it came, then hand it on by its kind.

Pure: `docket` holds what is known and takes what follows. The same records in the same order give the same outcomes.
"""

from region.projector import accounts, concealing, entries, marks, messages, moderation, openings, preferences
from region.projector.cases import Case, ImpossibleRecordError
from region.projector.docket import Docket
from region.projector.homes import home_of, owner_of
from region.projector.refusing import refuse_unkept
from replication.charters import Charter
from replication.concealed import MessageConcealed
from replication.ids import partition_of
from replication.limits import object_to_times
from replication.moderation import ModerationBody
from replication.preferences import PreferencesChanged
from replication.records import (
    ConversationAnswered,
    Entry,
    LogBody,
    Mark,
    MessageRead,
    MessageReceived,
    Opening,
    Receipt,
    Refusal,
    Submission,
    Via,
)


def judge(docket: Docket, case: Case) -> None:
    """Judge one case; what cannot be read or applied is put aside, and its author is told."""
    docket.enter(case)
    if case.record is None:
        docket.put_aside(case, case.flaw, case.kind)
        return
    if case.condemned and _author_is_told(docket, case):
        docket.count("duplicate")
        return
    try:
        _judge(docket, case)
    except ImpossibleRecordError as error:
        condemn(docket, case, str(error))


def condemn(docket: Docket, case: Case, reason: str) -> None:
    """Put a record aside that cannot be applied; tell the author of a submission, wherever at home, that it was refused."""
    docket.put_aside(case, reason)
    record = case.record
    if not isinstance(record, Submission):
        return
    if isinstance(record.body, LogBody):
        if _author_is_told(docket, case):
            refuse_unkept(docket, case, record, record.body)
    elif case.via is None:
        docket.answer(case, record, ImpossibleRecordError.code, "This could not be applied. Try something else.")


def finish(docket: Docket) -> None:
    """End the batch: put out the marks that rose in it, each once, with its final value."""
    docket.trace = ""  # they are of several cases
    marks.put_risen(docket)


def _judge(docket: Docket, case: Case) -> None:
    record, via = case.record, case.via
    if isinstance(record, Submission | Entry | Receipt | Charter) and (objection := object_to_times(record)):
        raise ImpossibleRecordError(reason=objection)
    if isinstance(record, Submission):
        _judge_submission(docket, case, record)
        return
    if isinstance(record, Entry):
        _check_partition(docket, case, record.conversation_id)
        entries.judge_entry(docket, case, record, via)
        return
    if via is None:
        raise ImpossibleRecordError(reason=f"a region does not submit a record of kind {type(record).__name__}")
    if isinstance(record, Charter):
        _check_partition(docket, case, record.conversation_id)
        entries.judge_charter(docket, case, record, via)
    elif isinstance(record, Receipt):
        _check_partition(docket, case, record.conversation_id)
        entries.judge_receipt(docket, case, record, via)
    elif isinstance(record, Refusal):
        _check_partition(docket, case, record.conversation_id)
        entries.judge_refusal(docket, case, record, via)
    elif isinstance(record, Mark):
        _check_partition(docket, case, record.conversation_id)
        marks.merge_mark(docket, case, record, via)
    elif isinstance(record, Opening):
        _check_partition(docket, case, record.conversation_id)
        openings.judge_opening(docket, case, record, via)


def _judge_submission(docket: Docket, case: Case, submission: Submission) -> None:
    body = submission.body
    _check_partition(docket, case, submission.conversation_id or submission.author)
    _check_home(docket, submission, case.via)
    if isinstance(body, LogBody):
        messages.judge_message(docket, case, submission, body)
    elif isinstance(body, MessageReceived | MessageRead):
        marks.judge_mark(docket, case, submission, body)
    elif isinstance(body, ConversationAnswered):
        openings.judge_answer(docket, case, submission, body)
    elif isinstance(body, PreferencesChanged):
        preferences.judge_preferences(docket, case, submission, body)
    elif isinstance(body, MessageConcealed):
        concealing.judge_concealing(docket, case, submission, body)
    elif isinstance(body, ModerationBody):
        moderation.judge_moderation(docket, case, submission, body)
    else:
        accounts.judge_account(docket, case, submission, body)


def _author_is_told(docket: Docket, case: Case) -> bool:
    """Whether somebody is told of a message that it cannot be applied; where one was, that stands."""
    record = case.record
    if not isinstance(record, Submission) or not isinstance(record.body, LogBody):
        return False
    return case.via is None or _is_ours_to_refuse(docket, record, case.via)


def _is_ours_to_refuse(docket: Docket, submission: Submission, via: Via) -> bool:
    """Whether the home that a message came from is its author's, and would take a refusal from here."""
    try:
        _check_home(docket, submission, via)
        return owner_of(submission.conversation_id) == docket.here
    except (ImpossibleRecordError, ValueError):
        return False


def _check_home(docket: Docket, submission: Submission, via: Via | None) -> None:
    expected = docket.here if via is None else via.stream.origin
    try:
        home = home_of(submission.author)
    except ValueError as error:
        raise ImpossibleRecordError(reason=f"{submission.author!r} is no user id") from error
    if not expected == submission.home == home:
        raise ImpossibleRecordError(reason=f"it came by {expected}, but its author lives in {home}")


def _check_partition(docket: Docket, case: Case, key: str) -> None:
    try:
        right = partition_of(key, docket.partitions)
    except ValueError as error:
        raise ImpossibleRecordError(reason=f"{key!r} is no id") from error
    if right != case.partition:
        raise ImpossibleRecordError(reason=f"it stands in partition {case.partition}, but belongs into {right}")
