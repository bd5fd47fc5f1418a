/** What one round of one rival gave: figures by name; a text in place of a number says why there is none. */
export type Figures = Readonly<Record<string, number | string>>

/** What is measured, and stands in a column. */
export interface Figure {
  readonly title: string
  readonly unit?: 'µs' | 'ms' | 's' | '%' | 'KiB'
  /** Also as a multiple of the base's. */
  readonly ratio?: boolean
  /** What it does not show. */
  readonly notShown: string
}

/** The rounds of one figure of one rival, in one case of a scenario. */
type Rounds = (number | string)[]

/** Everything that one scenario has measured, round by round. */
export class Results {
  readonly #rounds = new Map<string, Rounds>()
  /** In the order in which they came. */
  readonly cases: string[] = []
  readonly rivals: string[] = []

  add(at: string, rival: string, figures: Figures): void {
    if (!this.cases.includes(at)) this.cases.push(at)
    if (!this.rivals.includes(rival)) this.rivals.push(rival)
    for (const [figure, value] of Object.entries(figures)) {
      const key = keyOf(at, rival, figure)
      const rounds = this.#rounds.get(key)
      if (rounds) rounds.push(value)
      else this.#rounds.set(key, [value])
    }
  }

  rounds(at: string, rival: string, figure: string): Rounds {
    return this.#rounds.get(keyOf(at, rival, figure)) ?? []
  }

  /** The middle of the rounds that gave a number; the reason when none did; nothing when it was not measured. */
  median(at: string, rival: string, figure: string): number | string | undefined {
    return middle(this.rounds(at, rival, figure))
  }

  /** The middle of the ratios to another rival, each within one round. */
  ratio(at: string, rival: string, figure: string, to: string): number | string | undefined {
    const others = this.rounds(at, to, figure)
    const own = this.rounds(at, rival, figure)
    return middle(
      own.slice(0, others.length).map((value, round) => {
        const other = others[round]!
        if (typeof value === 'string') return value
        return typeof other === 'string' ? other : value / other
      }),
    )
  }

  toJSON(): object {
    return Object.fromEntries(this.#rounds)
  }
}

function keyOf(at: string, rival: string, figure: string): string {
  return [at, rival, figure].join(' | ')
}

function middle(rounds: Rounds): number | string | undefined {
  const numbers = rounds.filter((value) => typeof value === 'number')
  return numbers.length > 0 ? median(numbers) : rounds[0]
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

export function percentile(numbers: readonly number[], share: number): number {
  const sorted = Float64Array.from(numbers).toSorted()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}
