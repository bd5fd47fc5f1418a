import { SourceError } from '../shared/errors.ts'
import { field } from './field.ts'
import { kindOf } from './kind-of.ts'
import { isLangChain, readLangChain } from './langchain-chunk.ts'
import { modelFailure } from './model-failure.ts'
import type { Emit, Part } from './part.ts'
import { readTyped } from './typed-chunk.ts'
import { readUntyped } from './untyped-chunk.ts'

/** How many unknown types a message names. */
const NAMED = 5

/** Who is told each part. */
export interface PartListener {
  said(part: Part): void
}

/**
 * Reads the chunks of one source, whatever SDK they are of.
 *
 * In      text, bytes of UTF-8 cut anywhere, objects of the SDKs.
 * Out     parts, none or several for a chunk. A type that nobody knows is skipped, since providers invent new ones.
 * Throws  SourceError `source/value` for a chunk that is nothing of this, or at the end when no chunk at all was known;
 *         `source/failed` for a chunk that reports an error.
 */
export class PartReader {
  readonly #listener: PartListener
  /** The types that nobody knows. */
  #unknown: Set<string> | undefined
  #decoder: TextDecoder | undefined
  #known = false
  #count = 0

  constructor(listener: PartListener) {
    this.#listener = listener
  }

  read(chunk: unknown): void {
    this.#count += 1
    if (typeof chunk === 'string') {
      this.#known = true
      this.#flush()
      this.#text(chunk)
    } else if (ArrayBuffer.isView(chunk)) {
      this.#known = true
      // One decoder for all of the source: a character may be cut between two chunks.
      this.#decoder ??= new TextDecoder()
      this.#text(this.#decoder.decode(chunk as Uint8Array<ArrayBuffer>, { stream: true }))
    } else if (chunk !== null && typeof chunk === 'object') {
      this.#readObject(chunk)
    } else throw this.#refused(chunk)
  }

  end(): void {
    this.#flush()
    if (this.#known || this.#unknown === undefined) return
    const types = [...this.#unknown].slice(0, NAMED).join('", "')
    throw new SourceError(
      'source/value',
      `No part of this source is of a known type: "${types}".`,
      {
        hint: 'Map its parts to their text first.',
      },
    )
  }

  #text(text: string): void {
    if (text !== '') this.#listener.said({ type: 'text', text })
  }

  #readObject(chunk: object): void {
    const type = field(chunk, 'type')
    // For each chunk anew: one that is kept has grown cold when the next chunk comes.
    const emit: Emit = (part) => this.#listener.said(part)
    if (isLangChain(chunk)) readLangChain(chunk, emit)
    else if (typeof type === 'string') {
      if (!readTyped(chunk as { type: string }, emit)) {
        this.#unknown = (this.#unknown ?? new Set()).add(type)
        return
      }
    } else if (field(chunk, 'error')) throw modelFailure(field(chunk, 'error'))
    else if (!readUntyped(chunk, emit)) throw this.#refused(chunk)
    this.#known = true
  }

  #flush(): void {
    const decoder = this.#decoder
    if (decoder === undefined) return
    this.#decoder = undefined
    this.#text(decoder.decode())
  }

  #refused(chunk: unknown): SourceError {
    const keys = Object.keys(Object(chunk)).slice(0, NAMED).join(', ')
    const shown = keys && typeof chunk === 'object' ? ` with ${keys}` : ''
    return new SourceError(
      'source/value',
      `A token is text, but the source gave ${kindOf(chunk)}${shown} as its part ${this.#count}.`,
      { hint: 'Map the parts of your model to their text first.' },
    )
  }
}

/** Whether this looks like the chunk of an SDK, rather than like an object that a model wrote. */
export function isChunk(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return false
  return (
    typeof field(value, 'type') === 'string' ||
    Array.isArray(field(value, 'choices')) ||
    typeof field(value, 'done') === 'boolean' ||
    typeof field(value, 'error') === 'object'
  )
}
