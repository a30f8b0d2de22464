// What a command line and an environment mean: CONTRACT §6, option by option.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Environment, readConfig, type ServeConfig } from '../../server/config.ts'

/** The options of a line that must be good, written without the command. */
function served(line: string, env: Environment = {}): ServeConfig {
  const config = readConfig(['serve', ...words(line)], env)
  assert.equal(config.kind, 'serve', JSON.stringify(config))
  return config.kind === 'serve' ? config.options : assert.fail()
}

/** The message of a line that must be refused, written with the command. */
function refused(line: string, env: Environment = {}): string {
  const config = readConfig(words(line), env)
  assert.equal(config.kind, 'invalid', JSON.stringify(config))
  if (config.kind !== 'invalid') assert.fail()
  assert.equal(config.exitStatus, 2)
  return config.message
}

function words(line: string): string[] {
  return line === '' ? [] : line.split(' ')
}

describe('Options', () => {
  test('A bare "serve" takes the defaults', () => {
    assert.deepEqual(served(''), {
      callsFile: undefined,
      port: 8000,
      host: '127.0.0.1',
      dataDir: '.rollcall',
      mount: '/pulp/api',
      concurrency: 100,
      graceMs: 10_000,
      logLevel: 'info',
    })
  })

  test('Every option can be given as an argument', () => {
    const line =
      '--calls ./calls.ts --port 0 --host ::1 --data /var/lib/rollcall --mount=/api ' +
      '--concurrency 4 --grace 2.5 --log-level debug'
    assert.deepEqual(served(line), {
      callsFile: './calls.ts',
      port: 0,
      host: '::1',
      dataDir: '/var/lib/rollcall',
      mount: '/api',
      concurrency: 4,
      graceMs: 2_500,
      logLevel: 'debug',
    })
  })

  test('Every option has a twin in the environment', () => {
    const env = {
      ROLLCALL_CALLS: './calls.ts',
      ROLLCALL_PORT: '9000',
      ROLLCALL_HOST: 'localhost',
      ROLLCALL_DATA: 'data',
      ROLLCALL_MOUNT: '/api',
      ROLLCALL_CONCURRENCY: '4',
      ROLLCALL_GRACE: '0',
      ROLLCALL_LOG_LEVEL: 'silent',
    }
    assert.deepEqual(served('', env), {
      callsFile: './calls.ts',
      port: 9000,
      host: 'localhost',
      dataDir: 'data',
      mount: '/api',
      concurrency: 4,
      graceMs: 0,
      logLevel: 'silent',
    })
  })

  test('An argument beats its twin, and the last of several wins', () => {
    assert.equal(served('--port 1 --port 2', { ROLLCALL_PORT: '3' }).port, 2)
  })

  test('An empty variable counts as unset', () => {
    assert.equal(served('', { ROLLCALL_PORT: '', ROLLCALL_AUTH: '' }).port, 8000)
  })

  test('The options cannot be changed after they were read', () => {
    assert.ok(Object.isFrozen(served('')))
  })
})

describe('Other commands', () => {
  test('Help is given for the asking, and names every option with its default', () => {
    for (const line of ['', 'help', '--help', '-h', 'serve --help', 'help serve', 'help me']) {
      const config = readConfig(words(line), {})
      assert.equal(config.kind, 'help', line)
      if (config.kind !== 'help') continue
      assert.match(config.text, /rollcall export .*\n.*rollcall replay FILE/)
      for (const name of ['calls', 'port', 'host', 'data', 'database-url', 'mount']) {
        assert.match(config.text, new RegExp(`--${name} `))
      }
      for (const name of ['concurrency', 'auth', 'grace', 'log-level', 'help', 'version']) {
        assert.match(config.text, new RegExp(`--${name} `))
      }
    }
  })

  test('Each command has a help of its own', () => {
    const says: Record<string, RegExp> = {
      'export --help': /^rollcall export:.*--group ID .*--data DIR .*--out FILE .*--help/s,
      'help export': /^rollcall export:/,
      'export --group x -h': /^rollcall export:/,
      'replay --help': /^rollcall replay:.*Usage: rollcall replay FILE\n.*status 0.*--help/s,
      'help replay': /^rollcall replay:/,
    }
    for (const [line, text] of Object.entries(says)) {
      const config = readConfig(words(line), {})
      assert.match(config.kind === 'help' ? config.text : config.kind, text, line)
    }
  })

  test('The version is given for the asking', () => {
    for (const line of ['--version', '-v', 'serve --version']) {
      assert.equal(readConfig(words(line), {}).kind, 'version', line)
    }
  })
})

