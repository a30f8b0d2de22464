import assert from 'node:assert/strict'
import test from 'node:test'
import type { StateSummary, TaskReport } from '../../examples/repositories/demo/client.ts'
import { picture } from '../../examples/repositories/demo/screen.ts'

const summary: StateSummary = {
  waiting: 1,
  running: 2,
  suspended: 0,
  finished: 1,
  error: 0,
  canceled: 0,
  skipped: 0,
  total: 4,
}

function running(id: string, startTime: string): TaskReport {
  return {
    task_id: id,
    task_group_id: null,
    task_type: 'repository.sync',
    tags: [`pulp:repository:${id}`],
    state: 'running',
    progress: { done: 1, total: 3, current: 'file.txt' },
    result: null,
    error: null,
    start_time: startTime,
  }
}

test('the picture has a bar, the counts, and the tasks that run the longest first', () => {
  const tasks = [running('young', '2026-01-01T00:00:09Z'), running('old', '2026-01-01T00:00:01Z')]
  const [bar, counts, ...lines] = picture(summary, tasks, Date.parse('2026-01-01T00:00:11Z'), 200)
  assert.equal(bar, `[${'█'.repeat(10)}${'░'.repeat(30)}] 1/4`)
  assert.equal(counts, '1 finished, 2 running, 1 waiting')
  assert.match(lines[0] ?? '', /old .*10 s .*1\/3 file\.txt/)
  assert.match(lines[1] ?? '', /young .*2 s /)
})

test('no line is wider than the terminal', () => {
  const lines = picture(summary, [running('r', '2026-01-01T00:00:01Z')], 0, 30)
  assert(lines.every(line => line.length < 30))
})
