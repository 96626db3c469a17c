"""Who may do what in Kafka follows from the catalogue, and a plan says what is still to be done."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ConfigSource,
    ResourcePatternType,
    ResourceType,
)

from shared.contracts.topics import Catalogue, Topic, catalogue
from shared.platform.topics import LOCAL, PRODUCTION, Copies, Grant, TopicsRefused, acls
from shared.platform.topics.plan import Plan, configs, make_plan, to_binding

_ONE = Catalogue(
    topics={
        "osler.garden": Topic(
            name="osler.garden", publisher="gardener", partitions=2, cleanup="delete", readers=("cook", "visitor")
        )
    },
    principals={"visitor": {"groups": ("visitor",)}},  # type: ignore[dict-item] # pydantic reads it
)


class _Answer:
    """A future that is done."""

    def __init__(self, value: object) -> None:
        self._value = value

    def result(self, _timeout: float | None = None) -> object:
        return self._value


class _Cluster:
    """A cluster as an administrator sees it, with one topic made as the catalogue says."""

    def __init__(self) -> None:
        self.partitions = 2
        self.replicas = 1
        self.values: dict[str, str] = {
            key: value for key, value in configs(_ONE.topics["osler.garden"], LOCAL).items() if value is not None
        }
        self.set_here: set[str] = set(self.values)
        self.acls = [to_binding(grant) for grant in acls(_ONE)]
        self.topics = ["osler.garden"]

    def list_topics(self, **_: object) -> object:
        partition = SimpleNamespace(replicas=list(range(self.replicas)))
        topic = SimpleNamespace(partitions=dict.fromkeys(range(self.partitions), partition))
        return SimpleNamespace(topics=dict.fromkeys(self.topics, topic))

    def describe_configs(self, resources: list[Any], **_: object) -> object:
        return {resource: _Answer(self._entries()) for resource in resources}

    def _entries(self) -> dict[str, object]:
        names = configs(_ONE.topics["osler.garden"], LOCAL)
        return {
            key: SimpleNamespace(
                value=self.values.get(key, "604800000"),
                source=(ConfigSource.DYNAMIC_TOPIC_CONFIG.value if key in self.set_here else 5),
            )
            for key in names
        }

    def describe_acls(self, *_: object, **__: object) -> object:
        return _Answer(self.acls)

    def plan(self, passwords: dict[str, str] | None = None, copies: Copies = LOCAL, right: str = "right") -> Plan:
        return make_plan(cast("AdminClient", self), _ONE, passwords or {}, copies, lambda _, word: word == right)


def _acl(principal: str, name: str, operation: AclOperation, **more: Any) -> AclBinding:
    pattern = more.get("pattern", ResourcePatternType.LITERAL)
    kind = more.get("kind", AclPermissionType.ALLOW)
    return AclBinding(more.get("resource", ResourceType.TOPIC), name, pattern, principal, "*", operation, kind)


def test_a_publisher_writes_and_a_reader_reads_in_groups_of_its_own() -> None:
    assert acls(_ONE) == [
        Grant("cook", "group", "cook.", "READ", prefixed=True),
        Grant("cook", "topic", "osler.garden", "DESCRIBE"),
        Grant("cook", "topic", "osler.garden", "READ"),
        Grant("gardener", "topic", "osler.garden", "DESCRIBE"),
        Grant("gardener", "topic", "osler.garden", "WRITE"),
        Grant("visitor", "group", "visitor", "READ", prefixed=True),
        Grant("visitor", "topic", "osler.garden", "DESCRIBE"),
        Grant("visitor", "topic", "osler.garden", "READ"),
    ]


def test_analytics_reads_two_topics_and_nothing_else() -> None:
    assert [str(grant) for grant in acls(catalogue()) if grant.principal == "analytics"] == [
        "analytics may READ group analytics*",
        "analytics may DESCRIBE topic osler.meetings",
        "analytics may READ topic osler.meetings",
        "analytics may DESCRIBE topic osler.pairing",
        "analytics may READ topic osler.pairing",
    ]


def test_contact_data_is_read_by_three_principals_and_written_by_one() -> None:
    about = [grant for grant in acls(catalogue()) if grant.name == "osler.contacts"]
    assert {grant.principal for grant in about if grant.operation == "READ"} == {
        "notifications",
        "console",
        "directory",
    }
    assert {grant.principal for grant in about if grant.operation == "WRITE"} == {"directory"}


def test_nobody_writes_to_a_topic_of_somebody_else() -> None:
    writes = {(grant.principal, grant.name) for grant in acls(catalogue()) if grant.operation == "WRITE"}
    assert writes == {(topic.publisher, topic.name) for topic in catalogue().topics.values()}


def test_no_principals_groups_reach_into_anothers() -> None:
    prefixes = {(grant.principal, grant.name) for grant in acls(catalogue()) if grant.resource == "group"}
    for principal, prefix in prefixes:
        for other, theirs in prefixes:
            assert principal == other or not theirs.startswith(prefix)


def test_a_cluster_that_is_right_needs_nothing() -> None:
    plan = _Cluster().plan({"cook": "right"})
    assert not plan
    assert plan.lines() == []


def test_an_empty_cluster_needs_everything() -> None:
    cluster = _Cluster()
    cluster.topics, cluster.acls = [], []
    lines = cluster.plan({"cook": "right", "visitor": "new"}).lines()
    assert lines[0] == "create topic osler.garden with 2 partitions"
    assert lines[1] == "set the password of visitor"
    assert lines[2:] == [f"permit: {grant}" for grant in acls(_ONE)]


def test_passwords_of_strangers_are_not_set() -> None:
    assert _Cluster().plan({"pairing_app": "new", "admin": "new"}).users == []


def test_a_setting_that_differs_is_set_and_one_that_should_not_be_there_is_taken_away() -> None:
    cluster = _Cluster()
    cluster.values["retention.ms"] = "1000"
    cluster.set_here.add("segment.ms")
    assert cluster.plan().configs == {"osler.garden": {"retention.ms": "-1", "segment.ms": None}}


def test_a_default_that_happens_to_be_right_is_set_nevertheless() -> None:
    cluster = _Cluster()
    cluster.set_here.remove("cleanup.policy")
    assert cluster.plan().lines() == ["set cleanup.policy of osler.garden to delete"]


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        ({"partitions": 3}, "has 3 partitions and the catalogue says 2"),
        ({"replicas": 2}, "keeps 2 copies of each record and should keep 1"),
        ({"values": {"cleanup.policy": "compact"}}, "cleanup.policy compact and the catalogue says delete"),
    ],
)
def test_what_an_existing_topic_would_not_survive_is_refused(spoil: dict[str, Any], complaint: str) -> None:
    cluster = _Cluster()
    for name, value in spoil.items():
        setattr(cluster, name, value)
    with pytest.raises(TopicsRefused, match=complaint):
        cluster.plan()


def test_production_keeps_three_copies_of_which_two_must_answer() -> None:
    cluster = _Cluster()
    cluster.replicas = 3
    assert cluster.plan(copies=PRODUCTION).lines() == ["set min.insync.replicas of osler.garden to 2"]


@pytest.mark.parametrize(
    "extra",
    [
        _acl("User:cook", "osler.garden", AclOperation.WRITE),
        _acl("User:cook", "elsewhere", AclOperation.READ),
        _acl("User:cook", "gardener.", AclOperation.READ, resource=ResourceType.GROUP),
        _acl("User:stranger", "osler.garden", AclOperation.READ),
        _acl("User:*", "osler.garden", AclOperation.READ),
        _acl("User:stranger", "osler.", AclOperation.ALL, pattern=ResourcePatternType.PREFIXED),
        _acl("User:stranger", "osler.forgotten", AclOperation.READ),
    ],
)
def test_what_the_catalogue_does_not_grant_is_taken_back(extra: AclBinding) -> None:
    cluster = _Cluster()
    cluster.acls.append(extra)
    assert cluster.plan().revoke == [extra]


@pytest.mark.parametrize(
    "extra",
    [
        _acl("User:operator", "*", AclOperation.ALL),
        _acl("User:operator", "o", AclOperation.READ, pattern=ResourcePatternType.PREFIXED),
        _acl("User:visitor", "osler.garden", AclOperation.READ, kind=AclPermissionType.DENY),
    ],
)
def test_what_an_administrator_decided_for_every_topic_or_forbade_is_shown_and_left(extra: AclBinding) -> None:
    cluster = _Cluster()
    cluster.acls.append(extra)
    plan = cluster.plan()
    assert not plan
    assert plan.lines()[0].startswith("not in the catalogue, left as it is: User:")


def test_a_neighbour_on_the_same_cluster_is_none_of_our_business() -> None:
    cluster = _Cluster()
    cluster.acls.append(_acl("User:billing", "billing.invoices", AclOperation.WRITE))
    plan = cluster.plan()
    assert not plan
    assert plan.lines() == []
