import { sql } from 'kysely'
import type { StageMove } from '../../records/records.ts'
import type { TableSpec } from './upsert.ts'

/**
 * What is stated beats what is inferred; of two inferences the one with earlier evidence stands, within one
 * instant the one that the vendor orders first.
 */
const keepsOld = sql`(raw.evidence_at is not null and old.move_id is not null
  and (old.evidence_at is null
    or (old.evidence_at, old.order_key) <= (raw.evidence_at, raw.order_key collate "C")))`
const oldOrRaw = (name: string) =>
  sql`case when ${keepsOld} then old.${sql.ref(name)} else raw.${sql.ref(name)} end`

/** Moves are append-only: a portal that forgets its history does not make us forget it. */
export const stageMovesSpec: TableSpec<StageMove> = {
  table: 'stage_moves',
  key: 'move_id',
  dealIds: 'array[i.deal_id]',
  keepsDeleted: false,
  columns: [
    { name: 'move_id', type: 'text', of: move => move.id },
    { name: 'deal_id', type: 'text', of: move => move.dealId },
    { name: 'at', type: 'timestamptz', of: move => move.at },
    { name: 'order_key', type: 'text', of: move => move.orderKey },
    { name: 'kind', type: 'text', of: move => move.kind },
    { name: 'pipeline_id', type: 'text', of: move => move.pipelineId },
    { name: 'stage_id', type: 'text', of: move => move.stageId },
    { name: 'outcome', type: 'text', of: move => move.outcome },
    { name: 'moved_by', type: 'text', of: move => move.movedBy },
    { name: 'actor_class', type: 'text', of: move => move.actorClass },
    { name: 'evidence_at', type: 'timestamptz', of: move => move.evidenceAt ?? null },
  ],
  merged: () => ({
    order_key: oldOrRaw('order_key'),
    pipeline_id: oldOrRaw('pipeline_id'),
    stage_id: oldOrRaw('stage_id'),
    outcome: oldOrRaw('outcome'),
    evidence_at: oldOrRaw('evidence_at'),
    // A move that tells a deal's first stage says that the creation was no later, not when it was.
    at: sql`case when raw.evidence_at is null then raw.at else least(old.at, raw.at) end`,
    moved_by: sql`case when raw.actor_class = 'unknown' and old.actor_class <> 'unknown'
      then old.moved_by else raw.moved_by end`,
    actor_class: sql`case when raw.actor_class = 'unknown' then coalesce(old.actor_class, 'unknown')
      else raw.actor_class end`,
  }),
}

const isWeaker = (move: StageMove, than: StageMove): boolean => {
  if (move.evidenceAt === undefined) return false
  if (than.evidenceAt === undefined) return true
  const later = move.evidenceAt.getTime() - than.evidenceAt.getTime()
  return later > 0 || (later === 0 && than.orderKey <= move.orderKey)
}

/** Two rows of one move inside a page, by the same rules as between a page and what is stored. */
export const mergeMoves = (first: StageMove, second: StageMove): StageMove => {
  const place = isWeaker(second, first) ? first : second
  const actor = second.actorClass === 'unknown' ? first : second
  const at = second.evidenceAt !== undefined && first.at < second.at ? first.at : second.at
  return { ...place, at, movedBy: actor.movedBy, actorClass: actor.actorClass }
}
