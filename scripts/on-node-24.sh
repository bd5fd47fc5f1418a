#!/usr/bin/env bash
# Runs on Node 24, which the npm package `node` brings, the tests of what differs between versions of Node: HTTP and
# sockets (contract, node), streams and signals (streams, web, sse), timers and Redis clients (runs), and modules (cli).
# What is left computes strings, or runs in a browser: one version of Node proves it.
set -euo pipefail
cd "$(dirname "$0")/.."

home="${TMPDIR:-/tmp}/swapstream-node-24"
[ -x "$home/node_modules/.bin/node" ] || npm install --prefix "$home" --no-audit --no-fund --silent node@24
PATH="$home/node_modules/.bin:$PATH"
node --version
node node_modules/vitest/vitest.mjs run --reporter=dot \
  tests/contract/ tests/node/ tests/streams/ tests/web/ tests/sse/ tests/runs/ tests/cli/ \
  --exclude tests/contract/load.test.ts
