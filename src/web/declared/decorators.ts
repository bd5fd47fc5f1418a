import type { Schema } from '../../shared/schema.ts'
import { refuseRoute, type AnyDefinition } from './declared.ts'
import type { Handler, InputSchemas, StreamDefinition } from './definition.ts'
import type { Guard } from './guard.ts'
import { isAsyncGenerator } from './declared.ts'
import { markGuards, markStream } from './host.ts'

/**
 * Declares a method as a stream: `stream()` for classes. The method stays what it is; `mount` serves it, on an instance.
 *
 * In      the options of `stream()`. The method has to be an async generator, and its parameter has to fit the schemas;
 *         a decorator can check types, not give them.
 * Throws  ConfigError `stream/…` when the class is defined, the rest of what `stream()` checks when it is mounted.
 *
 * @example
 * class Support {
 *   @Stream({ path: '/support' })
 *   async *answer() { yield 'Hello' }
 * }
 * mount(app, new Support())
 */
export function Stream<
  I extends InputSchemas = {},
  C extends Schema | undefined = undefined,
  F extends Schema | undefined = undefined,
  B = {},
  Chunk = unknown,
  Final = unknown,
>(
  definition: StreamDefinition<I, C, F, B>,
): (method: Handler<I, C, F, B, Chunk, Final>, context: ClassMethodDecoratorContext) => void {
  return (method, { kind, name, static: isStatic, private: isPrivate }) => {
    const label = `@Stream on ${String(name)}`
    if (kind !== 'method' || isStatic || isPrivate) {
      const hint = 'Put it on a public method of the instance.'
      refuseRoute('stream/host', label, 'mount could not reach it.', hint)
    }
    if (!isAsyncGenerator(method)) {
      const hint = 'Write async *method(…) { yield … }: what it yields is the stream.'
      refuseRoute('stream/not-a-generator', label, 'the method is no async generator.', hint)
    }
    markStream(method, definition as AnyDefinition, label)
  }
}

/**
 * Puts guards before a stream, or before all streams of a class: those of the class come first, one after the other.
 *
 * @example
 * @UseGuards(bearer({ env: 'TOKEN' }))
 * class Support {
 *   @Stream({ path: '/support' })
 *   async *answer() { yield 'Hello' }
 * }
 */
export function UseGuards(
  ...guards: readonly Guard[]
): (target: object, context: ClassDecoratorContext | ClassMethodDecoratorContext) => void {
  return (target) => markGuards(target, guards)
}
