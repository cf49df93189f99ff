"""How people come in and are found, put together: the endpoints of accounts, devices and profiles."""

import time
from collections.abc import Callable

from fastapi import APIRouter

from global_directory.client import DirectoryClient
from infra.passwords import Passwords
from infra.postgres import Pool
from region.accounts.appearance import Appearance
from region.accounts.credentials import Credentials
from region.accounts.federation import Federation
from region.accounts.keyring import Keyring
from region.accounts.registration import Registration
from region.accounts.sessions import Lifetimes, Sessions
from region.accounts.tokens import Verifier
from region.gateway.callers import Callers
from region.gateway.decisions import Decisions
from region.gateway.guards import Guards
from region.gateway.http_accounts import accounts
from region.gateway.http_people import people
from region.gateway.http_users import users
from region.gateway.hub import Hub
from region.gateway.people.search import Search
from region.gateway.profiles import Profiles
from region.gateway.settings import GatewaySettings
from region.holding.tenure import Tenure
from region.media.pictures.choosing import Choosing


def routers(
    settings: GatewaySettings,
    *,
    keyring: Keyring,
    verifier: Verifier,
    directory: DirectoryClient,
    federation: Federation,
    store: Pool,
    passwords: Passwords,
    decisions: Decisions,
    callers: Callers,
    hub: Hub,
    guards: Guards,
    search: Search,
    changed: Callable[[str], None],
    tenure: Tenure,
) -> dict[str, APIRouter]:
    """Return the endpoints, by name.

    Args:
        settings: Of the gateway.
        keyring: Signs tokens.
        verifier: Looks at tokens.
        directory: Knows who lives where.
        federation: The regions and their keys.
        store: Where accounts are read.
        passwords: Looks at passwords.
        decisions: Waits for what the projector decides.
        callers: Says who asks.
        hub: Has the devices that are connected.
        guards: Says how often what may be done.
        search: Finds people of all regions.
        changed: Has it told that a user's profile has changed.
        tenure: Whether this region may make accounts.
    """
    region = settings.region
    registration = Registration(
        region=region,
        regions=frozenset({region, *settings.others}),
        secret=keyring.secret,
        directory=directory,
        federation=federation,
        journal=decisions,
        store=store,
        passwords=passwords,
        tenure=tenure,
    )
    sessions = Sessions(
        region=region,
        directory=directory,
        federation=federation,
        journal=decisions,
        store=store,
        passwords=passwords,
        registration=registration,
        signer=keyring,
        verifier=verifier,
        lifetimes=Lifetimes(settings.access_seconds, settings.refresh_seconds),
        clock=time.time,
    )
    return {
        "accounts": accounts(region=region, registration=registration, sessions=sessions, guards=guards),
        "users": users(
            sessions=sessions,
            credentials=Credentials(journal=decisions, store=store, passwords=passwords),
            callers=callers,
            hub=hub,
            guards=guards,
        ),
        "people": people(
            appearance=Appearance(journal=decisions, store=store),
            callers=callers,
            profiles=Profiles(region=region, store=store, directory=directory, federation=federation),
            search=search,
            guards=guards,
            choose=Choosing(store).choose,
            changed=changed,
        ),
    }
