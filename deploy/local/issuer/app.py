"""The issuer's endpoints (OpenID Connect Core, code flow); refuses a request without PKCE, nonce or not."""

import base64
import binascii
import hmac
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import unquote_plus, urlencode

from fastapi import FastAPI, Form, Header, Query, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict

from deploy.local.issuer.clients import Client, Codes, is_challenge
from deploy.local.issuer.personas import Personas, UnknownPersona
from deploy.local.issuer.tokens import ACCESS_SECONDS, PERSONA_GRANT, Signer, TokenRefused
from deploy.local.pages import POLICY, Pages

_SEE_OTHER, _BAD_REQUEST, _UNAUTHORIZED = 303, 400, 401
_SUBJECT: Final = re.compile(r"[A-Za-z0-9._=-]{1,64}@[a-z0-9.-]{1,253}")
_AS_BEARER: Final = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class Asked(BaseModel):
    """What a client asks for when it sends a person here (RFC 6749 4.1.1, RFC 7636 4.3, OpenID Connect 3.1.2.1)."""

    model_config = ConfigDict(frozen=True)

    client_id: str = ""
    redirect_uri: str = ""
    response_type: str = ""
    scope: str = ""
    state: str = ""
    nonce: str = ""
    prompt: str = ""
    code_challenge: str = ""
    code_challenge_method: str = ""


class Chosen(Asked):
    """The same, and who the person says to be."""

    persona: str


class Leaving(BaseModel):
    """Where a client wants a person sent who signs out."""

    model_config = ConfigDict(frozen=True)

    post_logout_redirect_uri: str = ""
    state: str = ""


class Exchange(BaseModel):
    """What a client shows for tokens (RFC 6749 4.1.3 and 6), or the command line for one (ours)."""

    model_config = ConfigDict(frozen=True)

    grant_type: str = ""
    code: str = ""
    redirect_uri: str = ""
    code_verifier: str = ""
    refresh_token: str = ""
    client_id: str = ""
    client_secret: str = ""
    persona: str = ""
    subject: str = ""
    persona_secret: str = ""


@dataclass(frozen=True)
class Issuer:
    """All that the endpoints need; `persona_secret` lets the command line have a token without a browser."""

    signer: Signer
    client: Client
    personas: Personas
    codes: Codes
    persona_secret: str


class ExchangeRefused(Exception):
    """The token endpoint says no; the code is RFC 6749's."""

    def __init__(self, code: str, description: str, status: int = _BAD_REQUEST) -> None:
        super().__init__(description)
        self.code = code
        self.status = status


def build(issuer: Issuer) -> FastAPI:
    """The application."""
    pages = Pages("Osler's local issuer", Path(__file__).parent)
    _add_documents(pages.app, issuer)
    _add_sign_in(pages, issuer)
    _add_tokens(pages.app, issuer)
    _add_sign_out(pages, issuer)
    return pages.app


def _add_documents(app: FastAPI, issuer: Issuer) -> None:
    @app.get("/.well-known/openid-configuration")
    async def discovery() -> dict[str, Any]:
        """What this issuer can do (OpenID Connect Discovery)."""
        name = issuer.signer.issuer
        return {
            "issuer": name,
            "authorization_endpoint": f"{name}/authorize",
            "token_endpoint": f"{name}/token",
            "userinfo_endpoint": f"{name}/userinfo",
            "end_session_endpoint": f"{name}/end-session",
            "jwks_uri": f"{name}/jwks.json",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token", PERSONA_GRANT],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["openid", "profile", "offline_access"],
            "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "name"],
            "authorization_response_iss_parameter_supported": True,
        }

    @app.get("/jwks.json")
    async def keys() -> dict[str, Any]:
        """The key that tokens are checked with."""
        return issuer.signer.jwks

    @app.get("/readyz")
    async def ready() -> dict[str, str]:
        """Answers when tokens can be had."""
        return {"issuer": issuer.signer.issuer}


