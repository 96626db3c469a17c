"""A token is what the issuer signed for us, now, as an access token: everything else is refused in the same words."""

import base64
import hmac
import json
from collections.abc import Callable

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.platform import auth
from shared.platform.auth import Authenticator, Unauthenticated
from tests.unit.platform_http.an_issuer import (
    AUDIENCE,
    EC_KEY,
    ISSUER,
    NOW,
    OTHER_RSA_KEY,
    RSA_KEY,
    SUBJECT,
    WEAK_RSA_KEY,
    AnIssuer,
    Clock,
    an_authenticator,
    claims,
    header,
    jwk,
    token,
)

AT = int(NOW.timestamp())
PUBLIC_PEM = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
PUBLIC_JWK = jwk("r1", OTHER_RSA_KEY)


def part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(head: str, body: str) -> str:
    """Any two parts, signed with the issuer's real key."""
    signature = jwt.get_algorithm_by_name("RS256").sign(f"{head}.{body}".encode(), RSA_KEY)
    return f"{head}.{body}.{part(signature)}"


def unsigned(algorithm: str) -> str:
    return f"{part(header(alg=algorithm))}.{part(claims())}."


def with_public_key_as_secret() -> str:
    """HS256 with the public key as the secret: the oldest attack, which PyJWT refuses to help with."""
    body = f"{part(header(alg='HS256'))}.{part(claims())}"
    return f"{body}.{part(hmac.digest(PUBLIC_PEM, body.encode(), 'sha256'))}"


def altered() -> str:
    head, _, signature = token().split(".")
    return f"{head}.{part(claims(sub='E-1@st-mary.example'))}.{signature}"


def cut() -> str:
    return token()[:-10]


def with_repeated_claim() -> str:
    body = json.dumps(claims())[:-1] + ', "sub": "E-1@st-mary.example"}'
    return signed(part(header(alg="RS256")), part(body.encode()))


def with_nan() -> str:
    return signed(part(header(alg="RS256")), part(json.dumps(claims(exp=float("nan"))).encode()))


def with_foreign_characters() -> str:
    head, body, signature = token().split(".")
    return f"{head}.{body}.{signature[:5]}!\n{signature[5:]}"


def with_loose_bits() -> str:
    """The last character holds bits that decoding drops: another text, the same bytes."""
    head, body, signature = token().split(".")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return f"{head}.{body}.{signature[:-1]}{alphabet[alphabet.index(signature[-1]) ^ 1]}"


def with_zero_signature() -> str:
    """Both numbers zero, which once passed in a well-known library."""
    head, body, _ = token(None, header(kid="e1"), EC_KEY, "ES256").split(".")
    return f"{head}.{body}.{part(bytes(64))}"


