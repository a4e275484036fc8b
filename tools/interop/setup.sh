#!/usr/bin/env bash
# Install the counterparty (Josev: `iso15118` 0.31.2 from PyPI, unmodified) into an environment of its own.
#   PEER_DIR   where it goes                        (default ~/.cache/iso15118-peer)
#   PYTHON     interpreter to make it with          (default python3; the package runs on 3.9 - 3.12)
# Needs Java 11 or later on PATH, its EXI codec is a Java program, and openssl, which its own script makes certificates with: the charger's lives
# for 60 days, and is made anew when it is about to expire. Safe to run again.
set -euo pipefail
PEER_DIR=${PEER_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/iso15118-peer}
VENV=$PEER_DIR/venv
# aiofile: its car imports it, but the package does not ask for it. The other pins are what these scripts were tested with.
PACKAGES='iso15118==0.31.2 aiofile==3.12.3 pydantic==1.10.21 cryptography==44.0.0 environs==14.6.0 py4j==0.10.9.9'

PKI=$PEER_DIR/pki

for program in java openssl; do
    command -v $program >/dev/null || { echo "setup: $program not found on PATH" >&2; exit 1; }
done

python=${PYTHON:-}
if [ -z "$python" ]; then
    for candidate in python3.11 python3.12 python3.10 python3; do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(not (3, 9) <= sys.version_info < (3, 13))' 2>/dev/null; then
            python=$candidate
            break
        fi
    done
fi
[ -n "$python" ] || { echo "setup: no Python 3.9 - 3.12 with venv found; say which: PYTHON=/path/to/python" >&2; exit 1; }

mkdir -p "$PEER_DIR"
if [ "$(cat "$VENV/.installed" 2>/dev/null)" != "$PACKAGES" ]; then
    "$python" -m venv --clear "$VENV"
    # shellcheck disable=SC2086
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check $PACKAGES
    printf '%s\n' "$PACKAGES" >"$VENV/.installed"
fi
(cd "$PEER_DIR" && "$VENV/bin/python" -c 'import iso15118.evcc, iso15118.secc') >/dev/null
if ! openssl x509 -checkend 86400 -noout -in "$PKI/iso15118_2/certs/seccLeafCert.pem" >/dev/null 2>&1; then
    package=$(cd "$PEER_DIR" && "$VENV/bin/python" -c 'import iso15118, pathlib; print(pathlib.Path(iso15118.__file__).parent)')
    rm -rf "$PKI"
    mkdir "$PKI"
    cp -r "$package/shared/pki/configs" "$package/shared/pki/create_certs.sh" "$PKI"
    (cd "$PKI" && bash ./create_certs.sh -v iso-2 >create_certs.log 2>&1) || true  # it fails at what no session needs
    test -s "$PKI/iso15118_2/certs/seccLeafCert.pem" || { echo "setup: no certificates, see $PKI/create_certs.log" >&2; exit 1; }
fi
echo "counterparty ready: $VENV"