def _add_sign_in(pages: Pages, issuer: Issuer) -> None:
    app = pages.app

    def refusal(asked: Asked) -> Response | None:
        # To an address that is not registered nothing may be sent: it could be anybody's.
        if asked.client_id != issuer.client.client_id or asked.redirect_uri not in issuer.client.redirect_uris:
            wrong = "The client or the address it wants people sent back to is not registered with this issuer."
            return pages.show("refused.html", _BAD_REQUEST, message=wrong)
        problem = _problem(asked)
        return _back(issuer, asked, {"error": problem}) if problem else None

    @app.get("/authorize")
    async def show_personas(asked: Annotated[Asked, Query()]) -> Response:
        """The page where one chooses whom to be."""
        if refused := refusal(asked):
            return refused
        institutions = issuer.personas.by_institution()
        page = pages.show("sign-in.html", asked=asked.model_dump(), institutions=institutions)
        # Browsers hold a form's answer to this rule too, and the answer sends them back to the client.
        allowed = f"form-action 'self' {_origin(asked.redirect_uri)}"
        page.headers["Content-Security-Policy"] = POLICY.replace("form-action 'self'", allowed)
        return page

    @app.post("/authorize")
    async def sign_in(chosen: Annotated[Chosen, Form()]) -> Response:
        """Go back to the client as the chosen persona."""
        if refused := refusal(chosen):
            return refused
        try:
            persona = issuer.personas.get(chosen.persona)
        except UnknownPersona as unknown:
            return pages.show("refused.html", _BAD_REQUEST, message=str(unknown))
        code = issuer.codes.give(persona.subject, chosen.redirect_uri, chosen.code_challenge, chosen.nonce or None)
        return _back(issuer, chosen, {"code": code})


def _problem(asked: Asked) -> str | None:
    """What is wrong with the request, in OAuth's words."""
    if asked.response_type != "code":
        return "unsupported_response_type"
    if "openid" not in asked.scope.split():
        return "invalid_scope"
    if asked.code_challenge_method != "S256" or not is_challenge(asked.code_challenge):
        return "invalid_request"
    return "login_required" if asked.prompt == "none" else None


def _back(issuer: Issuer, asked: Asked, answer: dict[str, str]) -> Response:
    """Send the person back to the client; `iss` lets it see who answers (RFC 9207)."""
    query = answer | ({"state": asked.state} if asked.state else {}) | {"iss": issuer.signer.issuer}
    separator = "&" if "?" in asked.redirect_uri else "?"
    return RedirectResponse(f"{asked.redirect_uri}{separator}{urlencode(query)}", status_code=_SEE_OTHER)


def _add_tokens(app: FastAPI, issuer: Issuer) -> None:
    @app.post("/token")
    async def exchange(shown: Annotated[Exchange, Form()], authorization: Annotated[str, Header()] = "") -> Response:
        """Tokens for a code, for a refresh token, or for the command line's word."""
        try:
            if shown.grant_type == PERSONA_GRANT:
                return JSONResponse(_for_the_command_line(issuer, shown))
            _check_client(issuer, shown, authorization)
            return JSONResponse(_for_the_client(issuer, shown))
        except ExchangeRefused as refused:
            return JSONResponse({"error": refused.code, "error_description": str(refused)}, refused.status)

    @app.get("/userinfo")
    async def userinfo(authorization: Annotated[str, Header()] = "") -> Response:
        """Who shows this access token, by name."""
        scheme, _, token = authorization.partition(" ")
        try:
            subject = issuer.signer.subject_of_access(token if scheme.lower() == "bearer" else "")
        except TokenRefused:
            return JSONResponse({"error": "invalid_token"}, _UNAUTHORIZED, _AS_BEARER)
        persona = issuer.personas.of_subject(subject)
        return JSONResponse({"sub": subject} | ({"name": persona.name} if persona else {}))


