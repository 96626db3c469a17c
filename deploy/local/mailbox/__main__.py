"""Runs the mailbox on the loopback: `python -m deploy.local.mailbox FOLDER HTTP_PORT SMTP_PORT`."""

import argparse
from pathlib import Path

import uvicorn

from deploy.local.mailbox.app import build


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="deploy.local.mailbox", description="A mailbox that delivers to nobody.")
    parser.add_argument("folder", type=Path, help="where the messages are kept")
    parser.add_argument("http_port", type=int)
    parser.add_argument("smtp_port", type=int)
    told = parser.parse_args()
    app = build(told.folder, told.smtp_port)
    uvicorn.run(app, host="127.0.0.1", port=told.http_port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
