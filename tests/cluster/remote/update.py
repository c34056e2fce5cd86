"""Runs on a node as root: updates a release while asking it all the time, by new and by kept connections.

Open loop: a request is sent when its time has come, whether earlier ones were answered or not.
"""

import base64
import http.client
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

GIVEN = json.loads(base64.b64decode(sys.argv[1])) if len(sys.argv) > 1 else {}
ENVIRONMENT = {**os.environ, "KUBECONFIG": "/etc/kubernetes/admin.conf"}
LIMIT = 5.0
WORKERS = 24


class Load:
    """Requests at a fixed rate; half of the workers keep their connection."""

    def __init__(self, address: str, rate: int) -> None:
        self.address, self.rate = address, rate
        self.sent = 0
        self.failures: list[str] = []
        self.versions: dict[str, int] = {}
        self.slowest = 0.0
        self.late = 0.0
        self.lock = threading.Lock()
        self.due: list[queue.Queue[float | None]] = [queue.Queue(), queue.Queue()]
        self.over = threading.Event()
        self.threads = [
            threading.Thread(target=self.worker, args=(turn % 2 == 0,)) for turn in range(WORKERS)
        ]
        self.threads.append(threading.Thread(target=self.clock))

    def clock(self) -> None:
        begun, count = time.monotonic(), 0
        while not self.over.is_set():
            count += 1
            time.sleep(max(0.0, begun + count / self.rate - time.monotonic()))
            self.due[count % 2].put(time.monotonic())
        for line in self.due:
            for _ in self.threads:
                line.put(None)

    def worker(self, kept: bool) -> None:
        connection = http.client.HTTPConnection(self.address, timeout=LIMIT)
        line = self.due[0 if kept else 1]
        while (due := line.get()) is not None:
            begun = time.monotonic()
            problem = self.ask(connection, kept)
            with self.lock:
                self.sent += 1
                self.slowest = max(self.slowest, time.monotonic() - begun)
                self.late = max(self.late, begun - due)
                if problem:
                    kind = "kept" if kept else "new"
                    self.failures.append(f"{time.strftime('%H:%M:%S')} {kind} connection: {problem}")
        connection.close()

    def ask(self, connection: http.client.HTTPConnection, kept: bool) -> str:
        try:
            connection.request("GET", "/", headers={} if kept else {"Connection": "close"})
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                return f"{answer.status} {body[:80]!r}"
            with self.lock:
                version = json.loads(body)["version"]
                self.versions[version] = self.versions.get(version, 0) + 1
        except (OSError, http.client.HTTPException, ValueError) as error:
            connection.close()
            return f"{type(error).__name__}: {error}"
        return ""

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(timeout=LIMIT + 5)


def run(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, env=ENVIRONMENT, timeout=120, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words[:4])}: {(done.stderr or done.stdout)[-500:]}")
    return done.stdout.strip()


def install(chart: str, version: str) -> None:
    sets = [
        word
        for key, value in GIVEN["values"].items()
        for word in ("--set-json", f"{key}={json.dumps(value)}")
    ]
    words = (
        "helm",
        "upgrade",
        "--install",
        GIVEN["name"],
        chart,
        "-n",
        "default",
        "--wait",
        "--timeout",
        "90s",
    )
    run(*words, "--set", f"image.tag={version}", *sets)
    run("kubectl", "-n", "default", "rollout", "status", f"deployment/{GIVEN['name']}", "--timeout=90s")


def drill(chart: str) -> dict[str, Any]:
    versions = GIVEN["versions"]
    install(chart, versions[0])
    address = run(
        "kubectl", "-n", "default", "get", "service", GIVEN["name"], "-o", "jsonpath={.spec.clusterIP}"
    )
    load = Load(address, GIVEN["rate"])
    begun = time.monotonic()
    load.start()
    try:
        time.sleep(GIVEN["before"])
        for version in versions[1:]:
            install(chart, version)
        time.sleep(GIVEN["after"])
    finally:
        load.stop()
    return {
        "sent": load.sent,
        "seconds": round(time.monotonic() - begun, 1),
        "failed": len(load.failures),
        "failures": load.failures[:5],
        "versions": load.versions,
        "slowest": round(load.slowest, 2),
        "late": round(load.late, 2),
    }


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = tempfile.mkdtemp(prefix="gongbang-verify-")
    try:
        archive = Path(folder, "chart.tgz")
        archive.write_bytes(base64.b64decode(GIVEN["chart"]))
        shutil.unpack_archive(archive, folder, filter="data")
        print(json.dumps(drill(str(Path(folder, "web")))))
    finally:
        subprocess.run(
            ["helm", "uninstall", GIVEN["name"], "-n", "default", "--ignore-not-found", "--wait"],
            env=ENVIRONMENT,
            capture_output=True,
            check=False,
        )
        shutil.rmtree(folder, ignore_errors=True)


main()
