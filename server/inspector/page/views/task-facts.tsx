// What a task is and when: its facts in two columns of text.
import type { ComponentChildren } from 'preact'
import { clockTime } from '../clock.ts'
import type { TaskAnswer } from '../data.ts'
import { Lasted, Moment, ShortId, Tags } from '../parts/text.tsx'
import { hrefs } from '../router.ts'

export function TaskFacts({ answer }: { answer: TaskAnswer }) {
  const { task, report } = answer
  return (
    <section class="card" aria-labelledby="facts-title">
      <h2 id="facts-title">Facts</h2>
      <dl class="pairs">
        <Fact name="Submitted">
          <Moment ms={task.submit_ms} />
        </Fact>
        <Fact name="Started">
          <Moment ms={task.start_ms} />
        </Fact>
        <Fact name="Ended">
          <Moment ms={task.finish_ms} />
        </Fact>
        <Fact name="Ran">
          <Lasted fromMs={task.start_ms} toMs={task.finish_ms} />
        </Fact>
        {task.wake_at_ms !== null && <Fact name="Due">{clockTime(task.wake_at_ms)}</Fact>}
        <Fact name="Attempt">{task.attempt}</Fact>
        <Fact name="Priority">{task.priority}</Fact>
        <Fact name="Response">{report.response}</Fact>
        <Fact name="Cancellable">{answer.cancellable ? 'yes' : 'not while it runs'}</Fact>
        <Fact name="Worker">{task.worker ?? <span class="faint">–</span>}</Fact>
        {report.principal_login !== null && <Fact name="By">{report.principal_login}</Fact>}
        {task.group_id !== null && (
          <Fact name="Group">
            <a href={hrefs.group(task.group_id)}>
              <ShortId id={task.group_id} />
            </a>
          </Fact>
        )}
        {answer.parent_id !== null && (
          <Fact name="Parent">
            <a href={hrefs.task(answer.parent_id)}>
              <ShortId id={answer.parent_id} />
            </a>
          </Fact>
        )}
        {report.tags.length > 0 && (
          <Fact name="Tags">
            <Tags tags={report.tags} />
          </Fact>
        )}
      </dl>
    </section>
  )
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
