/**
 * Where swapstream writes what happened: four functions, message last, so that pino, winston's child or `console` fit as they are.
 *
 * @example swapstream({ templates: 'templates', log: pino() })
 */
export interface Log {
  debug(fields: Record<string, unknown>, message: string): void
  info(fields: Record<string, unknown>, message: string): void
  warn(fields: Record<string, unknown>, message: string): void
  error(fields: Record<string, unknown>, message: string): void
}

/** A log that keeps nothing: the default of the portable core, which has nowhere to write. */
export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
