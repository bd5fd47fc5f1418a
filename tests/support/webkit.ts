import { spawn, type ChildProcess } from 'node:child_process'
import { eventually, PATIENCE_MS } from './eventually.ts'
import { freePort } from './free-port.ts'
import { Tab, type Key, type Visitor } from './visitor.ts'

/** The programs that WebKit needs here. A name is empty when there is no such program. */
export interface WebKitPrograms {
  /** Controls a browser over HTTP, as W3C WebDriver says. */
  readonly driver: string
  /** A screen without a screen: WebKitGTK draws only into windows. */
  readonly screen: string
}

/** What the specification names a key. */
const KEYS: Readonly<Record<string, string>> = {
  Tab: '\uE004',
  Enter: '\uE007',
  Space: ' ',
  ArrowDown: '\uE015',
  Shift: '\uE008',
}
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'

type Call = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) => Promise<any>

/** Starts WebKit behind its driver, on a screen of its own. */
export async function startWebKit(programs: WebKitPrograms): Promise<Visitor> {
  if (!programs.driver || !programs.screen)
    throw new Error(
      'No WebKit for the tests: install webkit2gtk-driver and xvfb (apt-get install webkit2gtk-driver xvfb).',
    )
  const started: ChildProcess[] = []
  const screen = spawn(
    programs.screen,
    ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] },
  )
  started.push(screen)
  const display = await new Promise<string>((resolve, reject) => {
    screen.stdio[3]!.once('data', (data) => resolve(`:${String(data).trim()}`))
    screen.once('error', reject)
    screen.once('exit', () => reject(new Error(`${programs.screen} ended at its start.`)))
  })
  const port = await freePort()
  const driver = spawn(programs.driver, [`--port=${port}`], {
    env: { ...process.env, DISPLAY: display, NO_AT_BRIDGE: '1', LIBGL_ALWAYS_SOFTWARE: '1' },
    stdio: 'ignore',
  })
  started.push(driver)
  const end = (): void => started.forEach((each) => each.kill())
  try {
    return await connect(`http://127.0.0.1:${port}`, end)
  } catch (error) {
    end()
    throw error
  }
}

async function connect(driver: string, end: () => void): Promise<Visitor> {
  await eventually(async () => void (await fetch(`${driver}/status`)))
  const send: Call = async (method, path, body) => {
    const answer = await fetch(driver + path, {
      method,
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...(body && { body: JSON.stringify(body) }),
    })
    const { value } = (await answer.json()) as { value: any }
    if (!answer.ok) throw new Error(`WebDriver ${method} ${path}: ${value.error}: ${value.message}`)
    return value
  }
  // Its own browser: the one that came with the driver.
  const { sessionId } = await send('POST', '/session', { capabilities: { alwaysMatch: {} } })
  const call: Call = (method, path, body) => send(method, `/session/${sessionId}${path}`, body)

  let current: string = await call('GET', '/window')
  const first = current
  /** Calls about a tab: the one that the driver looks at. */
  const inTab =
    (handle: string): Call =>
    async (...args) => {
      if (current !== handle) await call('POST', '/window', { handle })
      current = handle
      return call(...args)
    }
  return {
    seesGrowingPages: false,
    async newTab() {
      const { handle } = await inTab(first)('POST', '/window/new', { type: 'tab' })
      return new WebDriverTab(inTab(handle))
    },
    async forget() {
      for (const handle of (await call('GET', '/window/handles')) as string[]) {
        if (handle === first) continue
        await inTab(handle)('DELETE', '/cookie')
        await call('DELETE', '/window')
      }
      current = ''
    },
    async close() {
      await call('DELETE', '').finally(end)
    },
  }
}

class WebDriverTab extends Tab {
  readonly #call: Call
  constructor(call: Call) {
    super()
    this.#call = call
  }
  async open(url: string): Promise<void> {
    await this.#call('POST', '/url', { url })
  }
  run<A extends unknown[], R>(script: (...args: A) => R, ...args: A): Promise<Awaited<R>> {
    const source = `return (${script}).apply(null, arguments)`
    return this.#call('POST', '/execute/sync', { script: source, args })
  }
  async click(selector: string): Promise<void> {
    const found = await this.#call('POST', '/element', { using: 'css selector', value: selector })
    await this.#call('POST', `/element/${found[ELEMENT]}/click`, {})
  }
  async toFront(): Promise<void> {
    // Any command about a tab looks at it.
    await this.run(() => {})
  }
  async type(text: string): Promise<void> {
    await this.#keys([...text].flatMap((value) => strokes([value])))
  }
  async press(key: Key): Promise<void> {
    await this.#keys(strokes(key.split('+').map((each) => KEYS[each]!)))
  }
  async #keys(actions: object[]): Promise<void> {
    await this.#call('POST', '/actions', { actions: [{ type: 'key', id: 'keyboard', actions }] })
  }
  async picture(): Promise<Uint8Array> {
    return Buffer.from(await this.#call('GET', '/screenshot'), 'base64')
  }
}

/** Keys that go down one after the other, and up again. */
function strokes(values: readonly string[]): object[] {
  return [
    ...values.map((value) => ({ type: 'keyDown', value })),
    ...values.toReversed().map((value) => ({ type: 'keyUp', value })),
  ]
}
