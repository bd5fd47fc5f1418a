import { answer } from './answer.ts'
import { browser } from './browser.ts'
import { bytes } from './bytes.ts'
import { disconnect } from './disconnect.ts'
import { heartbeat } from './heartbeat.ts'
import { held } from './held.ts'
import { idle } from './idle.ts'
import { load } from './load.ts'
import { render } from './render.ts'
import type { Scenario } from './scenario.ts'
import { speed } from './speed.ts'
import { stall } from './stall.ts'
import { viewers } from './viewers.ts'

/** In the order in which they run and are told. */
export const SCENARIOS: readonly Scenario[] = [
  answer,
  speed,
  load,
  viewers,
  held,
  bytes,
  idle,
  stall,
  disconnect,
  heartbeat,
  browser,
  render,
]
