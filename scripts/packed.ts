/**
 * Checks what a user gets: packs the tarball, installs it into an empty project, follows the links of its pages, and
 * runs the smallest example there, and begins a new app.
 */
import { execFileSync, spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { once } from 'node:events'

const project = mkdtempSync(join(tmpdir(), 'swapstream-packed-'))
const npm = (args: readonly string[], cwd: string): string =>
  execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

try {
  const [{ filename }] = JSON.parse(
    npm(['pack', '--json', '--pack-destination', project], process.cwd()),
  ) as [{ filename: string }]
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ name: 'empty', private: true, type: 'module' }),
  )
  npm(
    [
      'install',
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
      `./${filename}`,
      'hono',
      '@hono/node-server',
      'tsx',
      'zod',
      // What `swapstream/testing` reads pages with.
      'parse5',
      // The oldest one that Hono's own types read.
      'typescript@5.7',
    ],
    project,
  )
  const broken = brokenLinks(join(project, 'node_modules/swapstream'))
  if (broken.length > 0)
    throw new Error(`Links of the packed pages lead nowhere:\n${broken.join('\n')}`)
  checkTypes(join(project, 'node_modules/swapstream/package.json'))
  cpSync('examples/hello', join(project, 'hello'), { recursive: true })

  const server = spawn(process.execPath, ['--import', 'tsx', 'hello/server.ts'], {
    cwd: project,
    env: { ...process.env, PORT: '0' },
  })
  try {
    let output = ''
    server.stdout.on('data', (data) => (output += data))
    server.stderr.on('data', (data) => (output += data))
    const address = /http:\/\/localhost:\d+/
    for (let tries = 0; !address.test(output); tries++) {
      if (tries > 300 || server.exitCode !== null)
        throw new Error(`The packed example did not start:\n${output}`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    const url = address.exec(output)![0]
    const page = await (await fetch(url)).text()
    const script = await fetch(url + /<script src="([^"]+)"/.exec(page)![1])
    const style = await fetch(url + /<link rel="stylesheet" href="([^"]+)"/.exec(page)![1])
    const answer = await fetch(`${url}/chat`, {
      method: 'POST',
      body: new URLSearchParams({ prompt: 'Is it packed?' }),
      headers: { accept: 'text/event-stream', 'hx-request': 'true' },
    })
    const stream = await answer.text()
    if (!script.ok || !style.ok)
      throw new Error('The packed example cannot load its scripts or its style sheet.')
    if (
      !stream.includes('Is it packed?') ||
      !stream.endsWith('event: done\ndata: {"reason":"done"}\n\n')
    ) {
      throw new Error(`The answer of the packed example is not complete:\n${stream}`)
    }
    const command = (...args: string[]): string =>
      execFileSync(join(project, 'node_modules/.bin/swapstream'), args, {
        cwd: project,
        encoding: 'utf8',
      })
    command('add', 'stream', 'chat', '--fragment')
    if (!command('check', '--app', 'src/app.ts').includes('No faults'))
      throw new Error('The packed command finds faults in what it wrote.')
    if (!command('explain', 'block/unknown').includes('**Fix.**'))
      throw new Error('The packed command explains no error code.')
    command('new', 'my-app', '--store', 'redis', '--yes')
    const made = join(project, 'my-app')
    npm(['pkg', 'set', `dependencies.swapstream=file:../${filename}`], made)
    npm(['install', '--no-audit', '--no-fund', '--prefer-offline'], made)
    npm(['test'], made)
    if (!npm(['run', 'check'], made).includes('No faults'))
      throw new Error('The packed command finds faults in a new app.')
    if (!existsSync(join(project, 'node_modules/swapstream/llms.txt')))
      throw new Error('The package has no llms.txt.')
    process.stdout.write(
      `packed: ${filename} installs into an empty project, its links resolve, it streams an answer, adds a stream, and begins an app\n`,
    )
  } finally {
    server.kill()
    if (server.exitCode === null) await once(server, 'exit')
  }
} finally {
  rmSync(project, { recursive: true, force: true })
}

/** Compiles an import of each entry point as strictly as can be, without types of Node. */
function checkTypes(manifest: string): void {
  const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as { exports: object }
  const entries = Object.entries(exports).filter(([, targets]) => typeof targets === 'object')
  const imports = entries.map(([name], n) => `import * as e${n} from 'swapstream${name.slice(1)}'`)
  writeFileSync(join(project, 'types.ts'), imports.join('\n'))
  const tsc = join(project, 'node_modules/.bin/tsc')
  const options = '--strict --noEmit --skipLibCheck false --types --target es2022 --module nodenext'
  try {
    execFileSync(tsc, [...options.split(' '), 'types.ts'], { cwd: project, encoding: 'utf8' })
  } catch (error) {
    const { stdout } = error as { stdout: string }
    throw new Error(`The packed types do not compile:\n${stdout}`, { cause: error })
  }
}

/** Every relative link and image of a Markdown page in the package, of which the file is missing. */
function brokenLinks(folder: string): string[] {
  const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.md') && !name.includes('node_modules'),
  )
  return pages.flatMap((page) => {
    const prose = readFileSync(join(folder, page), 'utf8').replace(/^```[^]*?^```$|`[^`\n]+`/gm, '')
    const links = prose.matchAll(/(?:\]\(|(?:src|srcset|href)=")(?![a-z]+:|#|\/)([^)#"\s]+)/g)
    return [...links]
      .filter(([, path]) => !existsSync(join(folder, dirname(page), path!)))
      .map(([, path]) => `${page}: ${path}`)
  })
}
