"""The packages of the peers: how they are installed, and their versions."""

import json
import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUTPUT = HERE.parents[1] / "target" / "peers"
VENV = OUTPUT / "venv"
NODE = OUTPUT / "node"


class CannotInstall(Exception):
    """A package that cannot be installed."""


@dataclass(frozen=True)
class Package:
    """A package of a package manager."""

    manager: str
    name: str

    def version(self):
        return VERSIONS[self.manager](self.name)


def apt(*names):
    return [Package("apt", name) for name in names]


def pip(*names):
    return [Package("pip", name) for name in names]


def npm(*names):
    return [Package("npm", name) for name in names]


def cargo(*names):
    """Crates. Cargo installs them when their peers are built."""
    return [Package("cargo", name) for name in names]


def program(name):
    """A program that pip installs."""
    return VENV / "bin" / name


def install(packages):
    """Installs what is missing."""
    names = {manager: [] for manager in VERSIONS}
    for package in packages:
        if package.name not in names[package.manager]:
            names[package.manager].append(package.name)
    install_apt([name for name in names["apt"] if not apt_version(name)])
    install_pip(names["pip"])
    install_npm(names["npm"])


def log_file(name):
    return OUTPUT / "logs" / f"{name.replace('/', '-')}.log"


def run(*words, **options):
    try:
        subprocess.run([str(word) for word in words], check=True, **options)
    except (OSError, subprocess.CalledProcessError) as error:
        raise CannotInstall(str(error)) from error


def install_apt(names):
    if not names:
        return
    if os.geteuid() != 0:
        raise CannotInstall(f"run: apt-get install --no-install-recommends {' '.join(names)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    quiet = {"env": environment, "stdout": subprocess.DEVNULL}
    run("apt-get", "update", "-qq", **quiet)
    run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *names, **quiet)


def install_pip(names):
    if not names:
        return
    if not program("python").exists():
        run(sys.executable, "-m", "venv", VENV)
    pip_install = [program("python"), "-m", "pip", "install", "--quiet"]
    constraints = ["--disable-pip-version-check", "--constraint", HERE / "requirements.txt"]
    run(*pip_install, *constraints, *names)


def install_npm(names):
    if not names:
        return
    pinned = json.loads((HERE / "package.json").read_text())["dependencies"]
    NODE.mkdir(parents=True, exist_ok=True)
    quiet = ["--silent", "--no-audit", "--no-fund", "--prefix", NODE]
    run("npm", "install", *quiet, *(f"{name}@{pinned[name]}" for name in names))


def apt_version(name):
    query = ["dpkg-query", "--show", "--showformat", "${db:Status-Status} ${Version}", name]
    done = subprocess.run(query, capture_output=True, encoding="utf-8")
    status, _, version = done.stdout.partition(" ")
    if done.returncode or status != "installed":
        return ""
    # Without the epoch and the revision of Debian.
    return version.rpartition(":")[2].partition("-")[0].partition("+")[0]


def pip_version(name):
    show = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"
    words = [program("python"), "-c", show, name]
    return subprocess.run(words, capture_output=True, encoding="utf-8").stdout.strip()


def npm_version(name):
    return json.loads((NODE / "node_modules" / name / "package.json").read_text())["version"]


def cargo_version(name):
    with (HERE / "rust" / "Cargo.lock").open("rb") as lock:
        packages = tomllib.load(lock)["package"]
    return next(package["version"] for package in packages if package["name"] == name)


VERSIONS = {"apt": apt_version, "pip": pip_version, "npm": npm_version, "cargo": cargo_version}
