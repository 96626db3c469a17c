"""From a mentor's yes to a pair at work, over HTTP as the two do it: both state, one offers, and both sign."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx

_TERM = timedelta(days=1000)
"""Longer than any test's clock goes on, so that no pair ends with its term unasked."""


async def activate(pair_id: UUID | str, mentor: httpx.AsyncClient, mentee: httpx.AsyncClient) -> dict[str, Any]:
    """Take an accepted pair through its compact; gives the pair, which is active."""
    await prepare(pair_id, mentor, mentee)
    signed = await sign(pair_id, mentee)
    assert signed.is_success, signed.text
    return (await mentee.get(f"/pairs/{pair_id}")).raise_for_status().json()


async def prepare(pair_id: UUID | str, mentor: httpx.AsyncClient, mentee: httpx.AsyncClient) -> None:
    """Whatever of it is still to do before the mentee's signature, which is then the one that is missing."""
    path = f"/pairs/{pair_id}/compact"
    terms = await _terms(path, mentee)
    if (await _read(path, mentee))["state"] == "answering":
        for http in (mentor, mentee):
            (await http.post(f"{path}/expectations", json={"terms": terms})).raise_for_status()
    compact = await _read(path, mentee)
    if compact["state"] == "compared":
        (await mentee.post(f"{path}/offer", json={"terms": terms}, headers=_seen(compact))).raise_for_status()
        compact = await _read(path, mentee)
    if compact["waiting"]["mentor_signed_at"] is None:
        (await sign(pair_id, mentor)).raise_for_status()


async def sign(pair_id: UUID | str, http: httpx.AsyncClient) -> httpx.Response:
    """One of the two signs the version that waits; the answer may be a refusal."""
    path = f"/pairs/{pair_id}/compact"
    compact = await _read(path, http)
    return await http.post(f"{path}/sign", json={"number": compact["waiting_number"]}, headers=_seen(compact))


async def _terms(path: str, http: httpx.AsyncClient) -> dict[str, Any]:
    usual = (await _read(path, http))["usual"]
    ends_on = date.fromisoformat(usual["starts_on"]) + _TERM
    return {name: value for name, value in usual.items() if name != "mid_term_on"} | {"ends_on": ends_on.isoformat()}


async def _read(path: str, http: httpx.AsyncClient) -> dict[str, Any]:
    return (await http.get(path)).raise_for_status().json()


def _seen(compact: dict[str, Any]) -> dict[str, str]:
    return {"If-Match": f'"{compact["revision"]}"'}
