/** For authors of stores: the contract that a store of runs keeps, and the store in memory as its shortest example. */
export { createMemoryStore } from './runs/memory-store.ts'
export type { MemoryStoreOptions } from './runs/memory-store.ts'
export type { AppendResult, NewLines, NewRun, RunStore, StoredRun } from './runs/store.ts'
