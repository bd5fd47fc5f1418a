#!/usr/bin/env bash
# Runs on Node 24, which the npm package `node` brings, the tests of what differs between versions of Node: HTTP and
# sockets (contract, node), streams and signals (streams, web), timers and Redis clients (runs), and modules (cli). What
# is left computes strings, repeats what is tested here in longer loops, or runs in a browser: one version of Node
# proves it. Pages, resumed streams and runs are proved on each version by tests/runtimes.
set -euo pipefail
cd "$(dirname "$0")/.."

programs=$(npx tsx scripts/install-runtimes.ts node@24)
PATH="$programs:$PATH"
node --version
node node_modules/vitest/vitest.mjs run --reporter=dot \
  tests/node/ tests/streams/ tests/cli/command.test.ts \
  tests/contract/{hostile,http2,lifecycle,limits,pipelining,requests,shutdown,slow-readers}.test.ts \
  tests/web/{bodies,compression,streamed-page}.test.ts \
  tests/runs/{runs,store}.test.ts
