// One task: where it is in its life and how it came there, why it waits, and all that is known of it.
import { useEffect, useMemo } from 'preact/hooks'
import { cancelTask, changeGroup } from '../actions.ts'
import { counted } from '../clock.ts'
import type { HistoryRow, Json, PersonEvent, TaskAnswer, TaskRow } from '../data.ts'
import { AnswerError } from '../http.ts'
import { useAnswer } from '../live/answer.ts'
import { follow } from '../live/follow.ts'
import type { LiveEvent } from '../live/frames.ts'
import { Sign } from '../parts/icon.tsx'
import { JsonView } from '../parts/json.tsx'
import { MachineChart } from '../parts/machine.tsx'
import { Empty, Failed, Loading } from '../parts/notice.tsx'
import { fraction, ProgressText } from '../parts/progress.tsx'
import { Scrolled } from '../parts/scrolled.tsx'
import { TaskBadge } from '../parts/state.tsx'
import { CopyButton } from '../parts/text.tsx'
import { hrefs } from '../router.ts'
import { isFinal } from '../states.ts'
import { TaskFacts } from './task-facts.tsx'
import { TaskHistory } from './task-history.tsx'
import { TaskRelations } from './task-relations.tsx'
import { changedTask } from './task-source.ts'
import { TaskWaits } from './task-waits.tsx'
import { useTitle } from './title.ts'

export function TaskView({ id }: { id: string }) {
  const { data, error, reload, patch } = useAnswer<TaskAnswer>(`tasks/${id}/`)
  useTitle(data === null ? 'Task' : `${data.task.call} ${id.slice(-8)}`)
  useEffect(
    () =>
      follow(`tasks/${id}/events/`, {
        onOpen: resumed => resumed || reload(),
        onEvents: events => {
          const changes = events.filter(({ name }) => name === 'task')
          if (changes.length === 0) return
          patch(before => changes.reduce(changedAnswer, before))
          reload()
        },
      }),
    [id, reload, patch],
  )
  // One that was deleted while it was shown is no longer there either.
  if (error instanceof AnswerError && (error.status === 404 || error.status === 400)) {
    return (
      <Empty title="No such task" isView>
        <p>
          No task has the id <code>{id}</code>. It may be mistyped, or its report was deleted.
        </p>
        <a class="button" href={hrefs.groups}>
          All groups
        </a>
      </Empty>
    )
  }
  if (data !== null) return <Task answer={data} />
  return error === null ? <Loading what="the task" /> : <Failed error={error} onRetry={reload} />
}

/** What an event says, before the rest is read again. */
function changedAnswer(before: TaskAnswer, { body }: LiveEvent): TaskAnswer {
  const last = before.history.at(-1)?.event_id ?? 0
  const task = changedTask(before.task, body)
  if (body.event_id === undefined || body.event_id <= last) return { ...before, task }
  const row: HistoryRow = {
    event_id: body.event_id,
    at_ms: body.at_ms as number,
    type: body.type,
    value: task.value,
    attempt: body.attempt ?? null,
    data: (body.data ?? null) as Json,
  }
  return { ...before, task, history: [...before.history, row] }
}

function Task({ answer }: { answer: TaskAnswer }) {
  const { task, report, history } = answer
  const path = useMemo(() => history.map(({ value }) => value), [history])
  const mayWait = task.value === 'waiting' || task.value === 'suspended'
  const isFar = fraction(task.progress) !== null
  return (
    <div class="view">
      <TaskHead answer={answer} />
      <div class="columns">
        <div class="column">
          <section class="card chart-card" aria-labelledby="life-title">
            <h2 id="life-title">Life</h2>
            <MachineChart name="task" active={task.value} path={path} />
          </section>
          {mayWait && <TaskWaits task={task} />}
          {report.error !== null && (
            <section class="card is-bad" aria-labelledby="error-title">
              <h2 id="error-title">
                {task.value === 'error' ? 'Error' : 'Error of the last attempt'}{' '}
                <code>{report.error.code}</code>
              </h2>
              <p>{report.error.description}</p>
              {report.traceback !== null && (
                <Scrolled label="Traceback">{report.traceback}</Scrolled>
              )}
              {(report.error.data !== null || report.error.sub_errors.length > 0) && (
                <JsonView
                  label="error data"
                  value={{ data: report.error.data, sub_errors: report.error.sub_errors }}
                />
              )}
            </section>
          )}
          {task.value === 'finished' && (
            <section class="card" aria-labelledby="result-title">
              <h2 id="result-title">Result</h2>
              <JsonView label="result" value={report.result} />
            </section>
          )}
          {Object.keys(task.progress).length > 0 && (
            <section class="card" aria-labelledby="progress-title">
              <h2 id="progress-title">
                Progress {isFar && <ProgressText progress={task.progress} />}
              </h2>
              <JsonView label="progress" value={task.progress} />
            </section>
          )}
          <section class="card" aria-labelledby="args-title">
            <h2 id="args-title">Arguments</h2>
            <JsonView label="arguments" value={answer.args} />
          </section>
          <TaskHistory history={history} />
          <details class="card">
            <summary>
              <h2>Call report</h2>
              <span class="faint">as the REST interface gives it</span>
            </summary>
            <JsonView label="call report" value={report as unknown as Json} />
          </details>
        </div>
        <aside class="column side" aria-label="Facts">
          <TaskFacts answer={answer} />
          <TaskRelations answer={answer} />
        </aside>
      </div>
    </div>
  )
}

function TaskHead({ answer }: { answer: TaskAnswer }) {
  const { task } = answer
  const groupId = task.group_id
  return (
    <header class="view-head">
      <nav class="crumbs" aria-label="Breadcrumb">
        <a href={hrefs.groups}>Groups</a>
        <Sign name="right" />
        {groupId !== null && (
          <>
            <a href={hrefs.group(groupId)} class="id">
              …{groupId.slice(-8)}
            </a>
            <Sign name="right" />
          </>
        )}
      </nav>
      <div class="title-line">
        <h1>{task.call}</h1>
        <TaskBadge value={task.value} />
        {task.attempt > 1 && <span class="tag">attempt {task.attempt}</span>}
        <span class="spring" />
        <div class="actions">
          {(['suspend', 'resume', 'cancel'] as const)
            .filter(event => answer.next.includes(event))
            .map(event => (
              <EventButton key={event} event={event} task={task} />
            ))}
          {isFinal(task.value) && <span class="faint">This state is final.</span>}
          {task.value === 'running.executing' && !answer.cancellable && (
            <span class="faint">Its call cannot be cancelled while it runs.</span>
          )}
        </div>
      </div>
      <p class="id-line">
        <span class="id">{task.task_id}</span>
        <CopyButton text={task.task_id} label="Copy the id" />
        {answer.children.length > 0 && (
          <span class="faint">{counted(answer.children.length, 'child', 'children')}</span>
        )}
      </p>
    </header>
  )
}

const WORDS = { cancel: 'Cancel', suspend: 'Suspend its group', resume: 'Resume its group' }
const SIGNS = { cancel: 'stop', suspend: 'pause', resume: 'play' } as const

/** Sends an event that the task answers to in its state; suspension is the whole group's. */
function EventButton({ event, task }: { event: PersonEvent; task: TaskRow }) {
  const groupId = task.group_id
  if (event !== 'cancel' && groupId === null) return null
  const send = () => (event === 'cancel' ? cancelTask(task) : changeGroup(groupId as string, event))
  return (
    <button type="button" class={event === 'cancel' ? 'button danger' : 'button'} onClick={send}>
      <Sign name={SIGNS[event]} />
      {WORDS[event]}
    </button>
  )
}
