import type { Kysely } from 'kysely'
import type { Database } from './schema.ts'

export type DealTitle = { title: string; amount: number | null; currency: string | null }

/** How deals are called and what they are worth now; a deal that the CRM no longer has is left out. */
export const dealTitlesOf =
  (db: Kysely<Database>) =>
  async (id: string, dealIds: readonly string[]): Promise<Map<string, DealTitle>> => {
    if (dealIds.length === 0) return new Map()
    const rows = await db
      .selectFrom('deals')
      .select(['deal_id', 'title', 'amount', 'currency'])
      .where('installation_id', '=', id)
      .where('deal_id', 'in', [...dealIds])
      .where('deleted_at', 'is', null)
      .execute()
    return new Map(rows.map(({ deal_id, title, amount, currency }) => [deal_id, { title, amount, currency }]))
  }
