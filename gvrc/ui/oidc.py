"""Sign-in by an organisation (OpenID Connect), when it is configured: authorization code with PKCE, state and nonce.

What a sign-in must remember between its two halves is in a cookie that only this application can read and that lives ten minutes; nothing is
kept on the server. The identity token is checked (signature, issuer, audience, expiry, nonce) before anything in it is believed. Who the
person is here, and whether they may come in, `gvrc.accounts` decides.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import httpx
import orjson
import structlog
from anyio import to_thread
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gvrc import accounts
from gvrc.accounts import ExternalIdentity
from gvrc.errors import ConfigError, GvrcError, NotAllowedError, StoreError
from gvrc.model.access import Role
from gvrc.security.crypto import KeyRing, decrypt, encrypt
from gvrc.settings import Settings
from gvrc.ui import house
from gvrc.ui.gate import OIDC_CALLBACK_PATH, OIDC_LOGOUT_PATH, OIDC_START_PATH, SIGN_IN_PATH

if TYPE_CHECKING:
    from authlib.integrations.httpx_client import OAuth2Client

STATE_COOKIE = "gvrc_oidc"
BY_COOKIE = "gvrc_signed_in_by"
STATE_SECONDS = 600
TIMEOUT_SECONDS = 10.0
METADATA_SECONDS = 3600.0
ALGORITHMS = ["RS256", "PS256", "ES256"]
"""Signatures that are believed: asymmetric ones, so that neither `none` nor a shared secret can stand in for the provider's key."""
_BOUND_TO = b"oidc state"
_LEEWAY_SECONDS = 60
_RANK = [Role.ADMIN, Role.APPROVER, Role.DATA_STEWARD, Role.DATA_ENGINEER, Role.DATA_ANALYST, Role.VIEWER]
_log = structlog.get_logger("oidc")


@dataclass(slots=True)
class Provider:
    """The organisation's sign-in: its metadata and keys, fetched when they are wanted and kept for an hour."""

    issuer: str
    _metadata: Mapping[str, Any] = field(default_factory=dict)
    _keys: Any = None
    _fetched_at: float = float("-inf")

    def metadata(self) -> Mapping[str, Any]:
        """The provider's own description of itself (OpenID Connect Discovery 1.0). Raises ConfigError when it is not that of the issuer."""
        if time.monotonic() - self._fetched_at > METADATA_SECONDS:
            self._fetch()
        return self._metadata

    def claims(self, id_token: str, *, client_id: str, nonce: str) -> Mapping[str, Any]:
        """What a checked identity token says. Raises JoseError or NotAllowedError."""
        self.metadata()
        try:
            token = jwt.decode(id_token, self._keys, algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            self._fetch()  # the provider may have changed its keys since
            token = jwt.decode(id_token, self._keys, algorithms=ALGORITHMS)
        jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_SECONDS, iss={"essential": True, "value": self.issuer}, aud={"essential": True, "value": client_id},
            exp={"essential": True}, iat={"essential": True}, sub={"essential": True}, nonce={"essential": True, "value": nonce},
        ).validate(token.claims)
        if isinstance(token.claims["aud"], list) and len(token.claims["aud"]) > 1 and token.claims.get("azp") != client_id:
            raise NotAllowedError("The identity token was made for somebody else.")
        return token.claims

    def _fetch(self) -> None:
        with httpx.Client(timeout=TIMEOUT_SECONDS) as client:
            found = client.get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration").raise_for_status().json()
            if found.get("issuer") != self.issuer:
                raise ConfigError("The organisation's sign-in calls itself by another address than GVRC_OIDC_ISSUER.", "Set it exactly as the provider does.")
            self._keys = KeySet.import_key_set(client.get(_safe_url(found["jwks_uri"])).raise_for_status().json())
        self._metadata, self._fetched_at = found, time.monotonic()


_providers: dict[str, Provider] = {}


def is_configured(settings: Settings) -> bool:
    """Whether the sign-in page offers the organisation's sign-in."""
    return bool(settings.oidc_issuer and settings.oidc_client_id and settings.oidc_redirect_url)


def start_link(next_path: str) -> str:
    """Where the button of the sign-in page leads."""
    return f"{OIDC_START_PATH}?{urlencode({'next': next_path})}"


