"""The HTTP edge of every service: what an operation imports; everything else here is the edge's own."""

from shared.platform.http.application import OperationWithoutPolicy, build_app, openapi
from shared.platform.http.context import Me, Now, RawBody, Tx
from shared.platform.http.forms import Day, Form, Instant, Line, Text
from shared.platform.http.pages import Listing, Page
from shared.platform.http.problem import problems
from shared.platform.http.revisions import IfMatch, Revision, etag
from shared.platform.http.routes import MIB, Operation, Routes, operations

__all__ = [
    "MIB",
    "Day",
    "Form",
    "IfMatch",
    "Instant",
    "Line",
    "Listing",
    "Me",
    "Now",
    "Operation",
    "OperationWithoutPolicy",
    "Page",
    "RawBody",
    "Revision",
    "Routes",
    "Text",
    "Tx",
    "build_app",
    "etag",
    "openapi",
    "operations",
    "problems",
]