describe('Watch, export, replay and machines', () => {
  const GROUP = '0198c0de-0000-7000-8000-00000000abcd'

  test('export takes a group, in either case, and has a file and a folder to begin with', () => {
    assert.deepEqual(readConfig(words(`export --group ${GROUP.toUpperCase()}`), {}), {
      kind: 'export',
      options: { groupId: GROUP, dataDir: '.rollcall', out: `${GROUP}.rollcall.jsonl` },
    })
  })

  test('export takes a folder and a file, or standard output, also from the environment', () => {
    const options = { groupId: GROUP, dataDir: 'd', out: '-' }
    const line = `export --data d --out - --group=${GROUP}`
    assert.deepEqual(readConfig(words(line), {}), { kind: 'export', options })
    const env = { ROLLCALL_GROUP: GROUP, ROLLCALL_DATA: 'd', ROLLCALL_OUT: '-' }
    assert.deepEqual(readConfig(['export'], env), { kind: 'export', options })
  })

  test('watch takes a group, where its server is, and whether to look only once', () => {
    const id = '01A2B3C4-0000-7000-8000-000000000001'
    const groupId = id.toLowerCase()
    const watched = (line: string, env: Environment = {}) => {
      const config = readConfig(words(line), env)
      return config.kind === 'watch' ? config.options : assert.fail(JSON.stringify(config))
    }
    const plain = { groupId, url: 'http://127.0.0.1:8000', mount: '/pulp/api', once: false }
    assert.deepEqual(watched(`watch ${id}`), plain)
    const line = `watch ${id} --once --url http://there:1/ --mount /api/`
    const there = { groupId, url: 'http://there:1', mount: '/api', once: true }
    assert.deepEqual(watched(line), there)
    const env = { ROLLCALL_URL: 'http://there:1', ROLLCALL_MOUNT: '/api' }
    assert.deepEqual(watched(`watch ${id} --once`, env), there)
    assert.match(refused('serve --once'), /"serve" takes no option --once/)
    assert.match(refused(`watch ${id} --once=yes`), /--once takes no value/)
  })

  test('machines takes the name of one or none, and a format', () => {
    const asked = (line: string) => {
      const config = readConfig(words(line), {})
      return config.kind === 'machines' ? config.options : assert.fail(JSON.stringify(config))
    }
    assert.deepEqual(asked('machines'), { name: null, format: 'json' })
    const line = 'machines group --format mermaid'
    assert.deepEqual(asked(line), { name: 'group', format: 'mermaid' })
    assert.match(refused('machines lamp'), /there is no machine "lamp"/)
    assert.match(refused('machines task group'), /takes one NAME, and "group" is another/)
  })

  test('replay takes a file, whatever it is called', () => {
    for (const file of ['a.jsonl', 'serve', '../a b.jsonl']) {
      assert.deepEqual(readConfig(['replay', file], {}), { kind: 'replay', options: { file } })
    }
    assert.deepEqual(readConfig(['replay', '--', '--odd'], {}), {
      kind: 'replay',
      options: { file: '--odd' },
    })
  })

  const cases: [line: string, message: RegExp][] = [
    ['export', /^"export" needs a group: --group ID\nTry "rollcall export --help"/],
    ['export --group', /--group needs an ID/],
    ['export --group 17', /^--group is "17", but the id of a group is a UUID/],
    [`export --group ${GROUP}0`, /a UUID/],
    [`export ${GROUP}`, /"export" takes options only/],
    [`export --group ${GROUP} --port 1`, /^"export" takes no option --port\nTry "rollcall export/],
    [`serve --group ${GROUP}`, /^"serve" takes no option --group\nTry "rollcall serve/],
    ['replay', /^"replay" needs a FILE\nTry "rollcall replay --help"/],
    ['replay a b', /^"replay" takes one FILE, and "b" is another/],
    ['replay a --out b', /^"replay" takes no option --out/],
  ]
  for (const [line, message] of cases) {
    test(`"${line}" is refused`, () => assert.match(refused(line), message))
  }

  test('No option of another command is looked for in the environment', () => {
    const env = { ROLLCALL_PORT: 'http', ROLLCALL_GROUP: 'x' }
    assert.equal(readConfig(['replay', 'a'], env).kind, 'replay')
  })
})

describe('A wrong line is refused with what was found', () => {
  const cases: [line: string, message: RegExp][] = [
    ['--port 8000', /no command was given/],
    ['swerve', /no command "swerve"/],
    ['serve now', /"now" is not one/],
    ['serve --prot 8000', /no option --prot/],
    ['serve -p 8000', /no option -p/],
    ['serve --no-port', /no option --no-port/],
    ['serve --constructor x', /no option --constructor/],
    ['serve --port', /--port needs a PORT/],
    ['serve --port=', /--port needs a PORT/],
    ['serve --calls --port 1', /--calls needs a FILE/],
    ['serve --help=yes', /--help takes no value, but is "yes"/],
  ]
  for (const [line, message] of cases) {
    test(`"${line}" is refused, and the help is pointed at`, () => {
      assert.match(refused(line), message)
      assert.match(refused(line), /rollcall serve --help/)
    })
  }
})

describe('A wrong value is refused with the rule that it breaks', () => {
  const wrong: Record<string, string[]> = {
    port: ['-1', '65536', '80.5', '0x50', 'http', '1e3', ' 80'],
    concurrency: ['0', '-2', '1.5', 'many', '99999999999999999999'],
    grace: ['-1', 'soon', '1e3', 'Infinity', '2147484'],
    mount: ['pulp/api', '/a/../b', '/./a', '/a b', '/a?b', '/a#b', '/:id', '/*', '/%2e%2e', '..'],
    'log-level': ['loud', 'INFO', '10'],
  }
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      test(`--${name} "${value}" is refused`, () => {
        const config = readConfig(['serve', `--${name}=${value}`], {})
        assert.equal(config.kind, 'invalid')
        if (config.kind === 'invalid') {
          assert.ok(config.message.startsWith(`--${name} is "${value}", but `), config.message)
        }
      })
    }
  }

  test('A wrong variable is named as the variable', () => {
    assert.match(
      refused('serve', { ROLLCALL_PORT: 'http' }),
      /^ROLLCALL_PORT is "http", but a port/,
    )
  })
})

