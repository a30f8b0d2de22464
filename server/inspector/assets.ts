// The built page's files, as they lie beside this one: read when first asked for, and compressed once.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

export interface Asset {
  type: string
  tag: string
  body: Buffer
  /** Null when it would save nothing. */
  gzipped: Buffer | null
  /** Whether its name changes with its content. */
  isImmutable: boolean
}

const TYPES = new Map([
  ['html', 'text/html; charset=utf-8'],
  ['js', 'text/javascript; charset=utf-8'],
  ['css', 'text/css; charset=utf-8'],
  ['svg', 'image/svg+xml'],
  ['png', 'image/png'],
  ['ico', 'image/x-icon'],
  ['woff2', 'font/woff2'],
  ['json', 'application/json; charset=utf-8'],
  ['webmanifest', 'application/manifest+json'],
])

/** Names of files and folders: none of them begins with a dot, or leads out of the folder. */
const PATH = /^(?:[\w-]+\/)*[\w-]+(?:\.[\w-]+)*\.(\w+)$/
/** What the build names after its content. */
const HASHED = /^assets\/.+-[\w-]{8}\.\w+$/
const WORTH_BYTES = 1_024

export class Assets {
  readonly #folder: string
  readonly #kept = new Map<string, Asset>()

  /** @param folder What the build wrote; it need not be there. */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** The file at a path below the folder; null when there is none. */
  async find(path: string): Promise<Asset | null> {
    const kept = this.#kept.get(path)
    if (kept !== undefined) return kept
    const [, extension = ''] = PATH.exec(path) ?? []
    const type = TYPES.get(extension)
    if (type === undefined) return null
    const body = await this.#read(path)
    if (body === null) return null
    const asset = await assetOf(body, type, HASHED.test(path))
    // What another build may write under the same name is read again.
    if (asset.isImmutable) this.#kept.set(path, asset)
    return asset
  }

  /** The page with what the server has to tell it; null when it was not built. */
  async page(meta: Record<string, string>): Promise<Asset | null> {
    const html = await this.#read('index.html')
    if (html === null) return null
    let text = html.toString('utf8')
    for (const [name, content] of Object.entries(meta)) {
      const tag = `<meta name="${name}" content="${escaped(content)}">`
      const there = new RegExp(`<meta\\s+name="${name}"[^>]*>`)
      text = there.test(text)
        ? text.replace(there, () => tag)
        : text.replace('</head>', () => `${tag}</head>`)
    }
    return assetOf(Buffer.from(text), TYPES.get('html') as string, false)
  }

  async #read(path: string): Promise<Buffer | null> {
    try {
      return await readFile(join(this.#folder, path))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return null
      throw error
    }
  }
}

async function assetOf(body: Buffer, type: string, isImmutable: boolean): Promise<Asset> {
  const tag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 16)}"`
  const text = /^(text|application|image\/svg)/.test(type)
  const gzipped = text && body.length > WORTH_BYTES ? await promisify(gzip)(body) : null
  return { type, tag, body, gzipped, isImmutable }
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
}
