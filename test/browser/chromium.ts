// A Chromium for tests: the one that lies in an npm package, unpacked once for all test processes.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Browser, chromium } from 'playwright-core'

const { version } = createRequire(import.meta.url)(
  '../../node_modules/@sparticuz/chromium/package.json',
)

const run = promisify(execFile)
const UNPACK = `
  import chromium from '@sparticuz/chromium'
  await chromium.executablePath()
`

/** Starts a Chromium whose security is that of a user's: nothing of the page's policy is switched off. */
export async function launchChromium(): Promise<Browser> {
  const folder = await unpacked()
  const executablePath = join(folder, 'chromium')
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      '--headless=shell',
      '--no-sandbox',
      '--no-zygote',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--font-render-hinting=none',
    ],
    env: { ...process.env, ...(await surroundings(folder, executablePath)) } as Record<
      string,
      string
    >,
  })
}

/** Unpacks it where every process looks for it. A half unpacked one never has the name. */
async function unpacked(): Promise<string> {
  const folder = join(tmpdir(), `rollcall-chromium-${version}`)
  if (existsSync(folder)) return folder
  const own = await mkdtemp(`${folder}-`)
  // In a process of its own: the package unpacks into the folder for temporary files, and its libraries
  // only where it believes to be in the cloud.
  await run(process.execPath, ['--input-type=module', '--eval', UNPACK], {
    cwd: import.meta.dirname,
    env: { ...process.env, TMPDIR: own, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' },
  })
  try {
    await rename(own, folder)
  } catch (error) {
    // Another process was faster.
    await rm(own, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
  return folder
}

/** On a machine without its libraries or without any font: those that the package brings. */
async function surroundings(folder: string, executablePath: string): Promise<NodeJS.ProcessEnv> {
  const { stdout } = await run('ldd', [executablePath])
  return {
    ...(stdout.includes('not found') && { LD_LIBRARY_PATH: join(folder, 'al2023', 'lib') }),
    ...(!existsSync('/usr/share/fonts') && { FONTCONFIG_PATH: join(folder, 'fonts') }),
  }
}
