"""The throw-away virtual environment with memray and what workloads need."""

import json
import os
import subprocess
import sys

_LIST = """
import json, platform, sys
try:
    from importlib.metadata import distributions
    found = {d.metadata["Name"].lower(): d.version for d in distributions()}
except ImportError:
    found = {}
print(json.dumps({"version": platform.python_version(),
                  "tag": "%d.%d%s" % (sys.version_info[0],
                         sys.version_info[1], getattr(sys, "abiflags", "")),
                  "executable": sys.executable, "packages": found}))
"""


def say(text):
    print("bench: " + text, file=sys.stderr, flush=True)


def describe(python):
    """Version and packages of an interpreter, or None if it does not run."""
    try:
        out = subprocess.run([python, "-c", _LIST], check=True,
                             stdout=subprocess.PIPE).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return json.loads(out)


def _pip(python, packages):
    done = subprocess.run(
        [python, "-m", "pip", "install", "-q", "--disable-pip-version-check",
         "--prefer-binary", "--retries", "1"] + packages,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return done.returncode == 0


def _create(base, folder):
    """An interpreter in a virtual environment of its own, or None."""
    python = os.path.join(folder, "bin", "python")
    if os.access(python, os.X_OK):
        return python
    say("creating " + folder)
    done = subprocess.run([base["executable"], "-m", "venv", folder],
                          stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL)
    return python if done.returncode == 0 else None


def prepare(python, folder, wanted):
    """An interpreter with the wanted packages as far as they can be had.

    Returns its path and description.  Without a virtual environment it is
    the one given, with the packages that it happens to have.
    """
    base = describe(python)
    if base is None:
        sys.exit("bench: %s: not an interpreter that works" % python)
    inside = _create(base, os.path.join(folder, base["tag"]))
    if inside is None:
        say("no virtual environment (is the venv module there?); "
            "going on with what %s has" % python)
        return base["executable"], base
    has = describe(inside)["packages"]
    missing = sorted(p for p in wanted if p not in has)
    if missing:
        say("installing " + " ".join(missing))
        if not _pip(inside, missing):
            failed = [p for p in missing if not _pip(inside, [p])]
            if failed:
                say("cannot install %s; going on without" %
                    ", ".join(failed))
    return inside, describe(inside)
