"""SCIM 2.0 (RFC 7643, RFC 7644): how an identity provider keeps people and groups; keeps nothing beyond /Schemas."""

from services.directory.api.scim.door import make_door

__all__ = ["make_door"]
