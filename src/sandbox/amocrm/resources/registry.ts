import { accountRoutes } from './account.ts'
import { eventRoutes } from './events.ts'
import { invoiceRoutes } from './invoices.ts'
import { dictionaryRoutes } from './lead-dictionaries.ts'
import { leadRoutes } from './leads.ts'
import { noteRoutes } from './notes.ts'
import { personRoutes } from './persons.ts'
import type { Route } from './resource.ts'
import { taskRoutes } from './tasks.ts'
import { webhookRoutes } from './webhooks.ts'

const routes: readonly Route[] = [
  ...accountRoutes,
  ...dictionaryRoutes,
  ...noteRoutes,
  ...leadRoutes,
  ...eventRoutes,
  ...taskRoutes,
  ...webhookRoutes,
  ...invoiceRoutes,
  ...personRoutes,
]

export type Found = { route: Route; params: string[] } | 'wrong_method' | null

export const findRoute = (method: string, path: string): Found => {
  let isKnown = false
  for (const route of routes) {
    const match = route.path.exec(path)
    if (!match) continue
    if (route.method === method) return { route, params: match.slice(1) }
    isKnown = true
  }
  return isKnown ? 'wrong_method' : null
}
