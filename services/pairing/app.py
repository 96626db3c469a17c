"""Pairing put together; building it connects to nothing."""

from services.pairing.api import ROUTES
from services.pairing.consumers import events
from services.pairing.timers import clock
from shared.contracts.pairing import (
    CompactInForce,
    CompactOffered,
    CompactSigned,
    ConflictRaised,
    ConflictResolved,
    DriftCleared,
    DriftRaised,
    ErasureDone,
    PairAccepted,
    PairActivated,
    PairAskedToGoOn,
    PairDeclined,
    PairEnded,
    PairGoesOn,
    PairLapsed,
    PairPaused,
    PairProposed,
    PairRecalled,
    PairResumed,
    RequestAccepted,
    RequestDeclined,
    RequestExhausted,
    RequestLapsed,
    RequestPassedOver,
    RequestSent,
    RequestWithdrawn,
)
from shared.platform.service import Service


def build() -> Service:
    """The service as data."""
    return Service(
        "pairing",
        says=(
            PairProposed,
            PairAccepted,
            PairDeclined,
            PairRecalled,
            PairLapsed,
            PairActivated,
            PairPaused,
            PairResumed,
            PairEnded,
            PairAskedToGoOn,
            PairGoesOn,
            ConflictRaised,
            ConflictResolved,
            CompactOffered,
            CompactSigned,
            CompactInForce,
            DriftRaised,
            DriftCleared,
            RequestSent,
            RequestAccepted,
            RequestDeclined,
            RequestLapsed,
            RequestPassedOver,
            RequestWithdrawn,
            RequestExhausted,
            ErasureDone,
        ),
        routes=ROUTES,
        events=(events,),
        timers=clock,
    )
