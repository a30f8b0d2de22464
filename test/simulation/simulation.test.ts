// Random histories of the whole engine under every fault, and what makes them worth trusting: they are
// repeated byte by byte, they reach what they are meant to reach, and what breaks them is shrunk.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../support/temp.ts'
import { explain } from './explain.ts'
import { loadHistory } from './files.ts'
import { generate } from './generate.ts'
import { OptionError, optionsOf, SEED_MAX } from './options.ts'
import type { MoveRule } from './rules/moves.ts'
import { RULES } from './rules/rules.ts'
import { run } from './run.ts'
import { shrink } from './shrink.ts'
import { NO_FAULTS } from './tally.ts'

const SIMULATE = fileURLToPath(new URL('simulate.ts', import.meta.url))
const SEEDS = [1, 2, 3, 4, 5, 6]
const STEPS = 1_500

/** What a history must come by, for its rules to mean something. */
const REACHED = [
  /task\.\S+ → finished/,
  /task\.\S+ → error/,
  /task\.\S+ → canceled/,
  /task\.\S+ → skipped/,
  /task\.interrupted → waiting/,
  /task\.interrupted → error/,
  /task\.interrupted → canceled/,
  /task\.timed_out → running\.cancelling/,
  /task\.unresponsive → running\.cancelling/,
  /task\.rejected → error/,
  /task\.placed → waiting/,
  /task\.suspend → suspended/,
  /group\.cancelling → cancelling/,
  /group\.purged → /,
  /< \d+ submitted again/,
  /< \d+ refused RCL0009/,
  /< \d+ refused RCL0010/,
  /< \d+ refused RCL0011/,
  /< \d+ refused RCL0012/,
  /< \d+ refused RCL0022/,
  /< \d+ stale/,
]

/** A rule that is wrong on purpose. */
const nobodyIsCanceled: MoveRule = {
  rule: 'Nobody is ever cancelled',
  broken: ({ to }) => (to.value === 'canceled' ? 'it is canceled' : null),
}
const wrong = { ...RULES, moves: [...RULES.moves, nobodyIsCanceled] }

describe('Whatever fails, every promise holds', () => {
  const missing = new Set(REACHED)
  const unseen = new Set(Object.keys(NO_FAULTS))

  for (const seed of SEEDS) {
    test(`in the world of seed ${seed}`, async () => {
      const { broken, tally } = await run(generate(seed, STEPS), {
        sink: line => {
          for (const each of missing) if (each.test(line)) missing.delete(each)
        },
      })
      assert.deepEqual(broken, null, `npm run simulate -- --seed ${seed} --steps ${STEPS}`)
      for (const [fault, count] of Object.entries(tally)) if (count > 0) unseen.delete(fault)
    })
  }

  test('in those worlds everything happens that can go wrong', () => {
    assert.deepEqual([...missing].map(String), [])
    assert.deepEqual([...unseen], [])
  })

  const drawn = Math.floor(Math.random() * SEED_MAX)
  test(`in a world that is drawn: seed ${drawn}`, async () => {
    const { broken } = await run(generate(drawn, STEPS))
    assert.deepEqual(broken, null, `npm run simulate -- --seed ${drawn} --steps ${STEPS}`)
  })
})

describe('The same seed', () => {
  const journalOf = async (seed: number) => {
    const lines: string[] = []
    const { sha256 } = await run(generate(seed, 400), { sink: line => lines.push(line) })
    return { text: lines.join(''), sha256 }
  }

  test('gives the same journal, byte by byte, and another seed another one', async () => {
    const first = await journalOf(7)
    assert.ok(first.text.length > 10_000, `${first.text.length} bytes`)
    assert.deepEqual(await journalOf(7), first)
    assert.notEqual((await journalOf(8)).text, first.text)
  })

  test('gives the same journal in another process, folder and time zone', async t => {
    const folder = await temporaryFolder(t)
    const { text, sha256 } = await journalOf(7)
    const args = [SIMULATE, '--seed', '7', '--steps', '400', '--journal', 'journal.txt']
    const env = { ...process.env, TZ: 'Pacific/Auckland' }
    const { stdout, status } = spawnSync(process.execPath, args, { cwd: folder, env })
    assert.equal(status, 0)
    assert.equal(await readFile(join(folder, 'journal.txt'), 'utf8'), text)
    assert.ok(stdout.toString().includes(`journal ${sha256}`))
  })

  test('gives a history of which a shorter one is the beginning', () => {
    const { first, steps } = generate(7, 300)
    assert.deepEqual(generate(7, 50), { seed: 7, first, steps: steps.slice(0, 50) })
  })
})

describe('A history that breaks a rule', () => {
  test('is shrunk to the steps without which the rule holds', async () => {
    const history = generate(7, 600)
    const { broken } = await run(history, { rules: wrong })
    assert.equal(broken?.rule, nobodyIsCanceled.rule)
    const shrunk = await shrink(history, broken, {
      rerun: async candidate => (await run(candidate, { rules: wrong })).broken,
      mayGoOn: () => true,
    })
    const { steps } = shrunk.history
    assert.ok(steps.length <= 3, JSON.stringify(steps))
    for (const at of steps.keys()) {
      const shorter = { ...shrunk.history, steps: steps.toSpliced(at, 1) }
      assert.equal((await run(shorter, { rules: wrong })).broken, null, `without step ${at + 1}`)
    }
  })

  test('is explained with its seed and its replay, and kept as a file that breaks the same', async t => {
    const file = join(await temporaryFolder(t), 'history.json')
    const history = generate(7, 600)
    const { broken } = await run(history, { rules: wrong })
    assert.ok(broken)
    let told = ''
    await explain(history, broken, {
      replay: `--seed 7 --steps ${broken.steps}`,
      rerun: candidate => run(candidate, { rules: wrong }),
      shrinkSeconds: 60,
      save: file,
      write: text => {
        told += text
      },
      progress: () => {},
    })
    assert.match(told, /Nobody is ever cancelled/)
    assert.match(told, new RegExp(`npm run simulate -- --seed 7 --steps ${broken.steps}\n`))
    assert.match(told, /Shrunk to [1-3] steps/)
    const again = await run(generate(7, broken.steps), { rules: wrong })
    assert.deepEqual(again.broken, broken)
    const kept = await run(loadHistory(file), { rules: wrong })
    assert.equal(kept.broken?.rule, nobodyIsCanceled.rule)
  })
})

describe('npm run simulate', () => {
  test('refuses arguments that make no sense, and says why', () => {
    const refused = {
      '--seed -1': /--seed/,
      '--seed 4294967296': /--seed is a whole number from 0 to 4294967295/,
      '--seed=1.5': /--seed is a whole number from 0 to 4294967295; found 1\.5/,
      '--steps 0': /--steps is a whole number from 1/,
      '--steps many': /found many/,
      '--minutes 0': /--minutes is a number above 0/,
      '--minutes 1 --seeds 2': /give one/,
      '--history a.json --seed 1': /takes no seed/,
      '--sede 1': /--sede/,
      '7': /7/,
    }
    for (const [args, message] of Object.entries(refused)) {
      assert.throws(
        () => optionsOf(args.split(' ')),
        error => error instanceof OptionError && message.test(error.message),
        args,
      )
    }
  })

  test('ends with status 2 when a history cannot be read', () => {
    const { status, stderr } = spawnSync(process.execPath, [SIMULATE, '--history', 'missing.json'])
    assert.equal(status, 2)
    assert.match(stderr.toString(), /missing\.json cannot be read as a history/)
  })
})
