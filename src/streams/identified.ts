/** A value of a stream that is kept, with the position to come back to when the reader has it. */
export class Identified<T = unknown> {
  readonly id: string
  readonly value: T
  /** What follows it is there already: both belong into one frame. */
  readonly more: boolean

  constructor(id: string, value: T, more: boolean = false) {
    this.id = id
    this.value = value
    this.more = more
  }
}
