class OffsetFetchRequest:
    def __init__(self, consumer_group: str, partitions: list[tuple[str, list[int]]] | None) -> None: ...

class OffsetFetchResponse_v3:
    error_code: int
