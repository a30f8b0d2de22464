import assert from 'node:assert/strict'
import test from 'node:test'
import { formatManifest, nameProblem, parseManifest } from '../../examples/repositories/manifest.ts'
import { fileOf } from './feeds.ts'

const digest = 'a'.repeat(64)

test('a manifest reads back as it was written, sorted by name', () => {
  const files = [fileOf('b/c.txt', 'two'), fileOf('a, with comma,.txt', 'one')]
  assert.deepEqual(parseManifest(formatManifest(files)), [files[1], files[0]])
})

test('carriage returns, empty lines and upper-case digests are read', () => {
  assert.deepEqual(parseManifest(`a,${'AB'.repeat(32)},0\r\n\r\n`), [
    { name: 'a', sha256: 'ab'.repeat(32), size: 0 },
  ])
})

const refusedLines: [line: string, says: RegExp][] = [
  ['just a name', /line 1 is not name,sha256,size/],
  [`${digest},1`, /the name is empty|not name,sha256,size/],
  [`a,${digest},-1`, /^a: .*size is not/],
  [`a,${digest},1e3`, /^a: .*size is not/],
  [`a,${digest},99999999999999999999`, /^a: .*size is not/],
  [`a,${digest}f,1`, /^a: .*sha256 is not 64/],
  [`a,${digest},1\na,${digest},1`, /^a: .*twice/],
  [`a,${digest},1\na/b/c,${digest},1`, /^a: .*as a file and, in a\/b\/c, as a folder/],
]
for (const [line, says] of refusedLines) {
  test(`a manifest with ${JSON.stringify(line.replaceAll(digest, '<digest>'))} is refused`, () => {
    assert.throws(() => parseManifest(line), { code: 'REP0004', message: says })
  })
}

const escapingNames = [
  '',
  '/etc/passwd',
  '..',
  '../x',
  'a/../../x',
  'a/..',
  './a',
  'a//b',
  'a/',
  'a\\b',
  '..\\x',
  'C:/x',
  'c:x',
  'a\0b',
  'a\u007fb',
  '%2e%2e/x',
  '..%2fx',
  '%252e%252e%252fx',
  '%2Fetc/passwd',
  'a%5cb',
  'a%00b',
  '%ff%2e%2e/../x',
  'PULP_MANIFEST',
  'x'.repeat(256),
]
for (const name of escapingNames) {
  test(`the name ${JSON.stringify(name.slice(0, 20))} is refused`, () => {
    assert.notEqual(nameProblem(name), null)
  })
}

for (const name of [
  'a',
  'a/b.txt',
  '...',
  '.hidden',
  'a..b',
  '100%.txt',
  'ä/ö',
  'a b',
  'lib/PULP_MANIFEST',
]) {
  test(`the name ${JSON.stringify(name)} is allowed`, () => {
    assert.equal(nameProblem(name), null)
  })
}
