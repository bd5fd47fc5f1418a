import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findProgram } from './find-program.ts'
import { freePort, listening } from './free-port.ts'

const PROGRAMS = {
  nginx: { names: ['nginx'], debian: 'nginx', brew: 'nginx' },
  caddy: { names: ['caddy'], debian: 'caddy', brew: 'caddy' },
  haproxy: { names: ['haproxy'], debian: 'haproxy', brew: 'haproxy' },
  openssl: { names: ['openssl'], debian: 'openssl', brew: 'openssl' },
}

export interface Proxy {
  /** Where it listens, over TLS with a certificate of its own. */
  readonly port: number
  stop(): Promise<void>
}

/** The fences of a language in a page of docs/guides. */
export async function fencesOf(page: string, language: string): Promise<string[]> {
  const text = await readFile(join(import.meta.dirname, '../../docs/guides', page), 'utf8')
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(
    ([, code]) => code!,
  )
}

/** nginx with a configuration as it stands in `sites-enabled`, on a free port, for a server on another one. */
export async function startNginx(config: string, serverPort: number): Promise<Proxy> {
  return start(async (folder, port, { key, certificate }) => {
    const site = config
      .replace('listen 443', `listen 127.0.0.1:${port}`)
      .replace('127.0.0.1:3000', `127.0.0.1:${serverPort}`)
      .replace('/etc/ssl/chat.crt', certificate)
      .replace('/etc/ssl/chat.key', key)
    await mkdir(join(folder, 'logs'))
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${folder}/${name};`)
      .join('\n')
    await writeFile(
      join(folder, 'nginx.conf'),
      `daemon off; master_process off; pid ${folder}/pid;
      events {}
      http { access_log off; ${temporary}
      types { text/html html; }
      ${site} }`,
    )
    return [find('nginx'), ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr']]
  })
}

/** The same for Caddy. */
export async function startCaddy(config: string, serverPort: number): Promise<Proxy> {
  return start(async (folder, port, { key, certificate }) => {
    const site = config
      .replace('chat.example.com {', `https://127.0.0.1:${port} {\n\ttls ${certificate} ${key}\n`)
      .replace('127.0.0.1:3000', `127.0.0.1:${serverPort}`)
    const file = join(folder, 'Caddyfile')
    await writeFile(
      file,
      `{\n\tadmin off\n\tauto_https disable_redirects\n\tdefault_sni localhost\n}\n${site}`,
    )
    return [find('caddy'), ['run', '--config', file, '--adapter', 'caddyfile']]
  })
}

/** The same for HAProxy, which reads key and certificate from one file. */
export async function startHaproxy(config: string, serverPort: number): Promise<Proxy> {
  return start(async (folder, port, { key, certificate }) => {
    const both = join(folder, 'both.pem')
    await writeFile(both, (await readFile(certificate, 'utf8')) + (await readFile(key, 'utf8')))
    const site = config
      .replace('bind :443', `bind 127.0.0.1:${port}`)
      .replace('/etc/ssl/chat.pem', both)
      .replace('127.0.0.1:3000', `127.0.0.1:${serverPort}`)
    const file = join(folder, 'haproxy.cfg')
    await writeFile(file, `global\n    maxconn 100\n${site}`)
    return [find('haproxy'), ['-db', '-f', file]]
  })
}

interface Identity {
  readonly key: string
  readonly certificate: string
}

async function start(
  prepare: (folder: string, port: number, files: Identity) => Promise<[string, string[]]>,
): Promise<Proxy> {
  const folder = await mkdtemp(join(tmpdir(), 'swapstream-proxy-'))
  const port = await freePort()
  const [program, args] = await prepare(folder, port, await identify(folder))
  const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env })
  let said = ''
  child.stderr.on('data', (data) => (said += data))
  const gone = once(child, 'exit')
  const failed = gone.then(() => {
    throw new Error(`${program} did not start:\n${said}`)
  })
  await Promise.race([listening(port), failed])
  failed.catch(() => {})
  return {
    port,
    async stop() {
      child.kill('SIGKILL')
      await gone
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function identify(folder: string): Promise<Identity> {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const names = '-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1'
  const curve = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'
  const args = `req -x509 ${curve} ${names} -keyout ${key} -out ${certificate}`
  await promisify(execFile)(find('openssl'), args.split(' '))
  return { key, certificate }
}

/** Before the tests, since it may install them. */
export function findProxies(): void {
  for (const name of ['nginx', 'caddy', 'haproxy', 'openssl'] as const) find(name)
}

function find(name: keyof typeof PROGRAMS): string {
  const found = findProgram(PROGRAMS[name])
  if (found) return found
  throw new Error(`No ${name} for the tests: install it.`)
}
