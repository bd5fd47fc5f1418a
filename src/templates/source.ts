/** The text of one template, not compiled yet. */
export interface TemplateText {
  readonly text: string
  /** Where the text came from, for messages only. The name is used when it is left out. */
  readonly path?: string
}

/**
 * Where templates come from. Names are plain, relative and use `/`: `chat.html`, `parts/row.html`.
 *
 * `read` must answer only for names that exist in the source itself: nothing else keeps a template name from the rest of
 * the machine.
 */
export interface TemplateSource {
  /** The text of one template; undefined when there is none of that name. */
  read(name: string): TemplateText | undefined
  /** All names that `read` answers for: used to say what was meant when a name is wrong. */
  names(): readonly string[]
  /** Calls `changed` with the name of each edited template, until the returned function is called. */
  watch?(changed: (name: string) => void): () => void
}

/**
 * Templates held in memory: for tests, for bundles, for runtimes without files.
 *
 * In      name → text. The record is copied, later changes to it are not seen.
 * Cost    one map look-up a read.
 *
 * @example fromRecord({ 'hello.html': 'Hello {{ name }}' })
 */
export function fromRecord(record: Readonly<Record<string, string>>): TemplateSource {
  const texts = new Map(Object.entries(record))
  return {
    read(name) {
      const text = texts.get(name)
      return text === undefined ? undefined : { text }
    },
    names: () => [...texts.keys()],
  }
}

interface Layer {
  readonly source: TemplateSource
  readonly prefix?: string
}

/**
 * Several sources as one: the first that knows a name answers. A prefix stands before all names of its source.
 *
 * @example stackSources([{ source: fromRecord({ 'a.html': 'A' }), prefix: 'kit/' }]).names() // → ['kit/a.html']
 */
export function stackSources(layers: readonly Layer[]): TemplateSource {
  return {
    read(name) {
      for (const { source, prefix = '' } of layers) {
        const found = name.startsWith(prefix) && source.read(name.slice(prefix.length))
        if (found) return found
      }
      return undefined
    },
    names() {
      const all = ({ source, prefix = '' }: Layer) => source.names().map((name) => prefix + name)
      return [...new Set(layers.flatMap(all))]
    },
    watch(changed) {
      const stops = layers.map(({ source, prefix = '' }) =>
        source.watch?.((name) => changed(prefix + name)),
      )
      return () => stops.forEach((stop) => stop?.())
    },
  }
}

/**
 * Tells whether a name can be one of a template: relative, `/` between folders, and no step out of where it stands.
 *
 * @example isPlainName('../secret.html') // → false
 */
export function isPlainName(name: string): boolean {
  if (/[\0\\:]/.test(name)) return false
  return name.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
}
