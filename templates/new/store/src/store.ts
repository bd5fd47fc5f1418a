import { createRuns, type Runs } from 'swapstream'

/** What outlives a request: the answers that are being written, and values by their keys. */
export interface Store {
  readonly runs: Runs
  get<T>(key: string): Promise<T | undefined>
  set(key: string, value: unknown): Promise<void>
}

/** Stores all in this process: the values used last, until the process ends. */
export function memoryStore(maxValues = 10_000): Store {
  const values = new Map<string, unknown>()
  return {
    runs: createRuns(),
    get: async <T>(key: string) => values.get(key) as T | undefined,
    async set(key, value) {
      // A map keeps its order: the value in use goes to the end.
      values.delete(key)
      values.set(key, value)
      if (values.size > maxValues) values.delete(values.keys().next().value!)
    },
  }
}
