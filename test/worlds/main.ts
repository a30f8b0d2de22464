// `npm run worlds`, the small worlds from the command line: all of them, one family, or one history step by step.
import { argv, stdout } from 'node:process'
import { parseArgs } from 'node:util'
import { families } from './families.ts'
import { printTable, walkWhole } from './report.ts'
import { tellStory } from './story.ts'

const HELP = `npm run worlds -- [options]

Takes every step in every world of a family and checks after each what Rollcall promises. Ends with
status 1 when a promise is broken, and tells the shortest history that breaks it.

  --bound N         how large the worlds are, from 2; default 2, and 3 takes minutes and gigabytes
  --family NAME     one family; default all
  --replay CHOICES  tells the history of the family that these choices make
  --help            prints this
`

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: argv.slice(2),
    options: {
      bound: { type: 'string', default: '2' },
      family: { type: 'string' },
      replay: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const bound = Number(values.bound)
  const chosen = families(bound).filter(
    ({ name }) => values.family === undefined || name === values.family,
  )
  const [first] = chosen
  if (values.help || first === undefined || !Number.isInteger(bound) || bound < 2) {
    stdout.write(HELP)
    return values.help ? 0 : 2
  }
  if (values.replay !== undefined) {
    stdout.write(`${await tellStory(first, values.replay.split('.').map(Number))}\n`)
    return 0
  }
  const walked = []
  for (const family of chosen) {
    stdout.write(`${family.name}: ${family.says}\n`)
    try {
      walked.push(await walkWhole(family, bound))
    } catch (error) {
      stdout.write(`${(error as Error).message}\n`)
      return 1
    }
  }
  printTable(walked)
  return 0
}

process.exitCode = await main()