# What is wrong, the code that only the log is told, and how the token is made.
ATTACKS: dict[str, tuple[str, Callable[[], str]]] = {
    "no signature, alg none": ("malformed_token", lambda: unsigned("none")),
    "alg none with something as signature": ("wrong_alg", lambda: unsigned("none") + "AAAA"),
    "no signature, alg None": ("malformed_token", lambda: unsigned("None")),
    "no signature, alg RS256": ("malformed_token", lambda: unsigned("RS256")),
    "public key as HMAC secret": ("wrong_alg", with_public_key_as_secret),
    "another key under the issuer's key id": ("wrong_signature", lambda: token(key=OTHER_RSA_KEY)),
    "an algorithm that is not the key's": ("wrong_alg", lambda: token(None, header(), RSA_KEY, "PS256")),
    "RS512 with the right key": ("wrong_alg", lambda: token(None, header(), RSA_KEY, "RS512")),
    "an elliptic key's algorithm on the RSA key": (
        "wrong_algorithm",
        lambda: token(None, header(kid="r1"), EC_KEY, "ES256"),
    ),
    "a zero elliptic signature": ("wrong_signature", with_zero_signature),
    "no key id": ("wrong_kid", lambda: token(None, header(kid=None))),
    "an unknown key id": ("unknown_key", lambda: token(None, header(kid="nobody"))),
    "a path as key id": ("unknown_key", lambda: token(None, header(kid="../../../../dev/null"))),
    "its own key in the header": ("foreign_header", lambda: token(None, header(jwk=PUBLIC_JWK), OTHER_RSA_KEY)),
    "an address of keys in the header": (
        "foreign_header",
        lambda: token(None, header(jku="https://evil.example/keys"), OTHER_RSA_KEY),
    ),
    "an address of a certificate in the header": (
        "foreign_header",
        lambda: token(None, header(x5u="https://evil.example/x")),
    ),
    "a certificate in the header": ("foreign_header", lambda: token(None, header(x5c=["MIIB"]))),
    "critical extensions": ("foreign_header", lambda: token(None, header(crit=["exp"]))),
    "an unencoded payload": ("foreign_header", lambda: signed(part(header(alg="RS256", b64=False)), part(claims()))),
    "a compressed payload": ("foreign_header", lambda: token(None, header(zip="DEF"))),
    "an id token": ("wrong_typ", lambda: token(None, header(typ="JWT"))),
    "no type": ("wrong_typ", lambda: signed(part(header(alg="RS256", typ=None)), part(claims()))),
    "another issuer": ("wrong_issuer", lambda: token(claims(iss="https://evil.example"))),
    "the issuer with a slash more": ("wrong_issuer", lambda: token(claims(iss=ISSUER + "/"))),
    "no issuer": ("wrong_iss", lambda: token(claims(iss=None))),
    "another audience": ("wrong_audience", lambda: token(claims(aud="billing"))),
    "our audience among others": ("wrong_aud", lambda: token(claims(aud=["billing", AUDIENCE]))),
    "our audience in a list of one": ("wrong_aud", lambda: token(claims(aud=[AUDIENCE]))),
    "no audience": ("wrong_aud", lambda: token(claims(aud=None))),
    "over for a minute": ("expired", lambda: token(claims(iat=AT - 660, nbf=AT - 660, exp=AT - 60))),
    "no end": ("wrong_exp", lambda: token(claims(exp=None))),
    "the end as text": ("wrong_exp", lambda: token(claims(exp=str(AT + 600)))),
    "the end as a fraction": ("wrong_exp", lambda: token(claims(exp=AT + 600.5))),
    "the end as no number": ("malformed_token", with_nan),
    "an end beyond all years": ("wrong_exp", lambda: token(claims(exp=2**63))),
    "a life of a day": ("wrong_life", lambda: token(claims(exp=AT + 86_400))),
    "an end before its beginning": ("wrong_life", lambda: token(claims(iat=AT + 4, nbf=AT, exp=AT + 3))),
    "not valid yet": ("not_yet_valid", lambda: token(claims(nbf=AT + 60))),
    "issued in the future": ("not_yet_valid", lambda: token(claims(iat=AT + 60))),
    "no time of issue": ("wrong_iat", lambda: token(claims(iat=None))),
    "no beginning": ("wrong_nbf", lambda: token(claims(nbf=None))),
    "no subject": ("wrong_sub", lambda: token(claims(sub=None))),
    "an empty subject": ("wrong_sub", lambda: token(claims(sub=""))),
    "a subject without an institution": ("wrong_sub", lambda: token(claims(sub="E-1047"))),
    "a subject with a line break": ("wrong_sub", lambda: token(claims(sub="E-1047\n@st-mary.example"))),
    "a subject that is a number": ("wrong_sub", lambda: signed(part(header(alg="RS256")), part(claims(sub=1047)))),
    "no token id": ("wrong_jti", lambda: token(claims(jti=None))),
    "an altered payload": ("wrong_signature", altered),
    "a cut signature": ("wrong_signature", cut),
    "a claim that stands twice": ("malformed_token", with_repeated_claim),
    "foreign characters in base64": ("malformed_token", with_foreign_characters),
    "a second spelling of the signature": ("malformed_token", with_loose_bits),
    "five parts": ("malformed_token", lambda: token() + ".x.y"),
    "two parts": ("malformed_token", lambda: token().rpartition(".")[0]),
    "a payload that is a list": ("wrong_form", lambda: signed(part(header(alg="RS256")), part([1]))),
    "a payload that is no JSON": ("malformed_token", lambda: signed(part(header(alg="RS256")), part(b"\xff{"))),
    "a payload nested without end": ("malformed_token", lambda: signed(part(header(alg="RS256")), part(b"[" * 3000))),
    "a token longer than any": ("malformed_token", lambda: token(claims(more="x" * 9000))),
    "nothing": ("malformed_token", lambda: ""),
    "a space after it": ("malformed_token", lambda: token() + " "),
    "characters that are not ASCII": ("malformed_token", lambda: token() + "é"),
}


