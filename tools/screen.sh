#!/bin/sh
# Install what the tests of pages for the screen need, where it is missing: Chromium, and axe-core beside the checkout.
set -eu
cd "$(dirname "$0")/.."

if ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null && ! command -v google-chrome >/dev/null; then
  if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    apt-get install -y --no-install-recommends chromium
  else
    echo "make test-screen needs Chromium; install it, on Debian or Ubuntu with sudo apt-get install chromium"
    exit 1
  fi
fi
if [ ! -f .screen/node_modules/axe-core/axe.min.js ]; then
  command -v npm >/dev/null || { echo "make test-screen needs npm, which installs axe-core"; exit 1; }
  npm install --prefix .screen --no-save --no-fund --no-audit --loglevel=error axe-core@4
fi
