"""Which Kafka a command speaks to, and as whom; refuses to fall back to the local one where another is named."""

import os

from deploy.cli.place import data_folder
from deploy.local.status import read_status, with_secrets
from shared.platform.topics import Security


def administrator() -> tuple[str, Security]:
    """Kafka's address and administrator: `OSLER_KAFKA_…` where set, else the broker that runs here."""
    if os.environ.get("OSLER_KAFKA_BOOTSTRAP"):
        protocol = "SASL_SSL" if os.environ.get("OSLER_KAFKA_PROTOCOL") == "SASL_SSL" else "SASL_PLAINTEXT"
        security = Security(
            os.environ.get("OSLER_KAFKA_USERNAME", ""), os.environ.get("OSLER_KAFKA_PASSWORD", ""), protocol
        )
        return os.environ["OSLER_KAFKA_BOOTSTRAP"], security
    found = with_secrets(read_status(data_folder()), data_folder())
    known = found["secrets"]["kafka"]
    return found["kafka"]["SASL_PLAINTEXT"], Security(known["username"], known["password"])
