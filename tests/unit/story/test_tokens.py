"""Tokens for everybody in the story: only for who has the secret of the data folder."""

import httpx
import jwt

from deploy.local.issuer.app import Issuer, build
from deploy.local.issuer.clients import Client, Codes
from deploy.local.issuer.personas import Personas
from deploy.local.issuer.tokens import PERSONA_GRANT, Signer, new_key

NAME = "http://127.0.0.1:8090"
KEY = new_key()


async def asked(**form: str) -> httpx.Response:
    issuer = Issuer(Signer(NAME, KEY), Client("console", "secret", ()), Personas([]), Codes(), persona_secret="folder")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(build(issuer)), base_url=NAME) as http:
        return await http.post("/token", data={"grant_type": PERSONA_GRANT, **form})


async def test_who_has_the_secret_gets_a_token_for_any_subject() -> None:
    answer = await asked(subject="p10077@stbrigids.example", persona_secret="folder")
    claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    assert claims["sub"] == "p10077@stbrigids.example"


async def test_without_the_secret_there_is_no_token_for_anybody() -> None:
    answer = await asked(subject="p10077@stbrigids.example", persona_secret="guessed")
    assert answer.status_code == 401
    assert "access_token" not in answer.json()


async def test_what_is_no_subject_gets_no_token() -> None:
    answer = await asked(subject="p10077 @stbrigids.example\n", persona_secret="folder")
    assert answer.status_code == 400
