"""Signing in by way of the issuer, and out again; a browser gets a sealed attempt, then one cookie, and no token."""

from http import HTTPStatus

from starlette.responses import RedirectResponse, Response

from services.console.domain.refusals import IssuerUnavailable, SignInFailed
from services.console.oidc import ATTEMPT_SECONDS, Attempt
from services.console.pages.access import FIRST_PAGE, Asked, safe_return
from services.console.pages.parts import Parts


async def show_sign_in(parts: Parts, asked: Asked) -> Response:
    """The page with the one button; who is signed in already goes on."""
    return_to = safe_return(asked.request.query_params.get("return_to", FIRST_PAGE))
    if asked.signed_in is not None:
        return parts.look.dress(RedirectResponse(return_to, HTTPStatus.SEE_OTHER))
    return parts.look.page("sign-in.html", {"return_to": return_to})


async def begin_sign_in(parts: Parts, asked: Asked) -> Response:
    """Off to the issuer."""
    return await send_to_issuer(parts, asked.form.get("return_to", FIRST_PAGE))


async def send_to_issuer(parts: Parts, return_to: str) -> Response:
    """A redirect to the issuer, with the attempt sealed into a cookie; raises IssuerUnavailable."""
    attempt = Attempt.begin(safe_return(return_to))
    response = RedirectResponse(await parts.provider.sign_in_address(attempt), HTTPStatus.SEE_OTHER)
    parts.set_cookie(response, parts.cookies.attempt, attempt.seal(parts.cipher), ATTEMPT_SECONDS)
    return parts.look.dress(response)


async def finish_sign_in(parts: Parts, asked: Asked) -> Response:
    """Back from the issuer: a new session under a new value, whatever session the browser had before.

    Raises SignInFailed, UnknownHere, IssuerUnavailable.
    """
    sealed = asked.request.cookies.get(parts.cookies.attempt)
    if not sealed:
        raise SignInFailed
    attempt = Attempt.open(parts.cipher, sealed)
    subject, tokens = await parts.provider.redeem(dict(asked.request.query_params), attempt)
    secret, _ = await parts.sessions.begin(subject, tokens)
    if asked.signed_in is not None:
        await parts.sessions.end(asked.signed_in.session)
    response = RedirectResponse(safe_return(attempt.return_to), HTTPStatus.SEE_OTHER)
    parts.set_cookie(response, parts.cookies.session, secret, None)
    parts.drop_cookie(response, parts.cookies.attempt)
    return parts.look.dress(response)


async def sign_out(parts: Parts, asked: Asked) -> Response:
    """End the session here, then at the issuer, so that the next person at this screen is asked who they are."""
    await parts.sessions.end(asked.who.session)
    try:
        address = await parts.provider.sign_out_address()
    except IssuerUnavailable:
        address = None
    response = RedirectResponse(address or "/signed-out", HTTPStatus.SEE_OTHER)
    parts.drop_cookie(response, parts.cookies.session)
    return parts.look.dress(response)


async def show_signed_out(parts: Parts, asked: Asked) -> Response:
    """What stands at the end."""
    if asked.signed_in is not None:
        return parts.look.dress(RedirectResponse(FIRST_PAGE, HTTPStatus.SEE_OTHER))
    return parts.look.page("signed-out.html")
