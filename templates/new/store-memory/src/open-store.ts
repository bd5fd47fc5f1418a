import { memoryStore, type Store } from './store.ts'

/** Opens the store of the server. Open a database here to store values longer than the process lives. */
export async function openStore(): Promise<Store> {
  return memoryStore()
}
