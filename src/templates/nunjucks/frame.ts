import type { Frame } from './internals.ts'

/** Variables without a prototype to fall back on; a class, because that is the cheapest way to make many such objects. */
class Variables {
  [name: string]: unknown
}
Object.setPrototypeOf(Variables.prototype, null)
delete (Variables.prototype as { constructor?: unknown }).constructor

/** What an import gives: names of another template. An ordinary object, since it may be printed. */
export class Exports {
  [name: string]: unknown
}

/** An object for variables: no name is found on it that was not put there. */
export function newVariables(): Record<string, unknown> {
  return new Variables()
}

/**
 * A scope of names at run time: the same rules as nunjucks' Frame, where a dotted name is looked for once and not by
 * splitting every name that is set.
 */
export class RuntimeFrame implements Frame {
  variables: Record<string, unknown> = new Variables()
  parent: Frame | undefined
  topLevel = false
  readonly isolateWrites: boolean

  constructor(parent?: Frame, isolateWrites = false) {
    this.parent = parent
    this.isolateWrites = isolateWrites
  }

  set(name: string, value: unknown, resolveUp?: boolean): void {
    if (resolveUp) {
      const owner = this.resolve(name, true)
      if (owner) {
        owner.variables[name] = value
        return
      }
    }
    // The one dotted name that compiled templates set is `loop.…`.
    const dot = name.indexOf('.')
    if (dot < 0) this.variables[name] = value
    else {
      const object = name.slice(0, dot)
      const members = (this.variables[object] ??= {}) as Record<string, unknown>
      members[name.slice(dot + 1)] = value
    }
  }

  get(name: string): unknown {
    return this.variables[name] ?? null
  }

  lookup(name: string): unknown {
    const value = this.variables[name]
    return value === undefined ? this.parent?.lookup(name) : value
  }

  /** Which scope holds a name. Only the first step heeds isolation: so it is in nunjucks, and pages depend on it. */
  resolve(name: string, forWrite?: boolean): Frame | undefined {
    if (this.variables[name] !== undefined) return this
    if (forWrite && this.isolateWrites) return undefined
    return this.parent?.resolve(name)
  }

  push(isolateWrites?: boolean): Frame {
    return new RuntimeFrame(this, isolateWrites)
  }

  pop(): Frame | undefined {
    return this.parent
  }
}
