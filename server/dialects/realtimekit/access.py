"""Who asks and for which app: the header forms of the clients, accounts and apps."""

from dataclasses import dataclass

from multidict import CIMultiDictProxy

from server.auth.errors import AuthRefused
from server.auth.keys import KeyRing, pair_of
from server.auth.principal import DEFAULT_ACCOUNT
from server.dialects.realtimekit.answers import KitError, not_found
from server.records import ApiKey, Workspace
from server.storage.port import IntegrationStore

DEFAULT_APP = "default"
DEFAULT_APP_NAME = "Default app"
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class AppRef:
    """An app as a request named it.

    Attributes:
        id: As it was asked for: answers echo it.
        account: Whose meetings it holds, in the server's own words.
        name: For people.
    """

    id: str
    account: str
    name: str


async def identify(keys: KeyRing, headers: CIMultiDictProxy[str]) -> ApiKey:
    """The key that a request shows: bearer token, service key, or key with its owner's address.

    Raises:
        KitError: 401.
    """
    for credential in _credentials(headers):
        try:
            return await keys.check(credential)
        except AuthRefused:
            continue
    raise KitError(401, "Authentication error")


def _credentials(headers: CIMultiDictProxy[str]) -> list[str]:
    found: list[str] = []
    scheme, _, token = headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        found.append(token.strip())
    email, key = headers.get("X-Auth-Email"), headers.get("X-Auth-Key")
    if key:
        if email:
            found.append(pair_of(email, key))
        if key.startswith("rt_"):
            found.append(key)
    if service := headers.get("X-Auth-User-Service-Key"):
        found.append(service)
    return [one for one in found if len(one) <= _LONGEST]


def check_account(key: ApiKey, account_id: str) -> None:
    """A key sees its own account; one of the default account sees all.

    Raises:
        KitError: 404.
    """
    if key.account not in (DEFAULT_ACCOUNT, account_id):
        not_found("account", account_id)


async def find_app(
    store: IntegrationStore, key: ApiKey, account_id: str, app_id: str, *, dev: bool
) -> AppRef:
    """The app of a request.

    Raises:
        KitError: 404 for foreign and unknown ones alike.
    """
    found = await store.find_record(Workspace, app_id)
    if key.account in (DEFAULT_ACCOUNT, account_id):
        if found is not None and found.account == account_id:
            return AppRef(app_id, found.id, found.name)
        operator = key.account == DEFAULT_ACCOUNT and app_id == DEFAULT_APP
        if found is None and (dev or operator):
            return AppRef(app_id, DEFAULT_ACCOUNT, DEFAULT_APP_NAME)
    return not_found("app", app_id)
