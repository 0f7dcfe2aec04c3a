import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema.ts'

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

/** Moves of existing deals, by deal, instant and order key. */
export const movesOf = (db: Kysely<Database>) =>
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
      const { rows } = await sql<MoveRow>`
        select move.deal_id as "dealId",
          lag(move.pipeline_id) over sequence as "fromPipelineId",
          lag(move.stage_id) over sequence as "fromStageId",
          move.pipeline_id as "toPipelineId", move.stage_id as "toStageId", move.at,
          deal.responsible_id as "responsibleId", move.moved_by as "movedBy"
        from stage_moves move
        join deals deal on deal.installation_id = move.installation_id and deal.deal_id = move.deal_id
        where move.installation_id = ${id} and move.deal_id > ${after} and move.deal_id <= ${last}
          and deal.deleted_at is null and move.at <= coalesce(${asOf ?? null}::timestamptz, 'infinity')
        window sequence as (partition by move.deal_id order by move.at, move.order_key)
        order by move.deal_id, move.at, move.order_key`.execute(db)
      yield* rows
      if (deals < BATCH) return
      after = last
    }
  }
