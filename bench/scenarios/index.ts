import { browser } from './browser.ts'
import { disconnect } from './disconnect.ts'
import { first } from './first.ts'
import { heartbeat } from './heartbeat.ts'
import { idle } from './idle.ts'
import { load } from './load.ts'
import { long } from './long.ts'
import { render } from './render.ts'
import type { Scenario } from './scenario.ts'
import { speed } from './speed.ts'
import { stall } from './stall.ts'
import { subscribers } from './subscribers.ts'
import { templates } from './templates.ts'

/** In the order in which they run and stand in the report. */
export const SCENARIOS: readonly Scenario[] = [
  templates,
  load,
  long,
  speed,
  first,
  render,
  subscribers,
  idle,
  stall,
  disconnect,
  heartbeat,
  browser,
]
