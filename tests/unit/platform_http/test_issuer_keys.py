"""The issuer's keys are read when they are needed, kept when it is away, and never read from anywhere else."""

import json
from typing import Any

import pytest

from shared.platform.issuer import SignInUnavailable
from shared.testing.eventually import eventually
from tests.unit.platform_http.an_issuer import (
    EC_KEY,
    ISSUER,
    OTHER_RSA_KEY,
    RSA_KEY,
    AnIssuer,
    Clock,
    an_authenticator,
    jwk,
)


async def test_the_keys_are_read_once_for_many_tokens():
    issuer = AnIssuer()
    _, keys = an_authenticator(issuer, Clock())
    for _ in range(5):
        assert await keys.find("r1") is not None
    assert issuer.times_read == 1


async def test_made_up_key_ids_make_the_issuer_be_asked_once_in_ten_seconds():
    issuer, clock = AnIssuer(), Clock()
    _, keys = an_authenticator(issuer, clock)
    for tenth in range(200):
        clock.seconds = tenth / 10
        assert await keys.find(f"made up {tenth}") is None
    assert issuer.times_read == 2


async def test_a_new_key_is_found_without_a_restart():
    issuer, clock = AnIssuer(), Clock()
    _, keys = an_authenticator(issuer, clock)
    await keys.find("r1")
    issuer.keys.append(jwk("r2", OTHER_RSA_KEY))
    clock.seconds = 10
    assert await keys.find("r2") is not None


async def test_known_keys_outlive_an_issuer_that_is_away_and_new_ones_come_when_it_is_back():
    issuer, clock = AnIssuer(), Clock()
    _, keys = an_authenticator(issuer, clock)
    await keys.find("r1")
    issuer.is_away = True
    clock.seconds = 3600
    assert await keys.find("r1") is not None
    assert await keys.find("r2") is None
    assert await keys.find("r1") is not None
    issuer.is_away, issuer.keys = False, [jwk("r2", OTHER_RSA_KEY)]
    clock.seconds += 1
    assert await keys.find("r2") is not None


async def test_without_any_key_the_service_says_that_it_cannot_tell():
    issuer, clock = AnIssuer(is_away=True), Clock()
    _, keys = an_authenticator(issuer, clock)
    with pytest.raises(SignInUnavailable):
        await keys.find("r1")
    issuer.is_away = False
    clock.seconds = 1
    assert await keys.find("r1") is not None


async def test_keys_are_not_used_for_ever_when_the_issuer_stays_away():
    issuer, clock = AnIssuer(), Clock()
    _, keys = an_authenticator(issuer, clock)
    await keys.find("r1")
    issuer.is_away = True
    clock.seconds = 24 * 3600
    with pytest.raises(SignInUnavailable):
        await keys.find("r1")


async def test_a_withdrawn_key_is_forgotten_after_ten_minutes():
    issuer, clock = AnIssuer(), Clock()
    _, keys = an_authenticator(issuer, clock)
    await keys.find("r1")
    issuer.keys = [jwk("r2", OTHER_RSA_KEY)]
    clock.seconds = 599
    assert await keys.find("r1") is not None
    clock.seconds = 600
    await keys.find("r1")  # answered from memory while the keys are read again beside it

    async def is_gone() -> bool:
        return await keys.find("r1") is None

    await eventually(is_gone, within=2)
    await keys.close()


@pytest.mark.parametrize(
    "about",
    [
        {"issuer": "https://evil.example", "jwks_uri": f"{ISSUER}/keys"},
        {"issuer": ISSUER + "/", "jwks_uri": f"{ISSUER}/keys"},
        {"issuer": ISSUER},
        {"issuer": ISSUER, "jwks_uri": "http://issuer.example/keys"},
        {"issuer": ISSUER, "jwks_uri": "file:///etc/passwd"},
        {"issuer": ISSUER, "jwks_uri": 7},
    ],
)
async def test_an_issuer_that_speaks_for_another_or_without_encryption_is_not_believed(about: dict[str, Any]):
    _, keys = an_authenticator(AnIssuer(about=about), Clock())
    with pytest.raises(SignInUnavailable):
        await keys.find("r1")


@pytest.mark.parametrize(
    "raw", [b"[]", b"{}", b'{"keys": 1}', b"<html>", b"[" * 3000, json.dumps({"keys": ["x" * 300_000]}).encode()]
)
async def test_what_is_no_set_of_keys_or_too_large_is_not_read(raw: bytes):
    _, keys = an_authenticator(AnIssuer(raw_keys=raw), Clock())
    with pytest.raises(SignInUnavailable):
        await keys.find("r1")


@pytest.mark.parametrize(
    "unusable",
    [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "x"},
        jwk("x", RSA_KEY, use="enc"),
        jwk("x", RSA_KEY, alg="RS512"),
        jwk("x", EC_KEY, alg="RS256"),
        {**jwk("x", EC_KEY), "crv": "P-384"},
        {**jwk("x", RSA_KEY), "n": "AA"},
        {**jwk("x", RSA_KEY), "n": 5},
        {**jwk("x", RSA_KEY), "kid": 5},
        {**jwk("x", RSA_KEY), "kid": ""},
        "x",
        None,
    ],
)
async def test_a_key_of_another_kind_or_use_is_passed_over_and_the_others_are_read(unusable: Any):
    issuer = AnIssuer()
    issuer.keys.insert(0, unusable)
    _, keys = an_authenticator(issuer, Clock())
    assert await keys.find("x") is None
    assert await keys.find("r1") is not None


async def test_of_two_keys_with_one_id_the_first_stands():
    issuer = AnIssuer(keys=[jwk("r1", RSA_KEY), jwk("r1", EC_KEY)])
    _, keys = an_authenticator(issuer, Clock())
    found = await keys.find("r1")
    assert found is not None
    assert found.algorithm == "RS256"
