/** Counts what is open, in all and for each owner. */
export class Slots {
  /** How many are open. */
  count: number = 0
  readonly #byOwner = new Map<string, number>()

  /** How many are open for one owner. */
  countOf(owner: string | undefined): number {
    return owner === undefined ? 0 : (this.#byOwner.get(owner) ?? 0)
  }

  /**
   * Counts one more; the caller has looked at the limits.
   *
   * Out     a function that gives the slot back; a second call does nothing.
   *
   * @param owner Without one, only the whole is counted.
   */
  acquire(owner: string | undefined): () => void {
    this.#add(owner, 1)
    let isHeld = true
    return () => {
      if (isHeld) this.#add(owner, -1)
      isHeld = false
    }
  }

  #add(owner: string | undefined, by: number): void {
    this.count += by
    if (owner === undefined) return
    const count = this.countOf(owner) + by
    if (count > 0) this.#byOwner.set(owner, count)
    else this.#byOwner.delete(owner)
  }
}
