#!/bin/sh
# Installs the system libraries that swift-pvd is built on, as far as they are missing.
# Works as root or with sudo, asks no questions, and does nothing where nothing is missing.
set -eu

packages="libpng-dev zlib1g-dev pkg-config"

if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
  echo "setup: this script installs Debian packages, and this system has no apt." >&2
  echo "setup: install libpng (with headers), zlib and pkg-config with your package" >&2
  echo "setup: manager; on Debian they are called: $packages" >&2
  exit 1
fi

missing=""
for package in $packages; do
  # pkgconf provides pkg-config on newer releases, so the command counts, not the package.
  if [ "$package" = pkg-config ] && command -v pkg-config >/dev/null 2>&1; then continue; fi
  # `|| true`: dpkg-query fails for a package it has never heard of.
  status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  if [ "$status" != installed ]; then missing="$missing $package"; fi
done

if [ -z "$missing" ]; then
  echo "setup: all system libraries are installed ($packages)."
  exit 0
fi

if [ "$(id -u)" -eq 0 ]; then
  as_root=""
elif command -v sudo >/dev/null 2>&1; then
  as_root="sudo"
else
  echo "setup: missing packages:$missing" >&2
  echo "setup: installing them needs root; run this as root: apt-get install$missing" >&2
  exit 1
fi

echo "setup: installing$missing with apt-get."
# Unquoted on purpose: an empty command prefix must vanish, and the names are separate words.
$as_root apt-get update -q </dev/null
$as_root env DEBIAN_FRONTEND=noninteractive \
  apt-get install -q -y --no-install-recommends $missing </dev/null
echo "setup: installed$missing."
