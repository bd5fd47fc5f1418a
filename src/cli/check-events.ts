import { didYouMean } from '../shared/errors.ts'
import type { CodeFacts } from './code-facts.ts'
import { shown, type Finding } from './finding.ts'
import type { Findings } from './check-ids.ts'
import type { Templates } from './templates-read.ts'

/** What the wires send by themselves; `message` is what a browser calls an event without a name. */
const OURS = ['message', 'done', 'error', 'start', 'chunk', 'complete', 'cancel']

/** Whether somebody sends what the markup waits for, and waits for what the code sends. */
export function checkEvents(all: readonly Templates[], code: CodeFacts): Findings {
  const sent = new Set([...OURS, ...code.events.map(({ event }) => event)])
  const heard = new Set<string>()
  const faults: Finding[] = []
  for (const { facts, uses, file, isOwn } of all.flatMap(({ byName }) => [...byName.values()])) {
    for (const { event, attribute, at } of uses.events) {
      heard.add(event)
      if (sent.has(event) || code.hasUnknownEvents || !isOwn) continue
      const message = `${attribute} waits for the event "${event}", which no stream sends ${didYouMean(event, sent)}.`
      faults.push({ file, ...facts.placeOf(at), message })
    }
  }
  const notes = code.events
    .filter(({ event }) => !heard.has(event) && !OURS.includes(event))
    .map(({ file, line, column, event }) => {
      const message = `no template waits for the event "${event}": right where a script does.`
      return { file: shown(file), line, column, message }
    })
  return { faults, notes }
}
