class DefaultRecord:
    def __init__(
        self,
        offset: int,
        timestamp: int,
        timestamp_type: int,
        key: bytes | None,
        value: bytes | None,
        headers: list[tuple[str, bytes | None]],
    ) -> None: ...

class _DefaultRecordBatchPy:
    _buffer: bytearray
    _pos: int
    base_offset: int
    first_timestamp: int
    timestamp_type: int
    def __init__(self, buffer: memoryview) -> None: ...
    def _read_msg(self) -> DefaultRecord: ...

class _DefaultRecordBatchBuilderPy:
    def __init__(
        self,
        magic: int,
        compression_type: int,
        is_transactional: int,
        producer_id: int,
        producer_epoch: int,
        base_sequence: int,
        batch_size: int,
    ) -> None: ...
    def append(
        self,
        offset: int,
        timestamp: int | None,
        key: bytes | None,
        value: bytes | None,
        headers: list[tuple[str, bytes | None]],
    ) -> object: ...
    def build(self) -> bytearray: ...
