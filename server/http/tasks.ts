// /tasks/: submit, list, look at, cancel, purge.
import { canonicalId } from '../../machines/index.ts'
import type { CallRequest } from '../calls.ts'
import { UnboundedPurgeError } from '../errors.ts'
import type { TaskQuery } from '../store/store.ts'
import { sendAnswer, sendJson, sendRendered, whenThere } from './answer.ts'
import { answersNotModified, tagOf } from './etag.ts'
import { polled } from './long-poll.ts'
import { linkPages } from './pages.ts'
import { type RestApp, type RestParts, UUID } from './rest-app.ts'
import * as schemas from './schemas.ts'
import { sendList } from './stream.ts'

export function taskRoutes(app: RestApp, parts: RestParts): void {
  const { rollcall, submissions } = parts

  app.get(
    '/tasks/',
    {
      schema: {
        summary: 'Unfinished tasks, oldest first',
        querystring: schemas.TasksQuery,
        response: { 200: schemas.CallReports, ...schemas.errors },
      },
    },
    async (request, reply) => {
      const { tag, id, ...page } = request.query
      const query: TaskQuery = {
        states: 'unfinished',
        ...(tag && { tags: tag }),
        ...(id && { taskIds: id.map(canonicalId) }),
      }
      await rollcall.ready()
      const rev = await rollcall.rev()
      if (answersNotModified(request, reply, tagOf(request, rev))) return reply
      if (page.limit !== undefined) {
        linkPages(request, reply, page, await rollcall.store.count(query))
      }
      return sendList(reply, rollcall.reports({ ...query, ...page }))
    },
  )

  app.post(
    '/tasks/',
    {
      schema: {
        summary: 'Submit a task',
        body: schemas.TaskSubmission,
        response: {
          200: schemas.Result,
          201: schemas.Result,
          202: schemas.AcceptedTask,
          ...schemas.errors,
        },
      },
    },
    (request, reply) =>
      whenThere(submissions.task(request, reply, request.body as CallRequest), answer =>
        sendAnswer(reply, answer),
      ),
  )

  app.delete(
    '/tasks/',
    {
      schema: {
        summary: 'Delete the reports of tasks that have ended',
        querystring: schemas.PurgeQuery,
        response: { 204: schemas.Nothing, ...schemas.errors },
      },
    },
    async (request, reply) => {
      const { state } = request.query
      if (state === undefined) throw new UnboundedPurgeError()
      await rollcall.purge([...new Set(state)])
      return reply.code(204).send()
    },
  )

  app.get(
    `/tasks/:task_id${UUID}/`,
    {
      schema: {
        summary: 'A task, also one that has ended',
        params: schemas.TaskParams,
        response: { 200: schemas.CallReport, ...schemas.errors },
      },
    },
    (request, reply) => {
      const taskId = canonicalId(request.params.task_id)
      const shown = polled(parts, request, reply, {
        read: () => rollcall.rendered.task(taskId),
        version: ({ rev }) => rev,
        ended: ({ hasEnded }) => hasEnded,
        concerns: ({ tasks }) => tasks.has(taskId),
      })
      return whenThere(shown, ({ rev, json }) => {
        if (answersNotModified(request, reply, tagOf(request, rev))) return reply
        return sendRendered(reply, json)
      })
    },
  )

  app.delete(
    `/tasks/:task_id${UUID}/`,
    {
      schema: {
        summary: 'Cancel a task',
        params: schemas.TaskParams,
        response: { 200: schemas.Nothing, ...schemas.errors },
      },
    },
    async (request, reply) => {
      await rollcall.cancel(canonicalId(request.params.task_id))
      return sendJson(reply, null)
    },
  )
}
