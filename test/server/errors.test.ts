// Codes of errors: the table in the code and the one that readers see say the same.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { CODES } from '../../server/errors.ts'

const readme = join(import.meta.dirname, '..', '..', 'README.md')

test("the README's table of codes is that of the code, row by row", async () => {
  const rows = (await readFile(readme, 'utf8')).matchAll(/^\| (RCL\d{4}) \| (\d{3}) \| (.+?) \|$/gm)
  assert.deepEqual(
    Array.from(rows, ([, code, status, title]) => [code, Number(status), title]),
    Object.entries(CODES).map(([code, { status, title }]) => [code, status, title]),
  )
})

test('codes count up without a gap, so that none is used again', () => {
  const wanted = Object.keys(CODES).map((_, index) => `RCL${String(index + 1).padStart(4, '0')}`)
  assert.deepEqual(Object.keys(CODES), wanted)
})
