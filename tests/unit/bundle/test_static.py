from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from gongbang.bundle.static import Handler, Server


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "apt-1/helm").mkdir(parents=True)
    (tmp_path / "apt").symlink_to("apt-1")
    (tmp_path / "apt/helm/a+b_1%3a2.deb").write_text("package")
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "apt/out").symlink_to(tmp_path / "secret")
    server = Server(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.putrequest("GET", path, skip_host=False)
    connection.endheaders()
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_files_are_served(port: int) -> None:
    assert get(port, "/apt/helm/a+b_1%253a2.deb") == (200, b"package")


@pytest.mark.parametrize(
    "path",
    [
        "/", "/apt", "/apt/", "/apt/helm", "/secret", "/apt/../secret", "/apt/..%2fsecret", "/apt/%2e%2e/secret",
        "/apt//../secret", "/apt/out", "/apt/missing", "/apt/%00", "//apt/../secret", "/apt/..%5csecret",
    ],
)  # fmt: skip
def test_nothing_else_is(port: int, path: str) -> None:
    status, body = get(port, path)
    assert status == 404
    assert b"secret" not in body
