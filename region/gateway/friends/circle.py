"""Composes what a user decides about others."""

from fastapi import APIRouter

from infra.postgres import Pool
from region.gateway.callers import Callers
from region.gateway.decisions import Decisions
from region.gateway.friends.blocks import blocks
from region.gateway.friends.desk import FriendDesk
from region.gateway.friends.endpoints import friends
from region.gateway.friends.restraints import Keeper
from region.gateway.guards import Guards
from region.gateway.messages import Messages
from region.gateway.moderation.desk import ModerationDesk
from region.gateway.moderation.endpoints import moderating
from region.gateway.moderation.removing import Remover
from region.gateway.recipients import Recipients
from region.gateway.signs.desk import PresenceDesk
from region.gateway.signs.endpoints import presences
from region.gateway.submissions import Clerk
from region.holding.tenure import Tenure


def routers(
    *,
    callers: Callers,
    guards: Guards,
    store: Pool,
    recipients: Recipients,
    clerk: Clerk,
    messages: Messages,
    decisions: Decisions,
    presence: PresenceDesk,
    tenure: Tenure,
) -> dict[str, APIRouter]:
    """Return the endpoints, by tag."""
    desk = FriendDesk(store=store, recipients=recipients, clerk=clerk, messages=messages, presence=presence)
    keeper = Keeper(store=store, journal=decisions, recipients=recipients)
    return {
        "friends": friends(callers=callers, desk=desk, guards=guards),
        "presence": presences(callers=callers, desk=presence),
        "moderation": moderating(
            callers=callers,
            desk=ModerationDesk(
                store=store,
                journal=decisions,
                recipients=recipients,
                messages=messages,
                remover=Remover(store, clerk),
                tenure=tenure,
            ),
            guards=guards,
        ),
        "blocks": blocks(callers=callers, keeper=keeper, guards=guards),
    }
