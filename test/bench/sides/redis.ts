// A Redis of its own, from the machine, with its log of writes on: synced to the disk every second, its
// default, so that up to a second of what it has acknowledged may be lost.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { answer, answerQuestions, given } from '../side.ts'

export interface Redis {
  folder: string
  port: number
}

const { folder, port } = await given<Redis>()
const redis = spawn(
  'redis-server',
  [
    ['--port', `${port}`],
    ['--bind', '127.0.0.1'],
    ['--dir', folder],
    ['--save', ''],
    ['--appendonly', 'yes'],
    ['--appendfsync', 'everysec'],
  ].flat(),
  { stdio: ['ignore', 'pipe', 'inherit'] },
)
process.on('exit', () => redis.kill())
redis.on('exit', status => {
  throw new Error(`redis-server ended with status ${status}`)
})
for await (const line of createInterface({ input: redis.stdout })) {
  if (line.includes('Ready to accept connections')) break
}
redis.stdout.resume()
answerQuestions(async () => {
  redis.removeAllListeners('exit')
  redis.kill()
  await once(redis, 'exit')
  return {}
})
answer({})
