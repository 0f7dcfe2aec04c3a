import type { App, TokenServer } from '../oauth/token-server.ts'
import type { Params } from '../rest/params.ts'
import type { Acts } from '../state/acts.ts'
import type { Installed, Portal } from '../state/portal.ts'
import type { UserRow } from '../state/rows.ts'

/** Everything a method may look at. */
export type Call = {
  method: string
  params: Params
  portal: Portal
  acts: Acts
  user: UserRow
  app: App
  installed: Installed
  tokens: TokenServer
  /** Sends an event to the application itself, e.g. ONAPPTEST. */
  tellApp(event: string, data: Record<string, unknown>): void
}

export type Answer = { result: unknown; total?: number; next?: number }

export type Method = {
  /** Scopes, one of which the application must hold; empty = basic. */
  scopes: readonly string[]
  /** Only an administrator's token may call it. */
  needsAdmin?: true
  run(call: Call): Answer
}

export type Methods = Record<string, Method>
