import { type Kysely, sql } from 'kysely'
import type { Pool } from 'pg'
import type { Database } from '../schema.ts'
import { epoch, packed, readPacked } from './packed.ts'

/** One row of the `moves` export; without `from…` it is the first that is known of the deal. */
export type MoveRow = {
  dealId: string
  fromPipelineId: string | null
  fromStageId: string | null
  toPipelineId: string
  toStageId: string
  at: Date
  /** Who answers for the deal now. */
  responsibleId: string | null
  movedBy: string | null
}

const BATCH = 2000
const COLUMNS = packed([
  'move.deal_id',
  'move.pipeline_id',
  'move.stage_id',
  epoch('move.at'),
  'deal.responsible_id',
  'move.moved_by',
])

/** Moves of existing deals, by deal, instant and order key. */
export const movesOf = (db: Kysely<Database>, pool: Pool) =>
  /** @param asOf leaves out what happened later */
  async function* moves(id: string, asOf?: Date): AsyncGenerator<MoveRow> {
    let after = ''
    for (;;) {
      const { rows: bounds } = await sql<{ last: string | null; deals: number }>`
        select max(deal_id) as last, count(*) as deals from (
          select deal_id from deals
          where installation_id = ${id} and deal_id > ${after} order by deal_id limit ${BATCH}) batch
      `.execute(db)
      const { last = null, deals = 0 } = bounds[0] ?? {}
      if (last === null) return
      const rows = await readPacked(
        db,
        pool,
        COLUMNS,
        sql`from stage_moves move
          join deals deal on deal.installation_id = move.installation_id and deal.deal_id = move.deal_id
          where move.installation_id = ${id} and move.deal_id > ${after} and move.deal_id <= ${last}
            and deal.deleted_at is null and move.at <= coalesce(${asOf ?? null}::timestamptz, 'infinity')
          order by move.deal_id, move.at, move.order_key`,
      )
      let before: MoveRow | undefined
      while (rows.next()) {
        const from: MoveRow | undefined = before?.dealId === rows.text(0) ? before : undefined
        before = {
          dealId: rows.text(0),
          fromPipelineId: from?.toPipelineId ?? null,
          fromStageId: from?.toStageId ?? null,
          toPipelineId: rows.text(1),
          toStageId: rows.text(2),
          at: new Date(rows.instant(3)),
          responsibleId: rows.orNull(4),
          movedBy: rows.orNull(5),
        }
        yield before
      }
      if (deals < BATCH) return
      after = last
    }
  }
