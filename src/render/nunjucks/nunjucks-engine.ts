import { didYouMean, TemplateError } from '../../base/errors.ts'
import type { BlockRenderer, TemplateEngine } from '../engine.ts'
import type { GrowthPlan } from '../growth.ts'
import type { TemplateSource } from '../template-source.ts'
import { BlockContext, type BlockTable, plainContext } from './block-context.ts'
import { type Captured, dryRun } from './dry-run.ts'
import { Failure } from './failure.ts'
import {
  type CompiledTemplate,
  type Frame,
  newEnvironment,
  newFrame,
  type NunjucksEnvironment,
} from './internals.ts'
import { runtime } from './runtime.ts'
import { TemplateLibrary } from './template-library.ts'

export interface NunjucksOptions {
  readonly filters?: Readonly<Record<string, (...values: any[]) => unknown>>
  readonly asyncFilters?: Readonly<Record<string, (...values: any[]) => unknown>>
  readonly globals?: Readonly<Record<string, unknown>>
  readonly autoescape?: boolean
  readonly throwOnUndefined?: boolean
  readonly configure?: (env: NunjucksEnvironment) => void
  readonly renderTimeoutMs?: number
  readonly watch?: boolean
  readonly precompiled?: Readonly<Record<string, CompiledTemplate>>
}

export interface NunjucksEngine extends TemplateEngine {
  explain(template: string, block: string, key: string): Promise<GrowthPlan>
  close(): void
}

export function createNunjucksEngine(
  source: TemplateSource,
  options: NunjucksOptions = {},
): NunjucksEngine {
  const base = newEnvironment((name) => source.read(name)?.text, {
    autoescape: options.autoescape ?? true,
    throwOnUndefined: options.throwOnUndefined ?? false,
  })
  for (const [name, filter] of Object.entries(options.filters ?? {})) base.addFilter(name, filter)
  for (const [name, filter] of Object.entries(options.asyncFilters ?? {}))
    base.addFilter(name, filter, true)
  for (const [name, value] of Object.entries(options.globals ?? {})) base.addGlobal(name, value)
  options.configure?.(base)
  let library = new TemplateLibrary(base, source, options.precompiled)
  const stop = options.watch
    ? source.watch?.(() => {
        library = new TemplateLibrary(base, source, options.precompiled)
      })
    : undefined

  return {
    render: (template, context) =>
      new Promise((resolve, reject) => {
        library.get(template).render(plainContext(context), undefined, (error, text) => {
          if (error) reject(Failure.toError(error, template))
          else resolve(text!)
        })
      }),
    async open(template, block, context): Promise<BlockRenderer> {
      const from = library
      const leaf = from.get(template)
      const prepare = (
        variables: Record<string, unknown>,
      ): Promise<{ at: Captured; table: BlockTable }> =>
        new Promise((resolve, reject) => {
          dryRun(from, leaf, block, variables, (error, at, table) => {
            if (error) reject(Failure.toError(error, template, block))
            else resolve({ at: at!, table: table! })
          })
        })
      const { at, table } = await prepare(plainContext(context))
      const level = table[block]?.[0]
      if (!level) {
        const message = `block "${block}" not found in template "${template}" ${didYouMean(block, Object.keys(table))}`
        throw new TemplateError('block/unknown', message, { template, block })
      }
      return {
        render(changes) {
          const ctx: Record<string, unknown> = Object.create(at.context.ctx)
          for (const key of Object.keys(changes ?? {})) ctx[key] = changes![key]
          const drawing = new BlockContext(from.env, ctx, table)
          const frame = newFrame()
          frame.variables = Object.create(flat(at.frame))
          let result: string | undefined
          let failed: unknown
          let waiting:
            | { resolve: (text: string) => void; reject: (error: unknown) => void }
            | undefined
          level.call(from.env, drawing, frame, runtime, (error, text) => {
            if (error) failed = Failure.toError(error, level.template, block)
            else result = text
            if (failed) waiting?.reject(failed)
            else waiting?.resolve(result!)
          })
          if (failed) throw failed
          return result ?? new Promise<string>((resolve, reject) => (waiting = { resolve, reject }))
        },
      }
    },
    async blocks(template) {
      const table = await new Promise<BlockTable>((resolve, reject) => {
        dryRun(library, library.get(template), '', plainContext(), (error, _at, blocks) =>
          error ? reject(Failure.toError(error, template)) : resolve(blocks!),
        )
      })
      return Object.keys(table)
    },
    explain: async () => ({ kind: 'full', reason: 'not yet proved' }),
    close: () => stop?.(),
  }
}

function flat(frame: Frame): Record<string, unknown> {
  const all: Record<string, unknown> = frame.parent ? flat(frame.parent) : Object.create(null)
  return Object.assign(all, frame.variables)
}
