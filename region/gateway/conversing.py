"""Everything that users do in conversations, put together: the endpoints of messages, groups, channels, friends and preferences."""

from fastapi import APIRouter

from infra.postgres import Pool
from region.gateway.acknowledging import Acknowledging
from region.gateway.alterations.composing import Composer
from region.gateway.alterations.desk import Alterations
from region.gateway.alterations.endpoints import alterations
from region.gateway.callers import Callers
from region.gateway.channels.desk import ChannelDesk
from region.gateway.channels.endpoints import channels
from region.gateway.channels.finding import Finder
from region.gateway.concealing import Concealing
from region.gateway.decisions import Decisions
from region.gateway.friends import circle
from region.gateway.groups.desk import Desk, Parts
from region.gateway.groups.endpoints import groups
from region.gateway.groups.pages import Pages
from region.gateway.groups.recall import Recall
from region.gateway.guards import Guards
from region.gateway.http_messages import messages
from region.gateway.http_preferences import preferences
from region.gateway.markkeeper import MarkKeeper
from region.gateway.messages import Messages
from region.gateway.outcomes import Outcomes
from region.gateway.pictures import Choose
from region.gateway.preferences import Preferring
from region.gateway.recipients import Recipients
from region.gateway.searching.desk import Searching
from region.gateway.searching.endpoints import searching
from region.gateway.signs.desk import PresenceDesk
from region.gateway.submissions import Clerk
from region.holding.tenure import Tenure


def routers(
    *,
    region: str,
    secret: bytes,
    store: Pool,
    recipients: Recipients,
    clerk: Clerk,
    outcomes: Outcomes,
    marks: MarkKeeper,
    recall: Recall,
    composer: Composer,
    decisions: Decisions,
    finder: Finder,
    presence: PresenceDesk,
    callers: Callers,
    guards: Guards,
    choose: Choose,
    tenure: Tenure,
    acknowledging: Acknowledging,
) -> dict[str, APIRouter]:
    """Return the endpoints, by name.

    Args:
        region: This region.
        secret: Of the region, from which links' tokens are made.
        store: Where conversations are read.
        recipients: Who exists.
        clerk: Makes submissions.
        outcomes: Tells what becomes of them.
        marks: Takes what pages mark as received.
        recall: Asks owners for what is not here.
        composer: Makes messages of what devices send.
        decisions: Waits for what concerns a user alone.
        finder: Finds channels of all regions.
        presence: Tells how friends are there.
        callers: Who calls.
        guards: How often one may.
        choose: Makes pictures of images.
        tenure: Whether what was decided here is certain.
        acknowledging: Waits for the standby, where it is to be waited for.
    """
    pages = Pages(store, recall, guards.look)
    posting = Messages(
        store=store,
        recipients=recipients,
        clerk=clerk,
        outcomes=outcomes,
        marks=marks,
        pages=pages,
        composer=composer,
        tenure=tenure,
        acknowledging=acknowledging,
    )
    parts = Parts(
        region=region,
        secret=secret,
        store=store,
        recipients=recipients,
        clerk=clerk,
        messages=posting,
        choose=choose,
    )
    return {
        "search": searching(callers=callers, desk=Searching(store), guards=guards),
        "messages": messages(callers=callers, guards=guards, messages=posting),
        "preferences": preferences(
            callers=callers, guards=guards, preferring=Preferring(journal=decisions, store=store)
        ),
        "alterations": alterations(
            callers=callers,
            desk=Alterations(store=store, clerk=clerk, messages=posting, pages=pages),
            concealing=Concealing(journal=decisions, store=store),
            guards=guards,
        ),
        "groups": groups(callers=callers, desk=Desk(**parts), messages=posting, guards=guards),
        "channels": channels(
            callers=callers, desk=ChannelDesk(finder=finder, look=guards.look, **parts), guards=guards
        ),
        **circle.routers(
            callers=callers,
            guards=guards,
            store=store,
            recipients=recipients,
            clerk=clerk,
            messages=posting,
            decisions=decisions,
            presence=presence,
            tenure=tenure,
        ),
    }
