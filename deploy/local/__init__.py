"""The local parts: PostgreSQL, Kafka, a mailbox and an issuer as ordinary child processes in one data folder."""
