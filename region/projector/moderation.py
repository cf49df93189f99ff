"""Reports, and what moderators decide, about users at home here. Pure."""

from msgspec.structs import replace

from region.holding.errors import DETAIL, ISLANDED
from region.projector.accounts import log_out_all
from region.projector.cases import Case, ImpossibleRecordError
from region.projector.docket import Docket
from region.projector.homes import home_of
from region.store.reports import TOO_MANY
from replication.ids import is_user_id
from replication.moderation import AccountRestored, AccountSuspended, ModerationBody, UserReported
from replication.records import Submission


def judge_moderation(docket: Docket, case: Case, submission: Submission, body: ModerationBody) -> None:
    """Keep a report where who is reported lives; do what was decided about an account at its home.

    Raises:
        ImpossibleRecordError: It was relayed and is no report of somebody here.
    """
    if isinstance(body, UserReported):
        _report(docket, case, submission, body)
        return
    if case.via is not None:
        raise ImpossibleRecordError(reason="accounts are moderated at home only")
    user = docket.state.users.get(submission.author)
    if user is None or not user.confirmed:
        docket.answer(case, submission, "user-unknown", "There is no such account here.")
        return
    if isinstance(body, AccountSuspended) and user.user_id not in docket.state.suspended:
        docket.state.suspended.add(user.user_id)
        log_out_all(docket, case, submission)
    elif isinstance(body, AccountRestored) and user.user_id in docket.state.suspended:
        if not docket.permits():
            docket.answer(case, submission, ISLANDED, DETAIL)
            return
        docket.state.suspended.discard(user.user_id)
    docket.writes.moderation.append((submission, body))
    docket.answer(case, submission)


def _report(docket: Docket, case: Case, submission: Submission, body: UserReported) -> None:
    if not is_user_id(body.user_id):
        raise ImpossibleRecordError(reason="it reports nobody")
    home = home_of(body.user_id)
    if home == docket.here:
        key = (submission.author, body.user_id, body.message_id)
        if docket.state.reports.stands(key):
            docket.count("report dropped", "repeated")
        elif docket.state.reports.take(key, here=docket.here):
            docket.writes.moderation.append((replace(submission, submitted_at=docket.time_of(submission)), body))
        else:
            docket.count("report dropped", TOO_MANY)
            docket.answer(case, submission, TOO_MANY, "So many reports are open that no more are taken now.")
            return
    elif case.via is None:
        docket.put(case.partition, submission, to=(home,))
    else:
        raise ImpossibleRecordError(reason=f"who is reported lives in {home}")
    if case.via is None:
        docket.answer(case, submission)
