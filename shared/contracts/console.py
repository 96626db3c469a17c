"""What the console says; presses become commands to other services, so it is receipts alone."""

from typing import ClassVar

from shared.contracts.erasure import ErasureReceipt


class ErasureDone(ErasureReceipt):
    """The console deleted what it held of a person who was erased, and takes no more of it."""

    type: ClassVar[str] = "osler.console.erasure_done.v1"
    topic: ClassVar[str] = "osler.console"
