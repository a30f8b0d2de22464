// The gains in speed that a change must not lose unnoticed, as ratios to a yardstick that runs beside them.
import { test } from 'node:test'
import { cancelRound, linearRound } from '../bench/figures/cancel.ts'
import { measureHttp } from '../bench/figures/http.ts'
import { livesRound } from '../bench/figures/lives.ts'
import { measureQueue } from '../bench/figures/queue.ts'
import { waitingRound } from '../bench/figures/waiting.ts'
import { holds } from './guard.ts'

test('tasks live at a rate that keeps pace with node:sqlite', t =>
  holds(t, ['lives-sqlite-1000'], conditions => livesRound(conditions, 10_000)))

test('a waiting group is cancelled at a rate that keeps pace with node:sqlite', t =>
  holds(t, ['cancel'], conditions => cancelRound(conditions, 10_000)))

test('a task of a group of 20,000 is cancelled as fast as one of a group of 5,000', t =>
  holds(t, ['cancel-linear'], conditions => linearRound(conditions, 5_000, 20_000)))

test('a task joins and leaves a queue of 5,000 as fast as one of 10', t =>
  holds(t, ['queue'], conditions => measureQueue(conditions, 5_000, 2)))

test('requests are answered at a rate that keeps pace with a bare Fastify', t =>
  holds(t, ['get', 'not-modified', 'get-group', 'post'], conditions => measureHttp(conditions, 1)))

test('a waiting task takes no more memory than its share', t =>
  holds(t, ['memory-heap'], conditions => waitingRound(conditions, 30_000, 0, 0)))
