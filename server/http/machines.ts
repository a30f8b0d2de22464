// /machines/: the statecharts, as JSON for tools and as Mermaid for people.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { NotFoundError } from '../errors.ts'
import {
  configOf,
  descriptionOf,
  diagramOf,
  diagramsAsMarkdown,
  FORMATS,
  type Format,
  isMachineName,
  MACHINE_NAMES,
} from '../machines/catalogue.ts'
import { type Static, type TSchema, Type } from '../typebox.ts'
import { preferred } from './accept.ts'
import { sendJson } from './answer.ts'
import { answersNotModified, tagOf } from './etag.ts'
import type { RestApp } from './rest-app.ts'
import * as schemas from './schemas.ts'

/** As IANA has it, and as many write it. */
const MERMAID_TYPES = ['application/vnd.mermaid', 'text/vnd.mermaid']

/** Media types of each format; browsers show plain text. */
const TYPES: Record<Format, string[]> = {
  json: ['application/json'],
  mermaid: ['text/plain', ...MERMAID_TYPES],
}

const MachinesQuery = Type.Object(
  {
    format: Type.Optional(Type.Enum([...FORMATS], { description: 'Beats the Accept header' })),
  },
  { additionalProperties: false },
)
const MachineParams = Type.Object({ name: Type.String({ description: 'task or group' }) })
/** A config of XState: https://stately.ai/docs/machines */
const MachineConfig = Type.Object({ id: Type.String() }, { additionalProperties: true })
const MachineList = Type.Array(
  Type.Object({
    name: Type.String(),
    description: Type.String(),
    _href: Type.String(),
    config: MachineConfig,
  }),
)

const answerOf = (schema: TSchema) => ({
  description: 'Chosen by `format` or the Accept header',
  content: {
    'application/json': { schema },
    'text/plain': { schema: Type.String() },
    'application/vnd.mermaid': { schema: Type.String() },
  },
})

export function machineRoutes(app: RestApp): void {
  const schema = { querystring: MachinesQuery }

  app.get(
    '/machines/',
    {
      schema: {
        ...schema,
        summary: 'The statecharts of tasks and groups',
        response: { 200: answerOf(MachineList), ...schemas.errors },
      },
    },
    async (request, reply) => {
      const listed = () =>
        MACHINE_NAMES.map(name => ({
          name,
          description: descriptionOf(name),
          _href: `${app.prefix}/machines/${name}/`,
          config: configOf(name),
        }))
      return answer(request, reply, { json: listed, mermaid: diagramsAsMarkdown })
    },
  )

  app.get(
    '/machines/:name/',
    {
      schema: {
        ...schema,
        summary: 'One statechart: a config for createMachine, or a Mermaid state diagram',
        params: MachineParams,
        response: { 200: answerOf(MachineConfig), ...schemas.errors },
      },
    },
    async (request, reply) => {
      const { name } = request.params
      if (!isMachineName(name)) {
        throw new NotFoundError(
          `no machine has the name ${JSON.stringify(name)}; there are ${MACHINE_NAMES.join(' and ')}`,
        )
      }
      return answer(request, reply, { json: () => configOf(name), mermaid: () => diagramOf(name) })
    },
  )
}

interface Content {
  json: () => object
  mermaid: () => string
}

type Request = FastifyRequest<{ Querystring: Static<typeof MachinesQuery> }>

function answer(request: Request, reply: FastifyReply, content: Content): FastifyReply {
  const { format, type } = wanted(request)
  reply.header('vary', 'accept')
  // The machines of a process never change.
  if (answersNotModified(request, reply, tagOf(request, type))) return reply
  if (format === 'json') return sendJson(reply, content.json())
  return reply.type(`${type}; charset=utf-8`).send(content.mermaid())
}

function wanted({ query, headers }: Request): { format: Format; type: string } {
  const formats = query.format === undefined ? FORMATS : [query.format]
  const type = preferred(
    headers.accept,
    formats.flatMap(format => TYPES[format]),
  )
  return { format: TYPES.json.includes(type) ? 'json' : 'mermaid', type }
}
