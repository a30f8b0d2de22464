// What a task has to do with others: resources, dependencies both ways, children.
import type { TaskAnswer, TaskName } from '../data.ts'
import { OperationTag } from '../parts/operation.tsx'
import { TaskBadge } from '../parts/state.tsx'
import { hrefs } from '../router.ts'

export function TaskRelations({ answer }: { answer: TaskAnswer }) {
  const { resources, dependencies, dependants, children, report } = answer
  return (
    <>
      {resources.length > 0 && (
        <section class="card" aria-labelledby="resources-title">
          <h2 id="resources-title">Resources</h2>
          <ul class="list">
            {resources.map(({ resource_type: type, resource_id: id, operation }) => (
              <li key={`${type} ${id}`}>
                <a href={hrefs.resource(type, id)} class="clip">
                  <span class="faint">{type}</span> {id}
                </a>
                <OperationTag operation={operation} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {dependencies.length > 0 && (
        <section class="card" aria-labelledby="depends-title">
          <h2 id="depends-title">Depends on</h2>
          <TaskList
            tasks={dependencies}
            note={task => {
              const failure = report.dependency_failures[task.task_id]
              if (failure !== undefined) return `ended ${failure.actual}, not as asked`
              const states = dependencies.find(each => each.task_id === task.task_id)?.states ?? []
              return states.join() === 'finished' ? null : `must end ${states.join(' or ')}`
            }}
          />
        </section>
      )}
      {dependants.length > 0 && (
        <section class="card" aria-labelledby="dependants-title">
          <h2 id="dependants-title">Needed by</h2>
          <TaskList tasks={dependants} />
          {dependants.length === 100 && <p class="faint">The first 100 are shown.</p>}
        </section>
      )}
      {children.length > 0 && (
        <section class="card" aria-labelledby="children-title">
          <h2 id="children-title">Children</h2>
          <TaskList tasks={children} />
        </section>
      )}
    </>
  )
}

function TaskList({
  tasks,
  note,
}: {
  tasks: readonly TaskName[]
  note?: (task: TaskName) => string | null
}) {
  return (
    <ul class="list">
      {tasks.map(task => {
        const said = note?.(task) ?? null
        return (
          <li key={task.task_id}>
            <a href={hrefs.task(task.task_id)} class="clip">
              {task.call} <span class="id faint">…{task.task_id.slice(-8)}</span>
            </a>
            {said !== null && <span class="faint clip">{said}</span>}
            <TaskBadge value={task.value} />
          </li>
        )
      })}
    </ul>
  )
}
