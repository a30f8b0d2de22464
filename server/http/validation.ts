// What a request's part has to fit, and the sentence for one that does not.
import { BadRequestError } from '../errors.ts'
import { Compile, type TSchema, type Validator } from '../typebox.ts'

/** Makes the check of one part of a request: its body, query, or parameters. */
export function validatorOf(schema: TSchema, httpPart = 'request') {
  const part = httpPart === 'querystring' ? 'query' : httpPart
  let validator: Validator | null = null
  return (value: unknown): { value: unknown } | { error: Error } => {
    validator ??= compiled(schema)
    if (validator.Check(value)) return { value }
    const [, found] = validator.Errors(value)
    const said = found.flatMap(each => sentence(each, part))
    return { error: new BadRequestError(said.slice(0, 5).join('; '), { data: { errors: said } }) }
  }
}

const validators = new WeakMap<TSchema, Validator>()

/** Compiled when the first request needs it: at the start that would take longer than all else. */
function compiled(schema: TSchema): Validator {
  const known = validators.get(schema)
  if (known !== undefined) return known
  const validator = Compile(schema)
  validators.set(schema, validator)
  return validator
}

interface SchemaError {
  keyword: string
  instancePath: string
  message: string
  params: object
}

/** How many names are listed. */
const NAMES_MAX = 10

function sentence({ keyword, instancePath, message, params }: SchemaError, part: string): string[] {
  const place = `${part}${instancePath}`
  switch (keyword) {
    // These repeat what the errors beside them say.
    case 'boolean':
    case 'anyOf':
      return []
    case 'additionalProperties': {
      const { additionalProperties: names } = params as { additionalProperties: string[] }
      const listed = names.slice(0, NAMES_MAX).map(name => JSON.stringify(name))
      return [`${place} has no field ${listed.join(', ')}`]
    }
    case 'enum': {
      const { allowedValues } = params as { allowedValues: string[] }
      return [`${place} must be one of ${allowedValues.join(', ')}`]
    }
    default:
      return [`${place} ${message}`]
  }
}
