import type { WriteStream } from 'node:tty'

/** A progress line on a terminal; elsewhere only the result. */
export function createProgress(out: Pick<WriteStream, 'write' | 'isTTY'>): {
  show(text: string): void
  done(text: string): void
} {
  let shownAt = 0
  return {
    show(text) {
      if (!out.isTTY || Date.now() - shownAt < 80) return
      shownAt = Date.now()
      out.write(`\r\u001b[2K${text}`)
    },
    done(text) {
      out.write(`${out.isTTY ? '\r\u001b[2K' : ''}${text}\n`)
    },
  }
}