@pytest.fixture
def authenticator() -> Authenticator:
    return an_authenticator(AnIssuer(), Clock())[0]


@pytest.mark.parametrize("attack", ATTACKS)
async def test_a_token_with_one_thing_wrong_is_refused_in_the_same_words(attack: str, authenticator: Authenticator):
    why, make = ATTACKS[attack]
    with pytest.raises(Unauthenticated) as refused:
        await authenticator.subject(make())
    assert (refused.value.why, str(refused.value)) == (why, Unauthenticated.message())


@pytest.mark.parametrize(("kid", "key", "algorithm"), [("r1", RSA_KEY, "RS256"), ("e1", EC_KEY, "ES256")])
async def test_a_token_as_it_should_be_proves_its_subject(
    kid: str, key: object, algorithm: str, authenticator: Authenticator
):
    good = jwt.encode(claims(), key, algorithm, header(kid=kid))  # pyright: ignore[reportArgumentType] - either key
    assert await authenticator.subject(good) == SUBJECT


async def test_claims_that_we_do_not_know_do_no_harm(authenticator: Authenticator):
    assert await authenticator.subject(token(claims(client_id="console", scope="openid"))) == SUBJECT


async def test_a_few_seconds_between_two_clocks_do_no_harm(authenticator: Authenticator):
    assert await authenticator.subject(token(claims(iat=AT + 4, nbf=AT + 4, exp=AT + 600))) == SUBJECT


async def test_a_good_token_is_not_accepted_past_its_end_though_it_was_good_a_moment_ago():
    clock = Clock()
    authenticator, _ = an_authenticator(AnIssuer(), clock)
    short = token(claims(exp=AT + 30))
    assert await authenticator.subject(short) == SUBJECT
    clock.seconds = 29
    assert await authenticator.subject(short) == SUBJECT
    clock.seconds = 36
    with pytest.raises(Unauthenticated):
        await authenticator.subject(short)


async def test_a_result_is_kept_for_a_minute_so_that_a_withdrawn_key_ends_soon():
    clock, issuer = Clock(), AnIssuer()
    authenticator, keys = an_authenticator(issuer, clock)
    good = token()
    await authenticator.subject(good)
    issuer.keys = [jwk("r2", OTHER_RSA_KEY)]
    clock.seconds = 30
    with pytest.raises(Unauthenticated):  # makes the keys be read again
        await authenticator.subject(token(None, header(kid="nobody")))
    clock.seconds = 59
    assert await authenticator.subject(good) == SUBJECT
    clock.seconds = 61
    with pytest.raises(Unauthenticated):
        await authenticator.subject(good)
    await keys.close()


async def test_kept_results_do_not_grow_without_end():
    clock, issuer = Clock(), AnIssuer()
    authenticator, _ = an_authenticator(issuer, clock, most_kept=2)
    tokens = [token() for _ in range(4)]
    for each in tokens:
        await authenticator.subject(each)
    issuer.keys, clock.seconds = [jwk("r2", OTHER_RSA_KEY)], 30
    with pytest.raises(Unauthenticated):  # makes the keys be read again
        await authenticator.subject(token(None, header(kid="nobody")))
    assert await authenticator.subject(tokens[3]) == SUBJECT
    with pytest.raises(Unauthenticated):
        await authenticator.subject(tokens[0])


@pytest.mark.parametrize(
    "values",
    [
        [],
        [""],
        ["Bearer"],
        ["Bearer {}", "Bearer {}"],
        ["Basic {}"],
        ["{}"],
        ["Bearer  {}"],
        ["Bearer {} "],
        ["Bearer:{}"],
    ],
)
async def test_anything_but_one_bearer_token_is_refused_though_the_token_is_good(
    values: list[str], authenticator: Authenticator
):
    good = token()
    with pytest.raises(Unauthenticated):
        await authenticator.subject(auth.bearer_token([value.format(good) for value in values]))


def test_the_scheme_may_be_written_in_any_case():
    assert auth.bearer_token(["bEARER abc"]) == "abc"


async def test_a_weak_key_of_the_issuer_signs_nobody_in():
    issuer = AnIssuer(keys=[jwk("r1", WEAK_RSA_KEY)])
    authenticator, _ = an_authenticator(issuer, Clock())
    with pytest.warns(jwt.InsecureKeyLengthWarning), pytest.raises(Unauthenticated):
        await authenticator.subject(token(key=WEAK_RSA_KEY))