async def start(request: Request) -> Response:
    """Send the browser to the organisation, with a cookie that remembers what must come back."""
    from gvrc.ui.sign_in import safe_next

    settings = house.current().settings
    if not is_configured(settings):
        return _back()
    kept = {
        "state": secrets.token_urlsafe(32), "nonce": secrets.token_urlsafe(32), "verifier": secrets.token_urlsafe(48),
        "next": safe_next(request.query_params.get("next", "/")), "until": time.time() + STATE_SECONDS,
    }
    try:
        target = await to_thread.run_sync(_authorization_url, settings, kept)
    except Exception as error:
        return _refused(error)
    response = RedirectResponse(target, status_code=303, headers={"cache-control": "no-store"})
    sealed = encrypt(_cookie_key(settings), orjson.dumps(kept), _BOUND_TO).hex()
    response.set_cookie(STATE_COOKIE, sealed, max_age=STATE_SECONDS, path="/auth/oidc/", httponly=True, samesite="lax", secure=_is_secure(settings))
    return response


async def callback(request: Request) -> Response:
    """The browser comes back: exchange the code, check the token, open a session of our own."""
    from gvrc.ui.sign_in import is_too_often, signed_in

    settings = house.current().settings
    kept = _kept(settings, request)
    given = request.query_params
    if not is_configured(settings) or kept is None or not hmac.compare_digest(str(kept["state"]).encode(), given.get("state", "").encode()) or "code" not in given:
        return _refused(NotAllowedError("The way back from the organisation does not fit the way there."))
    if is_too_often(request):
        return _refused(NotAllowedError("Too many tries."))
    try:
        identity = await to_thread.run_sync(_identity, settings, given["code"], kept)
        token = await to_thread.run_sync(_begin, settings, identity, request)
    except StoreError as error:
        from gvrc.ui.sign_in import trouble_page

        return await to_thread.run_sync(trouble_page, error)
    except Exception as error:
        return _refused(error)
    response = signed_in(request, token, str(kept["next"]), is_secure=_is_secure(settings))
    response.set_cookie(BY_COOKIE, "oidc", max_age=settings.session_hours * 3600, path="/auth/oidc/", httponly=True, samesite="lax", secure=_is_secure(settings))
    response.delete_cookie(STATE_COOKIE, path="/auth/oidc/")
    return response


async def log_out(request: Request) -> Response:
    """After a sign-out: end the sign-in at the organisation too, when that is where it came from (RP-initiated logout)."""
    settings = house.current().settings
    if not is_configured(settings) or request.cookies.get(BY_COOKIE) != "oidc":
        return _back()
    try:
        ending = (await to_thread.run_sync(_provider(settings).metadata)).get("end_session_endpoint")
    except Exception as error:
        _log.warning("oidc_logout_failed", why=type(error).__name__)
        ending = None
    home = f"{_origin(settings)}{SIGN_IN_PATH}"
    target = f"{_safe_url(ending)}?{urlencode({'client_id': settings.oidc_client_id, 'post_logout_redirect_uri': home})}" if ending else SIGN_IN_PATH
    response = RedirectResponse(target, status_code=303, headers={"cache-control": "no-store"})
    response.delete_cookie(BY_COOKIE, path="/auth/oidc/")
    return response


# ------------------------------------------------------------------------------------------------------------------------ the protocol


def _provider(settings: Settings) -> Provider:
    issuer = _safe_url(settings.oidc_issuer or "")
    return _providers.setdefault(issuer, Provider(issuer))


def _client(settings: Settings) -> OAuth2Client:
    from authlib.integrations.httpx_client import OAuth2Client  # here, for loading it warns on the terminal, provider or not

    return OAuth2Client(
        settings.oidc_client_id, settings.oidc_client_secret, scope="openid email profile", redirect_uri=settings.oidc_redirect_url,
        token_endpoint_auth_method="client_secret_basic" if settings.oidc_client_secret else "none", timeout=TIMEOUT_SECONDS,
    )