describe('The mount', () => {
  const cases: [given: string, mount: string][] = [
    ['/pulp/api/', '/pulp/api'],
    ['//pulp//api', '/pulp/api'],
    ['/v1.0/~me_-', '/v1.0/~me_-'],
    ['/', ''],
  ]
  for (const [given, mount] of cases) {
    test(`"${given}" means "${mount}"`, () => assert.equal(served(`--mount ${given}`).mount, mount))
  }
})

describe('What is not supported yet', () => {
  test('A host beyond loopback is refused, because nobody could be kept out', () => {
    for (const host of ['0.0.0.0', '::', '192.168.1.2', '10.0.0.1', 'example.org', '127.1', '']) {
      const config = readConfig(['serve', `--host=${host}`], {})
      assert.equal(config.kind, 'invalid', host)
    }
    assert.match(refused('serve --host 0.0.0.0'), /without --auth.* loopback only/)
    assert.match(refused('serve', { ROLLCALL_HOST: '::' }), /^ROLLCALL_HOST is "::"/)
  })

  test('Every spelling of loopback is taken', () => {
    for (const host of ['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1', 'localhost']) {
      assert.equal(served(`--host ${host}`).host, host)
    }
    assert.equal(served('--host [::1]').host, '::1')
    assert.equal(served('--host LOCALHOST').host, 'localhost')
  })

  test('--auth ends the start, as an argument and from the environment', () => {
    assert.match(refused('serve --auth auth.json'), /^--auth was given.*not supported yet/)
    assert.match(refused('serve', { ROLLCALL_AUTH: 'a' }), /^ROLLCALL_AUTH was given.*not supp/)
  })

  test('--database-url ends the start, and its password is not repeated', () => {
    const url = 'postgres://me:secret@db/rollcall'
    assert.match(refused(`serve --database-url ${url}`), /^--database-url was given.*not supported/)
    assert.doesNotMatch(refused(`serve --database-url ${url}`), /secret/)
    assert.match(refused('serve', { ROLLCALL_DATABASE_URL: url }), /^ROLLCALL_DATABASE_URL was/)
  })

  test('A host beyond loopback with --auth says what is missing, not what was given', () => {
    assert.match(refused('serve --host 0.0.0.0 --auth auth.json'), /^--auth .*not supported yet/)
  })
})
