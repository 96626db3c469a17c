"""How a process reaches Kafka; refuses nothing itself, because production's rules are in `settings`."""

import ssl
from typing import Any

from aiokafka import AIOKafkaProducer
from faststream.kafka import KafkaBroker
from faststream.security import BaseSecurity, SASLScram512

from shared.platform.fetching import read_any_header_name
from shared.platform.settings import PlatformSettings

read_any_header_name()  # here, because whoever reads asks this module how to reach Kafka

# Under Kafka's own limit of 1 MiB for a batch, with room for its header.
_MAX_BATCH_BYTES = 900_000
_STOP_SECONDS = 15


def client_options(settings: PlatformSettings) -> dict[str, Any]:
    """The connection arguments that every aiokafka client takes."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap,
        "security_protocol": settings.kafka_protocol,
    }
    if settings.kafka_protocol.startswith("SASL"):
        options |= {
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": settings.kafka_username,
            "sasl_plain_password": settings.kafka_password.get_secret_value(),
        }
    if settings.kafka_protocol.endswith("SSL"):
        options["ssl_context"] = ssl.create_default_context()
    return options


def broker_security(settings: PlatformSettings) -> BaseSecurity:
    """The same for FastStream's brokers."""
    context = ssl.create_default_context() if settings.kafka_protocol.endswith("SSL") else None
    if settings.kafka_protocol.startswith("SASL"):
        return SASLScram512(
            username=settings.kafka_username,
            password=settings.kafka_password.get_secret_value(),
            ssl_context=context,
            use_ssl=context is not None,
        )
    return BaseSecurity(ssl_context=context, use_ssl=context is not None)


def make_broker(settings: PlatformSettings, name: str) -> KafkaBroker:
    """What a service subscribes with; `name` is how Kafka's own logs call it."""
    return KafkaBroker(
        settings.kafka_bootstrap.split(","),  # each by itself: FastStream takes a text with commas for the name of one
        security=broker_security(settings),
        client_id=name,
        allow_auto_create_topics=False,
        graceful_timeout=_STOP_SECONDS,
        apply_types=False,  # a batch is handled as it is: looking for what to inject took a thread's help for each
        logger=None,
    )


def make_producer(settings: PlatformSettings) -> AIOKafkaProducer:
    """An idempotent producer whose acknowledgement means every in-sync replica has the record."""
    return AIOKafkaProducer(
        **client_options(settings),
        client_id=f"{settings.kafka_username}-relay",
        acks="all",
        enable_idempotence=True,
        max_batch_size=_MAX_BATCH_BYTES,
        max_request_size=1_000_000,
        linger_ms=0,
    )
