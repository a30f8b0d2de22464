// What node:sqlite gives on this disk: rows inserted, then updated to a final state.
import { RawTasks } from '../raw-tasks.ts'
import { conclude, given } from '../side.ts'

export interface SqliteLives {
  folder: string
  tasks: number
}
export interface SqliteLived {
  insertSeconds: number
  updateSeconds: number
}

const { folder, tasks } = await given<SqliteLives>()
const raw = new RawTasks(folder, tasks)
const insertSeconds = raw.insert()
const updateSeconds = raw.update('finished')
raw.close()
conclude({ insertSeconds, updateSeconds } satisfies SqliteLived)
