"""An engine of one's own: dockerd on a socket and in folders of its own, which can be stopped, killed and
started again.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path
from subprocess import CompletedProcess

DOCKER = "/usr/bin/docker"
"""Debian's client. Another one may stand first on PATH."""
_PATH = os.environ | {"PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}
"""Where Debian keeps what only root runs."""
_PATIENCE = 60
"""Seconds for an engine to start, or to stop by itself."""


def missing() -> str:
    """Why no engine can run here; empty if one can."""
    if os.geteuid() != 0:
        return "only root can start an engine (dockerd)"
    programs = {
        "dockerd": "docker.io",
        "iptables": "iptables",
        "ip": "iproute2",
        "runc": "runc",
        "mmdebstrap": "mmdebstrap",
        "docker-registry": "docker-registry",
        "htpasswd": "apache2-utils",
    }
    lacking = [
        package for program, package in programs.items() if not shutil.which(program, path=_PATH["PATH"])
    ]
    if not Path(DOCKER).is_file():
        lacking.append("docker.io")
    names = " ".join(dict.fromkeys(lacking))
    return f"there is no engine here: `make e2e` installs it, or apt-get install {names}" if names else ""


class Engine:
    """dockerd, with the client that talks to it."""

    def __init__(self, folder: Path, name: str = "engine") -> None:
        self.folder = folder / name
        self.socket = f"unix://{self.folder}/docker.sock"
        self.log = self.folder / "log"
        self.config = self.folder / "client"
        self._process: subprocess.Popen[bytes] | None = None
        # A network of its own: docker0 belongs to the machine's engine, if it has one.
        self._bridge = f"rgraph{secrets.token_hex(3)}"
        self._address = f"10.211.{secrets.randbelow(250)}.1/24"
        self.config.mkdir(parents=True)

    @property
    def env(self) -> dict[str, str]:
        """What a program needs to talk to this engine, and to no other."""
        return {
            "DOCKER_HOST": self.socket,
            "DOCKER_CONFIG": str(self.config),
            "DOCKER_BUILDKIT": "1",
            "RGRAPH_DOCKER": DOCKER,
        }

    def start(self) -> None:
        """Starts it, or starts it again, and waits until it answers."""
        self._make_bridge()
        # Engines that start at the same moment change the machine's iptables under each other's hands.
        if not any(self._answers() for _ in range(3)):
            raise AssertionError(f"dockerd does not answer: {self.log.read_text()}")

    def _answers(self) -> bool:
        """Starts it; False if it ended instead of answering."""
        # It ends when the tests are ended from outside, too.
        command = ["setpriv", "--pdeathsig", "TERM", "dockerd", "--log-level", "warn"]
        command += ["--host", self.socket, "--bridge", self._bridge]
        for option, name in (("--data-root", "data"), ("--exec-root", "exec"), ("--pidfile", "pid")):
            command += [option, str(self.folder / name)]
        # Of an engine that was killed: a dead child that nobody has waited for would pass for a living one.
        for left in ("pid", "exec/containerd/containerd.pid"):
            (self.folder / left).unlink(missing_ok=True)
        with self.log.open("ab") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out, env=_PATH, start_new_session=True)
        self._process = process
        end = time.monotonic() + _PATIENCE
        while process.poll() is None and time.monotonic() < end:
            if self.docker("version", check=False).returncode == 0:
                return True
            time.sleep(0.1)
        self.kill()
        return False

    def stop(self) -> None:
        """Stops it as a service is stopped; kills it when it takes too long."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it without a warning."""
        self._end(signal.SIGKILL)

    def remove(self) -> None:
        """Stops it and removes all that it holds."""
        self.stop()
        with open("/proc/mounts", encoding="utf-8") as mounts:
            left = [line.split()[1] for line in mounts if f" {self.folder}/" in line]
        for mount in sorted(left, reverse=True):
            subprocess.run(["umount", "--lazy", mount], check=False, capture_output=True)
        subprocess.run(["ip", "link", "delete", self._bridge], env=_PATH, check=False, capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def docker(self, *arguments: str, check: bool = True, stdin: str = "") -> CompletedProcess[str]:
        """Runs Debian's client against this engine."""
        command, env = [DOCKER, *arguments], os.environ | self.env
        done = subprocess.run(command, check=False, env=env, input=stdin, capture_output=True, text=True)
        assert not check or done.returncode == 0, f"docker {arguments}: {done.stderr}"
        return done

    def load(self, root: Path, reference: str, *changes: str) -> None:
        """Makes an image of the tar archive of a root file system."""
        options = [part for change in changes for part in ("--change", change)]
        self.docker("import", *options, str(root), reference)

    def login(self, host: str, user: str, password: str) -> None:
        """What `docker login` does: the client's configuration then holds the password."""
        self.docker("login", "--username", user, "--password-stdin", host, stdin=password)

    def labels(self, reference: str) -> dict[str, str]:
        """Labels of an image that the engine has."""
        found: dict[str, str] | None = json.loads(self.inspect(reference, "{{json .Config.Labels}}"))
        return found or {}

    def inspect(self, reference: str, template: str) -> str:
        """A fact of an image that the engine has."""
        return self.docker("image", "inspect", "--format", template, reference).stdout.strip()

    def images(self) -> set[str]:
        """Names of all images that have one."""
        listed = self.docker("images", "--format", "{{.Repository}}:{{.Tag}}").stdout.split()
        return {name for name in listed if "<none>" not in name}

    def containers(self) -> list[str]:
        """Names of all containers, running or not."""
        return self.docker("ps", "--all", "--format", "{{.Names}}").stdout.split()

    def networks(self) -> set[str]:
        """Names of all networks that somebody made."""
        listed = self.docker("network", "ls", "--filter", "type=custom", "--format", "{{.Name}}")
        return set(listed.stdout.split())

    def forget_cache(self) -> None:
        """Removes all that builds left for the next one."""
        self.docker("builder", "prune", "--all", "--force")

    def _make_bridge(self) -> None:
        if Path(f"/sys/class/net/{self._bridge}").exists():
            return
        for words in (
            ("link", "add", self._bridge, "type", "bridge"),
            ("addr", "add", self._address, "dev", self._bridge),
            ("link", "set", self._bridge, "up"),
        ):
            subprocess.run(["ip", *words], env=_PATH, check=True)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_PATIENCE)
