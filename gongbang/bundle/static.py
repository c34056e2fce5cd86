"""Serve the apt repositories over HTTP, and nothing else: `python -m gongbang.bundle.static`."""

from __future__ import annotations

import argparse
import os
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

PREFIX = "/apt/"


class Handler(SimpleHTTPRequestHandler):
    """Files below `<root>/apt/` by GET and HEAD; no listings, no way out of the folder."""

    protocol_version = "HTTP/1.1"
    server_version = "gongbang"
    sys_version = ""

    def send_head(self) -> BytesIO | BinaryIO | None:
        """Refuse what is not a plain file of the repositories, before anything is opened."""
        if self._allowed() is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return super().send_head()

    def translate_path(self, path: str) -> str:
        """The file that a request means; an empty path (never a file) when it is none of ours."""
        del path
        return str(self._allowed() or "")

    def log_message(self, format: str, *args: object) -> None:
        """Write refusals only: apt asks for hundreds of files."""

    def _allowed(self) -> Path | None:
        wanted = unquote(urlsplit(self.path).path)
        if not wanted.startswith(PREFIX) or "\0" in wanted:
            return None
        top = (Path(self.directory) / "apt").resolve()
        found = (top / wanted.removeprefix(PREFIX).lstrip("/")).resolve()
        return found if found.is_relative_to(top) and found.is_file() else None


class Server(ThreadingHTTPServer):
    """A thread for each connection; three nodes ask for eight files at once."""

    daemon_threads = True
    request_queue_size = 128


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listen", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--root", required=True)
    given = parser.parse_args()
    os.chdir("/")
    Server((given.listen, given.port), partial(Handler, directory=given.root)).serve_forever()


if __name__ == "__main__":
    main()
