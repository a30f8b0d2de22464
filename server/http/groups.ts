// /task_groups/: submit, list, poll, sum up, cancel, add to, suspend, resume, close.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { canonicalId } from '../../machines/index.ts'
import type { CallRequest } from '../calls.ts'
import type { RenderedGroup } from '../rendered.ts'
import type { TaskQuery } from '../store/store.ts'
import type { GroupRequest } from '../submitter.ts'
import { sendAnswer, sendJson, sendRendered, whenThere } from './answer.ts'
import { answersNotModified, tagOf } from './etag.ts'
import { type Polled, polled } from './long-poll.ts'
import { linkPages, type Page } from './pages.ts'
import { type RestApp, type RestParts, UUID } from './rest-app.ts'
import * as schemas from './schemas.ts'
import { sendList } from './stream.ts'
import { idempotencyOfRequest } from './submissions.ts'

export function groupRoutes(app: RestApp, parts: RestParts): void {
  const { rollcall, submissions, groupBodyLimit } = parts

  app.get(
    '/task_groups/',
    {
      schema: {
        summary: 'Groups with an unfinished task',
        response: { 200: schemas.GroupLinks, ...schemas.errors },
      },
    },
    async (request, reply) => {
      const rev = await rollcall.rev()
      if (answersNotModified(request, reply, tagOf(request, rev))) return reply
      const groups = await rollcall.store.activeGroups()
      const links = groups.map(({ groupId }) => ({
        task_group_id: groupId,
        _href: rollcall.hrefs.group(groupId),
      }))
      return sendList(reply, links)
    },
  )

  app.post(
    '/task_groups/',
    {
      bodyLimit: groupBodyLimit,
      schema: {
        summary: 'Submit a group of tasks, whole or not at all',
        body: schemas.GroupSubmission,
        response: { 202: schemas.AcceptedGroup, ...schemas.errors },
      },
    },
    async (request, reply) =>
      sendAnswer(reply, await submissions.group(request, request.body as GroupRequest)),
  )

  app.post(
    `/task_groups/:group_id${UUID}/tasks/`,
    {
      bodyLimit: groupBodyLimit,
      schema: {
        summary: 'Add tasks to an open group',
        params: schemas.GroupParams,
        body: schemas.GroupAddition,
        response: { 202: schemas.AcceptedGroup, ...schemas.errors },
      },
    },
    async (request, reply) => {
      const groupId = canonicalId(request.params.group_id)
      const calls = request.body.calls as CallRequest[]
      return sendAnswer(reply, await submissions.addition(request, groupId, calls))
    },
  )

  app.delete(
    `/task_groups/:group_id${UUID}/`,
    {
      schema: {
        summary: 'Cancel the unfinished tasks of a group',
        params: schemas.GroupParams,
        response: { 200: schemas.Nothing, ...schemas.errors },
      },
    },
    async (request, reply) => {
      await rollcall.cancelGroup(canonicalId(request.params.group_id))
      return sendJson(reply, null)
    },
  )

  for (const action of ['suspend', 'resume', 'close'] as const) {
    app.post(
      `/task_groups/:group_id${UUID}/actions/${action}/`,
      {
        schema: {
          summary: `${action[0]?.toUpperCase()}${action.slice(1)} a group`,
          params: schemas.GroupParams,
          body: schemas.NoBody,
          response: { 200: schemas.Nothing, ...schemas.errors },
        },
      },
      async (request, reply) => {
        const idempotency = idempotencyOfRequest(request)
        await rollcall.changeGroup(canonicalId(request.params.group_id), action, {
          ...(idempotency && { idempotency }),
        })
        return sendJson(reply, null)
      },
    )
  }

  groupPolls(app, parts)
}

function groupPolls(app: RestApp, parts: RestParts): void {
  const { rollcall } = parts
  const polledAs = (
    groupId: string,
    version: Polled<RenderedGroup>['version'],
  ): Polled<RenderedGroup> => ({
    read: () => rollcall.rendered.group(groupId),
    version,
    ended: ({ hasEnded }) => hasEnded,
    concerns: ({ groups }) => groups.has(groupId),
  })

  async function sendPage(
    request: FastifyRequest,
    reply: FastifyReply,
    query: TaskQuery,
    page: Page,
  ): Promise<FastifyReply> {
    if (page.limit !== undefined) {
      linkPages(request, reply, page, await rollcall.store.count(query))
    }
    return sendList(reply, rollcall.reports({ ...query, ...page }))
  }

  app.get(
    `/task_groups/:group_id${UUID}/`,
    {
      schema: {
        summary: 'The tasks of a group, in submission order',
        params: schemas.GroupParams,
        querystring: schemas.GroupQuery,
        response: { 200: schemas.CallReports, ...schemas.errors },
      },
    },
    (request, reply) => {
      const groupId = canonicalId(request.params.group_id)
      const version = ({ rev }: RenderedGroup) => rev
      const group = polled(parts, request, reply, polledAs(groupId, version))
      return whenThere(group, ({ rev }) => {
        if (answersNotModified(request, reply, tagOf(request, rev))) return reply
        const { state, ...page } = request.query
        const query: TaskQuery = { groupId, ...(state && { states: state }) }
        if (Object.keys(request.query).length > 0) return sendPage(request, reply, query, page)
        return whenThere(rollcall.rendered.list(groupId), ({ body }) =>
          body === null ? sendPage(request, reply, query, {}) : sendRendered(reply, body),
        )
      })
    },
  )

  for (const spelling of ['state_summary', 'state-summary']) {
    app.get(
      `/task_groups/:group_id${UUID}/${spelling}/`,
      {
        schema: {
          summary: 'How many tasks of a group are in each state',
          params: schemas.GroupParams,
          response: { 200: schemas.StateSummary, ...schemas.errors },
        },
      },
      (request, reply) => {
        const groupId = canonicalId(request.params.group_id)
        // By its counts: the progress of a task changes the group, and not its summary.
        const version = ({ countsVersion }: RenderedGroup) => countsVersion
        const group = polled(parts, request, reply, polledAs(groupId, version))
        return whenThere(group, ({ countsVersion, summaryJson }) => {
          if (answersNotModified(request, reply, tagOf(request, countsVersion))) return reply
          return sendRendered(reply, summaryJson)
        })
      },
    )
  }
}
