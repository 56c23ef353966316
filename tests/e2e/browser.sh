#!/bin/sh
# Finds Chromium, or installs it when this user may, or says the one command to run. Never fails: the tests say what they miss.
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium for the browser tests ..."
    apt-get update -qq >/dev/null 2>&1
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1 && exit 0
fi
echo "The browser tests need Chromium. Run this once, then try again:  sudo apt-get install chromium"
exit 0
