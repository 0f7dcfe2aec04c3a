import { activityMethods } from './activities.ts'
import { basicMethods } from './basic.ts'
import { bindingMethods } from './bindings.ts'
import { dictionaryMethods } from './dictionary-methods.ts'
import { itemMethods } from './items.ts'
import { legacyDealMethods } from './legacy-deals.ts'
import type { Method, Methods } from './method.ts'
import { notificationMethods } from './notifications.ts'
import { peopleMethods } from './people.ts'
import { stageHistoryMethods } from './stage-history.ts'
import { taskMethods } from './tasks.ts'

const methods: Methods = {
  ...basicMethods(({ portal, installed }, name) => {
    const method = methods[name.toLowerCase()]
    const exists = method !== undefined && !portal.temper.missingMethods.includes(name.toLowerCase())
    return { exists, available: exists && holdsScope(method, installed.scopes) }
  }),
  ...bindingMethods,
  ...peopleMethods,
  ...dictionaryMethods,
  ...itemMethods,
  ...legacyDealMethods,
  ...stageHistoryMethods,
  ...activityMethods,
  ...taskMethods,
  ...notificationMethods,
}

export const holdsScope = (method: Method, scopes: readonly string[]): boolean =>
  method.scopes.length === 0 || method.scopes.some(scope => scopes.includes(scope))

/** A method by its name, whatever the case. */
export const findMethod = (name: string): Method | undefined => methods[name.toLowerCase()]
