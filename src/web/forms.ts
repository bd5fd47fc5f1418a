import type { Context } from 'hono'
import type { Fragment } from '../fragments/fragment.ts'
import { htmxRequest, VARY } from '../htmx/request.ts'
import { htmxHeaders, wayTo, type HtmxHeaders } from '../htmx/response.ts'
import type { Schema, SchemaOutput } from '../shared/schema.ts'
import { Returned } from '../streams/returned.ts'
import type { TemplateEngine } from '../templates/engine.ts'
import { readInput } from './declared/input.ts'
import { renderTogether, type Answer } from './page.ts'
import { withHttpErrors } from './problem.ts'

/** A form that fits its schema, or its fields as sent with what is wrong, by name. */
export type ReadForm<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false
      /** The fields as sent: to be shown again, and not to be trusted. */
      readonly values: Readonly<Record<string, unknown>>
      /** The first issue of each field; under the empty name what is wrong with the whole. */
      readonly errors: Readonly<Record<string, string>>
    }

/**
 * Reads the form of a request through a schema. Declared routes have `input: { form }` for that.
 *
 * In      urlencoded or multipart; a name that repeats is a list.
 * Out     what the schema makes of it, or what the form needs to be shown again.
 * Throws  HTTPException: 415 for another type, 400 for what cannot be read.
 *
 * @example
 * app.post('/ask', async (c) => {
 *   const form = await readForm(c, schema)
 *   if (!form.ok) return new Page('ask.html', { ...form }, { block: 'form', target: '#ask', status: 422 })
 *   return c.text(form.value.question)
 * })
 */
export async function readForm<S extends Schema>(
  c: Context,
  schema: S,
): Promise<ReadForm<SchemaOutput<S>>> {
  const { values, issues } = await withHttpErrors(c, () => readInput({ form: schema }, c))
  const form = values['form'] as Record<string, unknown>
  if (issues.length === 0) return { ok: true, value: form as SchemaOutput<S> }
  const errors = issues.toReversed().map(({ path, message }) => [path, message] as const)
  return { ok: false, values: form, errors: Object.fromEntries(errors) }
}

/** The fragments and headers that answer a form. */
export interface FormResultOptions {
  /** The changes of the page: the first goes where the form says, each other one to its own target. */
  readonly fragments?: readonly Fragment[]
  /** An event for the page, sent with the fragments: its name, or names with their details. */
  readonly trigger?: NonNullable<HtmxHeaders['trigger']>
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * The answer of a form that has done something, for htmx and for browsers without scripts.
 *
 * Out     to htmx the fragments, or without any the way to the next page; to a browser without scripts a redirect (303),
 *         so that loading anew does nothing twice.
 * Throws  TypeError while it is answered for an address that would run as a script.
 *
 * @example
 * app.post('/items', async (c) => {
 *   const { item } = await c.req.parseBody()
 *   const added = new Fragment('feed.html', 'item', { item }, { target: '#feed', swap: 'afterbegin' })
 *   return new FormResult('/items', { fragments: [added], trigger: 'feed:changed' })
 * })
 */
export class FormResult extends Returned {
  // What Hono's types ask of a returned value; nothing of it exists at run time.
  declare readonly _data: string
  declare readonly _status: 200
  declare readonly _format: 'text/html'

  /** The page to show next. */
  readonly next: string
  readonly options: FormResultOptions

  constructor(next: string, options: FormResultOptions = {}) {
    super(200, new Headers(options.headers))
    this.next = next
    this.options = options
    Object.freeze(this)
  }
}

/** Renders what changed, or leads to the next page. */
export async function answerFormResult(
  { next, options }: FormResult,
  request: Headers,
  engine: TemplateEngine,
): Promise<Answer> {
  const { fragments = [], trigger } = options
  const { fragment: htmx, morphs } = htmxRequest(request)
  if (!htmx || fragments.length === 0) {
    const { status, headers } = wayTo(next, htmx)
    return { status, headers: { ...headers, Vary: VARY }, body: null }
  }
  const event = trigger === undefined ? {} : htmxHeaders({ trigger })
  const { html, headers: own } = await renderTogether(fragments, engine, morphs)
  const headers = { 'Content-Type': 'text/html; charset=utf-8', Vary: VARY, ...own, ...event }
  return { status: 200, headers, body: html }
}
