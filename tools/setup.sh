#!/bin/sh
# Makes a checkout ready to run: the system libraries that print PDF, then .venv with the pinned packages.
# What is there already is left alone, so it may be run before everything else. With the word "formats", it also
# installs the programs that open the files of all formats for `make test-formats`.
set -eu
cd "$(dirname "$0")/.."
formats=${1:-}
say() { echo "setup: $*"; }
stop() { say "$*" >&2; exit 1; }
has() { command -v "$1" >/dev/null; }
minor() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }

# A .venv that works is kept. One whose Python was removed or upgraded no longer finds its packages.
python=${PYTHON:-python3} venv=
if .venv/bin/python -c 'import os, sysconfig; os.listdir(sysconfig.get_path("purelib"))' 2>/dev/null; then
    venv=$(minor .venv/bin/python) python=${PYTHON:-.venv/bin/python}
fi
has "$python" || stop "no $python here: install Python 3.11 or newer, or name it: make PYTHON=..."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    stop "$python is Python $(minor "$python"), byhand needs 3.11 or newer: make PYTHON=..."
if [ -n "$venv" ]; then
    new=$(minor "$python")
    [ "$venv" = "$new" ] || stop ".venv has Python $venv, $python is $new: to change, run 'make clean' first"
    python=.venv/bin/python
fi

# Names what the system lacks. Libraries are tried under the names that WeasyPrint loads.
missing() {
    "$python" - "$venv" "$formats" <<'EOF'
import ctypes, importlib.util, shutil, subprocess, sys

def loads(library):
    for name in f"lib{library}.so.0", f"lib{library}.0.dylib", f"lib{library}.dylib":
        try:
            return bool(ctypes.CDLL(name))
        except OSError:
            pass

has = importlib.util.find_spec
parts = {
    "Pango": loads("pango-1.0") and loads("pangoft2-1.0"),
    "HarfBuzz-subset": loads("harfbuzz-subset"),
    "ensurepip": has("ensurepip") or sys.argv[1] and has("pip"),  # Debian splits it from Python
}
if sys.argv[2]:
    classes = shutil.which("kpsewhich") and subprocess.run(["kpsewhich", "exam.cls"], capture_output=True).stdout
    fonts = shutil.which("fc-list") and subprocess.run(["fc-list"], capture_output=True, text=True).stdout
    parts |= {
        "Arial": not fonts or "Arial" in fonts or "Liberation Sans" in fonts,  # or one as wide
        "LibreOffice": shutil.which("soffice") and (sys.platform != "linux" or shutil.which("lowriter")),
        "LaTeX": shutil.which("pdflatex") and classes,
        "pdftotext": shutil.which("pdftotext"),
        "liblouis": shutil.which("lou_translate"),
        "espeak-ng": shutil.which("espeak-ng"),
    }
print(*[part for part, there in parts.items() if not there])
EOF
}

parts=$(missing)
if [ -n "$parts" ]; then
    if has apt-get; then install='apt-get install -y --no-install-recommends'
    elif has dnf; then install='dnf install -y'
    elif has apk; then install='apk add'
    elif has brew; then install='brew install'
    else stop "missing: $parts; install with the system's package manager, then run make again"
    fi
    for part in $parts; do case $install:$part in
        apt*:Pango) install="$install libpango-1.0-0 libpangoft2-1.0-0" ;;
        apt*:Harf*) install="$install libharfbuzz-subset0" ;;
        apt*:ensurepip) install="$install python$(minor "$python")-venv" ;;
        apt*:Arial) install="$install fonts-liberation" ;;
        apt*:Libre*) install="$install libreoffice-calc libreoffice-writer libreoffice-math" ;;
        apt*:LaTeX) install="$install texlive-latex-extra texlive-fonts-recommended" ;;
        apt*:pdftotext) install="$install poppler-utils" ;;
        apt*:liblouis) install="$install liblouis-bin liblouis-data" ;;
        apt*:espeak-ng) install="$install espeak-ng" ;;
        *:Arial | *:Libre* | *:LaTeX | *:pdftotext | *:liblouis | *:espeak-ng) stop "missing: $parts; install with the system's package manager, then run make again" ;;
        apk*:Harf*) install="$install harfbuzz-subset" ;;
        *:Harf*) install="$install harfbuzz" ;;
        *:Pango) install="$install pango" ;;
    esac; done
    case $(id -u):$install in 0:* | *:brew*) sudo= ;; *) sudo='sudo -n' ;; esac
    $sudo true 2>/dev/null || stop "missing: $parts; as root, run: $install"
    say "installing $parts: ${sudo:+sudo }$install"
    case $install in apt*) install="apt-get update; DEBIAN_FRONTEND=noninteractive $install" ;; esac
    log=$($sudo sh -c "$install" 2>&1) || { echo "$log" | tail -n 5 >&2; stop "could not install $parts"; }
    parts=$(missing)
    [ -z "$parts" ] || stop "still missing: $parts; they are installed, but not where $python looks"
fi

[ -n "$venv" ] || { say "making .venv with Python $(minor "$python")"; "$python" -m venv --clear .venv; }
# The folder counts too: the commands in .venv/bin hold its full name.
made_from="$PWD $(cat constraints.txt pyproject.toml | cksum)"
if [ "$(cat .venv/made_from 2>/dev/null)" != "$made_from" ]; then
    say "installing the packages of constraints.txt into .venv (about a minute)"
    .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
    echo "$made_from" >.venv/made_from
fi
if [ -n "$formats" ] && ! .venv/bin/python -c 'import ipykernel, nbclient' 2>/dev/null; then
    say "installing what runs notebooks into .venv"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,test-formats]'
fi
pdfjs=5.6.205  # Firefox's viewer of PDF, without its windows
if [ -n "$formats" ] && ! grep -qs "\"version\": \"$pdfjs\"" .formats/node_modules/pdfjs-dist/package.json; then
    if has npm; then
        say "installing pdf.js into .formats"
        npm install --prefix .formats --no-save --omit=optional --no-fund --no-audit --loglevel=error "pdfjs-dist@$pdfjs"
    else
        say "there is no npm, which installs pdf.js: the test of forms that Firefox saves is skipped"
    fi
fi
nbgrader=0.9.6  # in an environment of its own, since it needs other versions of what .venv has
if [ -n "$formats" ] && [ "$(cat .formats/nbgrader/made_from 2>/dev/null)" != "$PWD $nbgrader" ]; then
    say "installing nbgrader into .formats"
    "$python" -m venv --clear .formats/nbgrader
    .formats/nbgrader/bin/python -m pip install --quiet --disable-pip-version-check "nbgrader==$nbgrader" numpy
    echo "$PWD $nbgrader" >.formats/nbgrader/made_from
fi
fonts=byhand/fonts/built
fonts_from=$(cat constraints.txt byhand/fonts/*.py | cksum)
if [ "$(cat "$fonts/made_from" 2>/dev/null)" != "$fonts_from" ]; then
    say "building the fonts"
    .venv/bin/python -m byhand.fonts
    echo "$fonts_from" >"$fonts/made_from"
fi
