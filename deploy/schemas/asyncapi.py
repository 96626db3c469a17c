"""One AsyncAPI 3.0 document per service: what it says and hears on Kafka; refuses a topic that the catalogue lacks."""

from collections.abc import Iterable
from typing import Any, Final

from deploy.schemas.events import file_name, sentence
from shared.contracts.event import Event
from shared.contracts.topics import Topic, catalogue
from shared.platform.service import Service

BINDING: Final = "0.5.0"
FORMAT: Final = "application/schema+json;version=2020-12"
_UUID: Final = {"type": "string", "format": "uuid"}

# CloudEvents 1.0 in Kafka's binary mode. In Kafka every header is bytes; these are UTF-8.
_HEADERS: Final[dict[str, Any]] = {
    "type": "object",
    "required": [
        "ce_specversion",
        "ce_id",
        "ce_type",
        "ce_source",
        "ce_subject",
        "ce_sequence",
        "ce_time",
        "ce_partitionkey",
        "ce_institutions",
        "content-type",
    ],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {
            **_UUID,
            "description": "UUIDv5 of the aggregate's id and its version: the same fact has the same id.",
        },
        "ce_type": {"type": "string"},
        "ce_source": {"type": "string", "format": "uri-reference"},
        "ce_subject": {**_UUID, "description": "The aggregate whose versions are counted."},
        "ce_sequence": {
            "type": "string",
            "pattern": "^[0-9]{19}$",
            "description": "The aggregate's version, with leading zeros: it sorts as text.",
        },
        "ce_time": {"type": "string", "format": "date-time", "description": "When it happened, in business time."},
        "ce_partitionkey": {**_UUID, "description": "The record's key."},
        "ce_institutions": {"type": "string", "description": "Ids of the institutions concerned, separated by commas."},
        "content-type": {"const": "application/json"},
        "traceparent": {"type": "string", "description": "W3C Trace Context of the request that caused it."},
    },
}


def asyncapi(service: Service) -> dict[str, Any]:
    """The document of one service, with references to the event schemas beside it."""
    heard = [(events.name, event) for events in service.events for event in events.heard.values()]
    every = {event.type: event for event in [*service.says, *(event for _, event in heard)]}
    topics = sorted({event.topic for event in every.values()})
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"Osler: {service.name}",
            "version": "1.0.0",
            "description": f"What {service.name} says and hears. A version is part of each event's type.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {
                "host": "{bootstrap}",
                "protocol": "kafka-secure",
                "variables": {"bootstrap": {"description": "Host and port of a broker, from OSLER_KAFKA_BOOTSTRAP."}},
                "security": [{"$ref": "#/components/securitySchemes/scram"}],
            }
        },
        "channels": {name: _channel(name, every.values()) for name in topics},
        "operations": _operations(service.says, heard),
        "components": {
            "messages": {name: _message(event) for name, event in sorted(every.items())},
            "schemas": {"headers": _HEADERS},
            "securitySchemes": {"scram": {"type": "scramSha512"}},
        },
    }


def _channel(name: str, events: Iterable[type[Event]]) -> dict[str, Any]:
    topic = catalogue().topics[name]
    types = sorted(event.type for event in events if event.topic == name)
    return {
        "address": name,
        "description": f"Said by {topic.publisher}, read by {', '.join(sorted(topic.readers))}.",
        "messages": {wire: {"$ref": f"#/components/messages/{wire}"} for wire in types},
        "bindings": {
            "kafka": {
                "topic": name,
                "partitions": topic.partitions,
                "topicConfiguration": _configuration(topic),
                "bindingVersion": BINDING,
            }
        },
    }


def _configuration(topic: Topic) -> dict[str, Any]:
    every = {
        "cleanup.policy": [topic.cleanup],
        "retention.ms": topic.retention_ms,
        "segment.ms": topic.segment_ms,
        "max.compaction.lag.ms": topic.max_compaction_lag_ms,
        "delete.retention.ms": topic.delete_retention_ms,
    }
    return {key: value for key, value in every.items() if value is not None}


def _operations(says: Iterable[type[Event]], heard: Iterable[tuple[str, type[Event]]]) -> dict[str, Any]:
    operations: dict[str, Any] = {}
    for event in says:
        operation = operations.setdefault(f"say.{event.topic}", _operation("send", event.topic))
        operation["messages"].append(_in_channel(event))
    for consumer, event in heard:
        operation = operations.setdefault(f"hear.{consumer}.{event.topic}", _operation("receive", event.topic))
        operation["messages"].append(_in_channel(event))
        group = {"type": "string", "const": f"{consumer}.{event.topic}"}
        operation["bindings"] = {"kafka": {"groupId": group, "bindingVersion": BINDING}}
    return dict(sorted(operations.items()))


def _operation(action: str, topic: str) -> dict[str, Any]:
    return {"action": action, "channel": {"$ref": f"#/channels/{topic}"}, "messages": []}


def _in_channel(event: type[Event]) -> dict[str, str]:
    return {"$ref": f"#/channels/{event.topic}/messages/{event.type}"}


def _message(event: type[Event]) -> dict[str, Any]:
    own = {"ce_type": {"const": event.type}, "ce_source": {"const": "/" + event.topic.replace(".", "/")}}
    key = {**_UUID, "description": f"`{event.keyed_by or event.aggregate}`, as text."}
    return {
        "name": event.type,
        "title": event.__name__,
        "summary": sentence(event),
        "contentType": "application/json",
        "headers": {"type": "object", "allOf": [{"$ref": "#/components/schemas/headers"}, {"properties": own}]},
        "payload": {"schemaFormat": FORMAT, "schema": {"$ref": f"../events/{file_name(event)}"}},
        "bindings": {"kafka": {"key": key, "bindingVersion": BINDING}},
    }
