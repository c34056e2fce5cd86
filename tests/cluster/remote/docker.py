"""Runs on a node as root: builds and runs a container with Docker, without any registry; leaves nothing behind."""

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

SLOWER = int(os.environ.get("GONGBANG_PATIENCE", "1"))
GIVEN = json.loads(base64.b64decode(sys.argv[1])) if len(sys.argv) > 1 else {}
PROGRAMS = ("/usr/bin/ctr", "/usr/bin/kubectl")  # linked statically; ctr comes with containerd
SOCKET = "/run/docker.sock"
COMPOSE = "services: {check: {image: NAME, command: ARGUMENTS, network_mode: none}}"


def docker(*words: Any, timeout: Any = 60 * SLOWER, **environment: Any) -> Any:
    env = {**os.environ, **environment}
    try:
        done = subprocess.run(
            ["docker", *words], capture_output=True, text=True, timeout=timeout, check=False, env=env
        )
    except (OSError, subprocess.SubprocessError) as error:
        return 127, f"{error}"
    return done.returncode, (done.stdout + done.stderr).strip()


class Engine(HTTPConnection):
    """Docker Engine's API. A question there starts no client of Docker, which takes seconds on an emulated processor."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60 * SLOWER)
        self.sock.connect(SOCKET)


def engine(method: Any, path: Any, **words: Any) -> Any:
    """Whether the engine did what it was asked, and its answer."""
    connection = Engine("localhost")
    try:
        connection.request(method, f"{path}?{urlencode(words)}")
        answer = connection.getresponse()
        return answer.status == 200, json.loads(answer.read())
    except (OSError, HTTPException, ValueError) as error:
        return False, {"message": f"{error}"}
    finally:
        connection.close()


def build_and_run(name: Any, *, buildkit: Any) -> Any:
    program = next((path for path in PROGRAMS if Path(path).exists()), None)
    if program is None:
        return {part: [1, "no static program to put into the image"] for part in ("build", "run", "composed")}
    arguments = ["version", "--client"] if program.endswith("kubectl") else ["--version"]
    not_built = (1, "not built")
    with tempfile.TemporaryDirectory(prefix="gongbang-verify-") as folder:
        build = built(name, program, folder, buildkit=buildkit)
        run = ran(name, arguments) if build[0] == 0 else not_built
        together = composed(name, arguments, folder) if build[0] == 0 else not_built
    engine("DELETE", f"/images/{name}", force=1)
    return {"build": build, "run": run, "composed": together}


def built(name: Any, program: Any, folder: Any, *, buildkit: Any) -> Any:
    """Build with BuildKit where the client has it, as people's `docker build` does."""
    shutil.copy(program, Path(folder, "program"))
    Path(folder, "Dockerfile").write_text('FROM scratch\nCOPY program /program\nENTRYPOINT ["/program"]\n')
    before = cached()
    done = docker("build", "--quiet", "--force-rm", "--tag", name, folder, DOCKER_BUILDKIT=str(int(buildkit)))
    for part in cached() - before:
        engine("POST", "/build/prune", all=1, filters=json.dumps({"id": [part]}))
    return done


def ran(name: Any, arguments: Any) -> Any:
    """Run the image; once more when it did well in silence: an engine can lose what a container says that ends at once."""
    argv = ("run", "--rm", "--network", "none", name, *arguments)
    code, text = docker(*argv)
    return (code, text) if code or text else docker(*argv)


def cached() -> Any:
    """The ids of the parts of the build cache, so that only ours are taken away again."""
    done, told = engine("GET", "/system/df", type="build-cache")
    return {part["ID"] for part in told.get("BuildCache") or []} if done else set()


def composed(name: Any, arguments: Any, folder: Any) -> Any:
    """Run the image as a service of a compose file and take the project away again."""
    file = Path(folder, "compose.yml")
    file.write_text(COMPOSE.replace("NAME", name).replace("ARGUMENTS", json.dumps(arguments)))
    project = ("compose", "--file", str(file), "--project-name", name)
    done = docker(*project, "up", "--abort-on-container-exit", "--exit-code-from", "check")
    docker(*project, "down", "--timeout", "1")
    return done


def left(name: Any) -> Any:
    """Images of that name that are still there."""
    done, told = engine("GET", "/images/json", filters=json.dumps({"reference": [name]}))
    return [0, " ".join(image["Id"] for image in told)] if done else [1, told["message"]]


def main() -> None:
    name = GIVEN["name"]
    buildx = docker("buildx", "version")
    print(
        json.dumps(
            {
                "info": docker("info", "--format", "{{json .}}"),
                "buildx": buildx,
                **build_and_run(name, buildkit=buildx[0] == 0),
                "left": left(name),
            }
        )
    )


main()
