let inspect: ((app: object) => void) | undefined

/** Sets a hook that gets each app in place of a port, so that a program can be inspected; `undefined` serves again. */
export function setDryRun(hook: ((app: object) => void) | undefined): void {
  inspect = hook
}

/** Hands an app to the hook. Out: false when there is none, and it has to be served. */
export function inspectInstead(app: object): boolean {
  inspect?.(app)
  return inspect !== undefined
}
