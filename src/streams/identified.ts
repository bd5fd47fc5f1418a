/** A value of a stream that is kept, with the position to come back to when the reader has it. */
export class Identified<T = unknown> {
  readonly id: string
  readonly value: T

  constructor(id: string, value: T) {
    this.id = id
    this.value = value
  }
}
