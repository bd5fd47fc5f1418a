/** Requests whose answers are not decided. */
const handled = new Set<Promise<boolean>>()

/**
 * Says that a request is being handled: what it starts waits until its answer is decided.
 *
 * Out     a function to call with the decision: true when the answer goes out, false when it is none that needs work.
 */
export function handleRequest(): (isWanted: boolean) => void {
  let decide!: (isWanted: boolean) => void
  const decided = new Promise<boolean>((resolve) => (decide = resolve))
  handled.add(decided)
  return (isWanted) => {
    handled.delete(decided)
    decide(isWanted)
  }
}

/**
 * The decision about what starts now: true when one of the requests that are being handled goes on to its answer.
 * Undefined when none is being handled.
 */
export function decision(): Promise<boolean> | undefined {
  if (handled.size === 0) return undefined
  return Promise.all(handled).then((wanted) => wanted.includes(true))
}
