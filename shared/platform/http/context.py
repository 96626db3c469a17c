"""What an operation may ask of the request it serves; it gets no connection and cannot commit."""

from datetime import datetime
from typing import Annotated, cast

from fastapi import Depends, Request

from shared.platform.database import Transaction
from shared.platform.members import Person


def enter(request: Request, tx: Transaction, person: Person) -> None:
    """Make `tx` and `person` what `Tx`, `Now` and `Me` mean in this request; a repeated try enters again."""
    request.state.tx = tx
    request.state.person = person


async def _me(request: Request) -> Person:
    return cast("Person", request.state.person)


async def _tx(request: Request) -> Transaction:
    return cast("Transaction", request.state.tx)


async def _now(request: Request) -> datetime:
    return cast("Transaction", request.state.tx).now


async def _body(request: Request) -> bytes:
    return await request.body()


Me = Annotated[Person, Depends(_me)]
"""The person who asks: who, of which institution, in which roles."""

Tx = Annotated[Transaction, Depends(_tx)]
"""The request's transaction, with the person's tenancy context; the edge commits it before it answers."""

Now = Annotated[datetime, Depends(_now)]
"""Business time of the request's transaction."""

RawBody = Annotated[bytes, Depends(_body)]
"""The whole body as it came, within the operation's bound; for what is not JSON (`accepts=...`)."""
