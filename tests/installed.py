"""byhand's archives, and its wheel installed as `pip install byhand` does, without the network."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def built(checkout, folder, *kinds, **environment):
    """A checkout's archives of these kinds, wheel or sdist; BYHAND_BRINGS says what the wheel brings."""
    command = [sys.executable, "-m", "build", *(f"--{kind}" for kind in kinds), "--no-isolation", "--outdir", folder]
    run(*command, checkout, env={**os.environ, **environment})
    ends = {"wheel": "whl", "sdist": "tar.gz"}
    return [path for kind in kinds for path in folder.glob(f"byhand-*.{ends[kind]}")]


def installed(wheel, venv):
    """The Python of a new environment with the wheel; the dependencies are those of the environment that runs this."""
    run(sys.executable, "-m", "venv", "--without-pip", venv)
    python = venv / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--no-compile", wheel)
    # .pth files are not read for a folder named in a .pth, so the running environment's editable byhand stays out.
    packages = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    shared = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (Path(packages) / "dependencies.pth").write_text("\n".join(sorted(shared)), encoding="utf-8")
    return python
