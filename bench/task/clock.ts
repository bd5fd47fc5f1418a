/** Milliseconds on the one clock that all processes of a machine share, so that they can tell each other moments. */
export function sharedNow(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1e3 + nanoseconds / 1e6
}
