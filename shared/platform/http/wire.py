"""HTTP/1.1 as it comes over the socket; what cannot be read as a request is refused as problem+json too."""

from typing import Final

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from shared.platform.http import problem
from shared.platform.http.observation import HEADERS
from shared.platform.http.refusals import MalformedHttp
from shared.platform.settings import PlatformSettings

_UNANSWERED: Final = {h11.IDLE, h11.SEND_RESPONSE}


class Http11(H11Protocol):
    """uvicorn's own protocol, but for its plain-text answer to what never reaches the application."""

    def send_400_response(self, msg: str) -> None:
        """Refuse what came and end the connection; half an answer that is out already can only be cut off."""
        if self.conn.our_state in _UNANSWERED:
            answer = problem.answer(MalformedHttp(), trace_id="")
            answer.headers.update(HEADERS | {"Connection": "close"})
            head = h11.Response(status_code=answer.status_code, headers=answer.raw_headers, reason=b"Bad Request")
            for event in (head, h11.Data(data=bytes(answer.body)), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def server_config(app: FastAPI, settings: PlatformSettings) -> uvicorn.Config:
    """How an application is served: at the settings' address, and without a word about who serves it."""
    return uvicorn.Config(
        app,
        host=settings.http_host,
        port=settings.http_port,
        http=Http11,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_graceful_shutdown=5,
    )