def _for_the_command_line(issuer: Issuer, shown: Exchange) -> dict[str, Any]:
    if not hmac.compare_digest(shown.persona_secret.encode(), issuer.persona_secret.encode()):
        raise ExchangeRefused("invalid_client", "The secret of this data folder is needed.", _UNAUTHORIZED)
    if shown.subject:  # the demo's story lets everybody act, not only the few whom one can sign in as
        if not _SUBJECT.fullmatch(shown.subject):
            raise ExchangeRefused("invalid_grant", "A subject has the form <external id>@<mail domain>.")
        return _tokens(issuer, shown.subject, "osler-command-line")
    try:
        subject = issuer.personas.get(shown.persona).subject
    except UnknownPersona as unknown:
        raise ExchangeRefused("invalid_grant", str(unknown)) from unknown
    return _tokens(issuer, subject, "osler-command-line")


def _for_the_client(issuer: Issuer, shown: Exchange) -> dict[str, Any]:
    client_id = issuer.client.client_id
    if shown.grant_type == "authorization_code":
        grant = issuer.codes.take(shown.code, shown.redirect_uri, shown.code_verifier)
        if grant is None:
            raise ExchangeRefused("invalid_grant", "The code is unknown, over, used, or not for this request.")
        id_token = issuer.signer.id_token(grant.subject, client_id, grant.nonce)
        refresh_token = issuer.signer.refresh_token(grant.subject, client_id)
        return {**_tokens(issuer, grant.subject, client_id), "id_token": id_token, "refresh_token": refresh_token}
    if shown.grant_type == "refresh_token":
        try:
            subject = issuer.signer.subject_of_refresh(shown.refresh_token, client_id)
        except TokenRefused as refused:
            raise ExchangeRefused("invalid_grant", str(refused)) from refused
        return {**_tokens(issuer, subject, client_id), "refresh_token": issuer.signer.refresh_token(subject, client_id)}
    raise ExchangeRefused("unsupported_grant_type", "This issuer knows codes and refresh tokens.")


def _tokens(issuer: Issuer, subject: str, client_id: str) -> dict[str, Any]:
    return {
        "access_token": issuer.signer.access_token(subject, client_id),
        "token_type": "Bearer",
        "expires_in": ACCESS_SECONDS,
    }


def _check_client(issuer: Issuer, shown: Exchange, authorization: str) -> None:
    """The client's secret, from the header (RFC 6749, 2.3.1) or from the form."""
    client_id, secret = shown.client_id, shown.client_secret
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            decoded = base64.b64decode(credentials, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            decoded = ""
        client_id, secret = (unquote_plus(part) for part in (decoded.partition(":")[0], decoded.partition(":")[2]))
    if not issuer.client.proves_itself(client_id, secret):
        raise ExchangeRefused("invalid_client", "The client is not registered, or its secret is wrong.", _UNAUTHORIZED)


def _add_sign_out(pages: Pages, issuer: Issuer) -> None:
    def leave(leaving: Leaving) -> Response:
        # Nothing is kept here that could be ended.
        if _origin(leaving.post_logout_redirect_uri) not in map(_origin, issuer.client.redirect_uris):
            return pages.show("signed-out.html")
        query = f"?{urlencode({'state': leaving.state})}" if leaving.state else ""
        return RedirectResponse(leaving.post_logout_redirect_uri + query, status_code=_SEE_OTHER)

    @pages.app.get("/end-session")
    async def sign_out(leaving: Annotated[Leaving, Query()]) -> Response:
        """Go back to the client, if the address is its own (OpenID Connect RP-Initiated Logout)."""
        return leave(leaving)

    @pages.app.post("/end-session")
    async def sign_out_by_form(leaving: Annotated[Leaving, Form()]) -> Response:
        """The same, sent as a form."""
        return leave(leaving)


def _origin(uri: str) -> str:
    return "/".join(uri.split("/")[:3])
