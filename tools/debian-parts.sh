#!/usr/bin/env bash
# Installs the Debian packages that the tests run against, when it may (root); otherwise says what to install.
# Nothing here is needed to use lanelock.
set -euo pipefail

# a file each package brings, and the package
parts=(
  "/usr/bin/openssl openssl"
  "/usr/bin/softhsm2-util softhsm2"
  "/usr/bin/curl curl"
  "/usr/bin/certutil libnss3-tools"
  "/usr/bin/chromium chromium"
  "/usr/bin/firefox-esr firefox-esr"
  "/usr/bin/jsc libjavascriptcoregtk-4.0-bin"
  "/usr/lib/postgresql postgresql"
  "/usr/bin/go golang-go"
  "/usr/share/gocode/src/github.com/denverdino/aliyungo golang-github-denverdino-aliyungo-dev"
  "/usr/sbin/haproxy haproxy"
  "/usr/bin/zsh zsh"
  "/usr/bin/fish fish"
  "/usr/sbin/pgbouncer pgbouncer"
  "/usr/bin/strace strace"
  "/usr/bin/sqlite3 sqlite3"
  "/usr/bin/valgrind valgrind"
  "/usr/bin/gcc gcc"
)

missing=()
for part in "${parts[@]}"; do
  read -r file package <<<"$part"
  [ -e "$file" ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Debian packages: ${missing[*]} …"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq >/dev/null
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  exit 0
fi

echo "These Debian packages are missing: ${missing[*]}. Install them with:" >&2
echo "  sudo apt-get install ${missing[*]}" >&2
[ "${CI:-}" != "true" ] || exit 1
echo "The tests that need them are skipped." >&2
