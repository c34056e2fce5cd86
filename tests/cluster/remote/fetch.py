"""Runs on a node: fetches URLs from the node itself, all at once; prints {url: [good, text]}."""

import base64
import json
import os
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

GIVEN = json.loads(base64.b64decode(sys.argv[1])) if len(sys.argv) > 1 else {}
SLOWER = int(os.environ.get("GONGBANG_PATIENCE", "1"))
SECONDS = 6 * SLOWER
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def fetch(url: Any) -> Any:
    """Ask until there is an answer, for a few seconds: the news of a new Service travels for a moment."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            with DIRECT.open(url, timeout=3 * SLOWER) as answer:
                return [answer.status == 200, answer.read(400).decode(errors="replace").strip()]
        except OSError as error:
            if time.monotonic() > end:
                return [False, f"{error}"]
        time.sleep(0.3)


def main() -> None:
    with ThreadPoolExecutor(16) as pool:
        print(json.dumps(dict(zip(GIVEN["urls"], pool.map(fetch, GIVEN["urls"]), strict=True))))


main()
