"""Reports of made-up runs, and a real browser without a window that looks at them."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gongbang import records, system
from gongbang.errors import ExitCode
from gongbang.events import Event, Kind
from gongbang.report import build
from gongbang.runs import found
from gongbang.summary import Failure

PROBE = (Path(__file__).parent / "probe.js").read_text()
NASTY = "<script>window.pwned=1</script><img src=x onerror=window.pwned=2>\"'&{{ 7*7 }}"
LONG = "a-node-with-a-name-as-long-as-dns-allows-" + "x" * 22
Look = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session", autouse=True)
def chromium() -> str:
    """The browser, installed when it is not there."""
    system.ensure("browser")
    return "chromium"


@pytest.fixture
def look(chromium: str, tmp_path: Path) -> Look:
    """Opens a report in the browser and returns what the probe sees there."""

    def open_it(report: Path, width: int, *, dark: bool = False) -> dict[str, Any]:
        page = report.read_text()
        assert "default-src 'none'" in page
        copy = (
            tmp_path / "probed.html"
        )  # without its policy: the escaping alone has to hold, and the probe may run
        copy.write_text(
            re.sub(r"<meta http-equiv=.*>", "", page).replace("</body>", f"<script>{PROBE}</script></body>")
        )
        scheme = ["--blink-settings=preferredColorScheme=0"] if dark else []
        argv = [
            chromium,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path / 'profile'}",
        ]
        argv += [*scheme, f"--window-size={width},6000", "--timeout=20000", "--dump-dom", f"file://{copy}"]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=90, check=True)
        seen = re.search(r'<script type="application/json" id="seen">(.*?)</script>', done.stdout, re.DOTALL)
        assert seen, done.stdout[-2000:] + done.stderr[-2000:]
        data: dict[str, Any] = json.loads(seen[1])
        return data

    return open_it


@pytest.fixture
def good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The report of a small run that went well."""
    return report(tmp_path, monkeypatch, ["cp1", "w1", "w2"], bad=False)


@pytest.fixture
def bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The report of a large run that failed and whose every text is as nasty as it can be."""
    return report(tmp_path, monkeypatch, ["cp1", LONG, *(f"w{number}" for number in range(12))], bad=True)


def report(folder: Path, monkeypatch: pytest.MonkeyPatch, hosts: list[str], *, bad: bool) -> Path:
    monkeypatch.setenv("GONGBANG_ARTIFACTS", str(folder / "artifacts"))
    record = records.create("lab", "cluster.up", about=about(hosts, NASTY if bad else "57788e2d8f3b"))
    clock = 1000.0
    for play, role in (
        ("Look", ""),
        ("Prepare", "host"),
        ("Prepare", "kubeadm"),
        (NASTY if bad else "Join", "worker"),
    ):
        for number, host in enumerate(hosts):
            task = f"{role} | {NASTY if bad else 'Write files'}"
            took = 3.0 + number
            record.event(
                Event(
                    Kind.OK,
                    clock + took,
                    play,
                    role,
                    task,
                    "x.yml:1",
                    host,
                    changed=role == "host",
                    duration_s=took,
                )
            )
        clock += 3.0 + len(hosts)
    if bad:
        clock += 1
        record.event(
            Event(
                Kind.FAILED, clock, NASTY, "worker", NASTY, "x.yml:2", "w1", message=NASTY * 30, duration_s=1
            )
        )
        record.log("\n".join([NASTY] * 60))
        record.fail(
            Failure("w1", NASTY, "roles/worker/tasks/join.yml:20", f"{NASTY}\n{NASTY}", "./inv cluster.up")
        )
    (record.folder / "verify.xml").write_text(checks(bad=bad))
    record.finish(ExitCode.FAILED if bad else ExitCode.DONE)
    path = record.folder / build.NAME
    path.write_text(build.page(found.read(record.folder)))
    return path


def about(hosts: list[str], revision: str) -> dict[str, Any]:
    return {
        "cluster": "lab",
        "revision": revision,
        "inventory": "inventories/lab",
        "inventory_hash": "ab" * 32,
        "versions": {"kubernetes": "1.36.3", "gongbang": "0.1.0"},
        "endpoint": "api.lab.internal:6443",
        "cni": "flannel",
        "networks": {"nodes": "172.30.36.0/24", "pods": "10.244.0.0/16", "services": "10.96.0.0/16"},
        "nodes": [
            {"name": host, "address": f"172.30.36.{11 + number}", "role": "workers" if number else "control_plane", "kind": "container"}
            for number, host in enumerate(hosts)
        ],
    }  # fmt: skip


def checks(*, bad: bool) -> str:
    failure = (
        '<failure message="&lt;script&gt;window.pwned=3&lt;/script&gt; seen 3"></failure>' if bad else ""
    )
    cases = "".join(
        f'<testcase classname="tests.cluster.test_host" name="test_{number}" time="0.1"/>'
        for number in range(8)
    )
    last = f'<testcase classname="tests.cluster.test_network" name="test_dns[w1]" time="0.2">{failure}</testcase>'
    return f'<testsuites><testsuite name="pytest" time="9.1">{cases}{last}</testsuite></testsuites>'
