"""The local issuer through its own door: who gets a token, and who does not."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest

from deploy.local.issuer.app import Issuer, build
from deploy.local.issuer.clients import Client, Codes, challenge_of
from deploy.local.issuer.personas import Personas
from deploy.local.issuer.tokens import PERSONA_GRANT, Signer, new_key
from deploy.local.up import PERSONAS

NAME = "http://127.0.0.1:8090"
BACK = "http://127.0.0.1:8080/sign-in/callback"
VERIFIER = "v" * 50
KEY = new_key()


def an_issuer() -> httpx.AsyncClient:
    issuer = Issuer(
        signer=Signer(NAME, KEY),
        client=Client("console", "secret", (BACK,)),
        personas=Personas.read(PERSONAS),
        codes=Codes(),
        persona_secret="folder",
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(build(issuer)), base_url=NAME)


def asked(**changes: str) -> dict[str, str]:
    return {
        "client_id": "console",
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "openid",
        "state": "s&t=ä",
        "nonce": "n",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
        **changes,
    }


def answer_of(response: httpx.Response) -> dict[str, str]:
    """What the client is told at its redirect address."""
    assert response.status_code == 303
    assert response.headers["location"].startswith(BACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["location"]).query).items()}


async def a_code(issuer: httpx.AsyncClient, persona: str = "rosa") -> str:
    return answer_of(await issuer.post("/authorize", data=asked(persona=persona)))["code"]


async def exchanged(issuer: httpx.AsyncClient, code: str, **changes: str) -> httpx.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return await issuer.post("/token", data={**form, **changes}, auth=("console", "secret"))


def subject_of(persona: str) -> str:
    return Personas.read(PERSONAS).get(persona).subject


async def test_one_click_signs_in_as_a_persona() -> None:
    async with an_issuer() as issuer:
        page = await issuer.get("/authorize", params=asked())
        assert page.status_code == 200
        assert 'value="rosa"' in page.text
        assert "form-action 'self' http://127.0.0.1:8080" in page.headers["content-security-policy"]
        answer = answer_of(await issuer.post("/authorize", data=asked(persona="rosa")))
        assert answer["state"] == "s&t=ä"
        assert answer["iss"] == NAME
        tokens = (await exchanged(issuer, answer["code"])).json()
        keys = jwt.PyJWKSet.from_dict((await issuer.get("/jwks.json")).json())
        access = jwt.decode(tokens["access_token"], keys.keys[0], ["RS256"], audience="osler", issuer=NAME)
        assert jwt.get_unverified_header(tokens["access_token"])["typ"] == "at+jwt"
        assert access["sub"] == subject_of("rosa")
        assert access["exp"] - access["iat"] == 600
        assert not {"name", "email", "roles"} & set(access)
        identity = jwt.decode(tokens["id_token"], keys.keys[0], ["RS256"], audience="console", issuer=NAME)
        assert (identity["sub"], identity["nonce"]) == (subject_of("rosa"), "n")
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        about = (await issuer.get("/userinfo", headers=bearer)).json()
        assert about == {"sub": subject_of("rosa"), "name": Personas.read(PERSONAS).get("rosa").name}
        assert (await issuer.get("/userinfo", headers={"Authorization": "Bearer nonsense"})).status_code == 401


async def test_a_code_works_once_and_only_with_its_verifier() -> None:
    async with an_issuer() as issuer:
        code = await a_code(issuer)
        assert (await exchanged(issuer, code)).status_code == 200
        assert (await exchanged(issuer, code)).json()["error"] == "invalid_grant"
        wrong = await exchanged(issuer, await a_code(issuer), code_verifier="w" * 50)
        assert wrong.json()["error"] == "invalid_grant"
        elsewhere = await exchanged(issuer, await a_code(issuer), redirect_uri="http://127.0.0.1:8080/other")
        assert elsewhere.json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
    ],
)
async def test_a_request_that_is_not_safe_goes_back_as_an_error(changes: dict[str, str], error: str) -> None:
    async with an_issuer() as issuer:
        assert answer_of(await issuer.get("/authorize", params=asked(**changes)))["error"] == error
        assert answer_of(await issuer.post("/authorize", data=asked(**changes, persona="rosa")))["error"] == error


@pytest.mark.parametrize("changes", [{"redirect_uri": "https://evil.example/"}, {"client_id": "another"}])
async def test_nobody_is_sent_to_an_address_that_is_not_registered(changes: dict[str, str]) -> None:
    async with an_issuer() as issuer:
        response = await issuer.get("/authorize", params=asked(**changes))
        assert (response.status_code, response.headers.get("location")) == (400, None)


async def test_the_client_must_show_its_secret() -> None:
    async with an_issuer() as issuer:
        form = {"grant_type": "authorization_code", "code": await a_code(issuer), "code_verifier": VERIFIER}
        refused = await issuer.post("/token", data=form, auth=("console", "wrong"))
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


async def test_a_refresh_token_gets_new_tokens_and_is_good_for_nothing_else() -> None:
    async with an_issuer() as issuer:
        tokens = (await exchanged(issuer, await a_code(issuer))).json()
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        renewed = await issuer.post("/token", data=form, auth=("console", "secret"))
        assert jwt.decode(renewed.json()["access_token"], options={"verify_signature": False})["sub"] == subject_of(
            "rosa"
        )
        as_bearer = {"Authorization": f"Bearer {tokens['refresh_token']}"}
        assert (await issuer.get("/userinfo", headers=as_bearer)).status_code == 401
        form["refresh_token"] = tokens["access_token"]
        swapped = await issuer.post("/token", data=form, auth=("console", "secret"))
        assert swapped.json()["error"] == "invalid_grant"


async def test_the_command_line_gets_a_token_only_with_the_folders_secret() -> None:
    async with an_issuer() as issuer:
        form = {"grant_type": PERSONA_GRANT, "persona": "mentor", "persona_secret": "folder"}
        tokens = (await issuer.post("/token", data=form)).json()
        assert jwt.decode(tokens["access_token"], options={"verify_signature": False})["sub"] == subject_of("mentor")
        assert (await issuer.post("/token", data={**form, "persona_secret": "guess"})).status_code == 401
        unknown = await issuer.post("/token", data={**form, "persona": "nobody"})
        assert "rosa" in unknown.json()["error_description"]


async def test_a_token_outlives_a_restart_of_the_issuer() -> None:
    async with an_issuer() as before:
        tokens = (await exchanged(before, await a_code(before))).json()
    async with an_issuer() as after:
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert (await after.get("/userinfo", headers=bearer)).status_code == 200


async def test_a_strangers_name_for_this_machine_is_not_answered() -> None:
    async with an_issuer() as issuer:
        assert (await issuer.get("/jwks.json", headers={"Host": "rebound.example"})).status_code == 400


async def test_signing_out_leads_back_to_the_client_and_nowhere_else() -> None:
    async with an_issuer() as issuer:
        home = "http://127.0.0.1:8080/signed-out"
        back = await issuer.get("/end-session", params={"post_logout_redirect_uri": home})
        assert (back.status_code, back.headers["location"]) == (303, home)
        away = await issuer.post("/end-session", data={"post_logout_redirect_uri": "https://evil.example"})
        assert (away.status_code, away.headers.get("location")) == (200, None)


def test_a_client_may_not_send_people_off_this_machine() -> None:
    with pytest.raises(ValueError, match="leaves this machine"):
        Client("console", "secret", ("http://0.0.0.0:8080/",))


def test_the_personas_have_keys_and_subjects_of_their_own(tmp_path: Path) -> None:
    people = Personas.read(PERSONAS)
    assert {"rosa", "consortium", "mentor", "mentee", "sam"} <= {persona.key for persona in people.everybody()}
    assert sum(len(members) for _, members in people.by_institution()) == len(people.everybody())
    twice = tmp_path / "personas.json"
    twice.write_text(f"[{people.get('rosa').model_dump_json()}, {people.get('rosa').model_dump_json()}]")
    with pytest.raises(ValueError, match="same key"):
        Personas.read(twice)
