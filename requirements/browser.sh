#!/usr/bin/env bash
# Finds Chromium for the browser tests, installing Debian's where that is possible. Never fails: without a browser
# those tests are skipped and say so (in CI they fail).
set -u
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Chromium for the browser tests"
  { apt-get update -qq && apt-get install -y -qq chromium; } >/dev/null 2>&1 && exit 0
fi
echo "No Chromium found: the browser tests will be skipped. Mend (Debian): sudo apt-get install chromium"
