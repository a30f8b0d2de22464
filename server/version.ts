// Which version of the package this is.
import { createRequire } from 'node:module'

/** The version in the package's own manifest. */
export function packageVersion(): string {
  // By the package's own name, because the source and the built file lie at different depths.
  const manifest: { version: string } = createRequire(import.meta.url)('rollcall/package.json')
  return manifest.version
}
