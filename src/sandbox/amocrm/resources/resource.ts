import type { Account } from '../account/account.ts'
import type { Actor, Acts } from '../account/acts.ts'
import type { UserRow } from '../account/rows.ts'
import type { Answer, ListCache } from '../rest/listing.ts'
import type { Query } from '../rest/query.ts'

/** One authorised request to one resource. */
export type Call = {
  account: Account
  acts: Acts
  lists: ListCache
  /** Whose rights the request runs with. */
  user: UserRow
  /** An administrator's grant sees everything, whatever became of the administrator. */
  isAdmin: boolean
  /** Who will have done it. */
  actor: Actor
  clientId: string
  /** Path after `/api/v4/`, and its variable parts. */
  path: string
  params: readonly string[]
  query: Query
  body: unknown
}

export type Route = {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: RegExp
  needsAdmin?: boolean
  run(call: Call): Answer
}

/** Leads this caller may see; null = everybody's. */
export const visibleTo = ({ account, user, isAdmin }: Call): Set<number> | null =>
  isAdmin ? null : account.visibleUsers(user)

/** Lays a test's disguise over a row. */
export const disguised = (row: object, disguise: Record<string, unknown> | undefined): object =>
  disguise ? { ...row, ...disguise } : row

export const ok = (body: unknown): Answer => ({ status: 200, body })
