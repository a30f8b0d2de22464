// The call that every figure of ours is measured with, which does nothing, and requests for it.
import { defineCall, type ResourceUse, Type } from '../../server/index.ts'
import { FILLER, tagOf } from './payload.ts'

export const nothing = defineCall({
  name: 'nothing',
  args: Type.Object({ filler: Type.String() }),
  run: () => null,
})

/** Request `nth`, with a tag and a resource of its own unless `resourceId` names one that it shares. */
export function request(nth: number, resourceId = `${nth}`) {
  return {
    call: nothing,
    args: { filler: FILLER },
    tags: [tagOf(nth)],
    resources: [use(resourceId)],
  }
}

/** An exclusive use of a repository. */
export function use(resourceId: string): ResourceUse {
  return { resource_type: 'repository', resource_id: resourceId, operation: 'update' }
}
