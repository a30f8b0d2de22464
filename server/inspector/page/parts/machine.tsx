// The statechart of a task or a group, with its config read once.

import type { MachineConfig } from '../charts/statechart.tsx'
import { readRest } from '../http.ts'
import { useAnswer } from '../live/answer.ts'
import { later } from './later.tsx'
import { Failed, Loading } from './notice.tsx'

const Statechart = later(
  'the chart',
  async () => (await import('../charts/statechart.tsx')).Statechart,
)

const configs = new Map<string, Promise<MachineConfig>>()

function configOf(name: string): Promise<MachineConfig> {
  const known = configs.get(name)
  if (known !== undefined) return known
  const reading = readRest<MachineConfig>(`machines/${name}/?format=json`)
  configs.set(name, reading)
  reading.catch(() => configs.delete(name))
  return reading
}

export function MachineChart({
  name,
  active,
  path,
}: {
  name: 'task' | 'group'
  active: string
  path?: readonly string[]
}) {
  const { data, error, reload } = useAnswer<MachineConfig>(name, { fetcher: configOf })
  if (data !== null) return <Statechart machine={data} active={active} {...(path && { path })} />
  return error === null ? <Loading what="the chart" /> : <Failed error={error} onRetry={reload} />
}
