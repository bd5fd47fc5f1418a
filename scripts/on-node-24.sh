#!/usr/bin/env bash
# Runs the tests that need no browser on Node 24, which the npm package `node` brings.
set -euo pipefail
cd "$(dirname "$0")/.."

home="${TMPDIR:-/tmp}/swapstream-node-24"
[ -x "$home/node_modules/.bin/node" ] || npm install --prefix "$home" --no-audit --no-fund --silent node@24
PATH="$home/node_modules/.bin:$PATH"
node --version
node node_modules/vitest/vitest.mjs run --reporter=dot --exclude 'tests/browser/**'