def _authorization_url(settings: Settings, kept: Mapping[str, Any]) -> str:
    from authlib.oauth2.rfc7636 import create_s256_code_challenge

    metadata = _provider(settings).metadata()
    with _client(settings) as client:
        target, _ = client.create_authorization_url(
            _safe_url(metadata["authorization_endpoint"]), state=kept["state"], nonce=kept["nonce"],
            code_challenge=create_s256_code_challenge(kept["verifier"]), code_challenge_method="S256",
        )
    return str(target)


def _identity(settings: Settings, code: str, kept: Mapping[str, Any]) -> ExternalIdentity:
    provider = _provider(settings)
    with _client(settings) as client:
        answer = client.fetch_token(_safe_url(provider.metadata()["token_endpoint"]), grant_type="authorization_code", code=code, code_verifier=kept["verifier"])
    claims = provider.claims(answer["id_token"], client_id=str(settings.oidc_client_id), nonce=str(kept["nonce"]))
    email = claims.get("email")
    return ExternalIdentity(
        external_id=f"{claims['iss']}|{claims['sub']}", email=email if isinstance(email, str) else None, is_email_verified=claims.get("email_verified") is True,
        display_name=str(claims.get("name", ""))[:100], role=role_of(settings, claims),
    )


def role_of(settings: Settings, claims: Mapping[str, Any]) -> Role | None:
    """The widest role that the groups of the claims give; None when there is none, or roles are not mapped."""
    said = claims.get(settings.oidc_role_claim, [])
    groups = {said} if isinstance(said, str) else {group for group in said if isinstance(group, str)} if isinstance(said, list) else set()
    given = {Role(role) for group, role in settings.oidc_roles.items() if group in groups}
    return next((role for role in _RANK if role in given), None)


def _begin(settings: Settings, identity: ExternalIdentity, request: Request) -> str:
    return accounts.sign_in_external(
        house.current().database(), identity, has_mapped_roles=bool(settings.oidc_roles), may_create=settings.oidc_create_accounts,
        ip_address=request.client.host if request.client else None, user_agent=request.headers.get("user-agent"),
    )


# ------------------------------------------------------------------------------------------------------------------------ what both halves need


def _kept(settings: Settings, request: Request) -> Mapping[str, Any] | None:
    """What the cookie remembers; None when it is not ours, was changed, or is too old."""
    try:
        kept: Mapping[str, Any] = orjson.loads(decrypt(_cookie_key(settings), bytes.fromhex(request.cookies.get(STATE_COOKIE, "")), _BOUND_TO))
    except (GvrcError, ValueError):
        return None
    return kept if kept["until"] > time.time() else None


def _cookie_key(settings: Settings) -> bytes:
    """A key for this cookie alone, the same in every process of the installation."""
    ring = KeyRing.load(settings)
    return hmac.digest(ring.keys[ring.key_id], _BOUND_TO, "sha256")


def _safe_url(url: str) -> str:
    """An address of the provider: encrypted, unless it is this machine. Raises ConfigError."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")):
        raise ConfigError("The organisation's sign-in must be reached by https.", "Set GVRC_OIDC_ISSUER to an address that begins with https://.")
    return url


def _origin(settings: Settings) -> str:
    parts = urlsplit(settings.oidc_redirect_url or "")
    return f"{parts.scheme}://{parts.netloc}"


def _is_secure(settings: Settings) -> bool:
    return urlsplit(settings.oidc_redirect_url or "").scheme == "https"


def _back() -> Response:
    return RedirectResponse(SIGN_IN_PATH, status_code=303, headers={"cache-control": "no-store"})


def _refused(error: Exception) -> Response:
    """The sign-in page with what a visitor may know; the log says what kind of failure it was, never a token or a code."""
    from gvrc.ui.sign_in import refused_page

    _log.warning("oidc_refused", why=error.detail if isinstance(error, GvrcError) else type(error).__name__)
    told = error if isinstance(error, NotAllowedError) and error.hint else None
    response = refused_page(told.detail if told else None, told.hint if told else None)
    response.delete_cookie(STATE_COOKIE, path="/auth/oidc/")
    return response


ROUTES = [
    Route(OIDC_START_PATH, start, methods=["GET"]),
    Route(OIDC_CALLBACK_PATH, callback, methods=["GET"]),
    Route(OIDC_LOGOUT_PATH, log_out, methods=["GET"]),
]
