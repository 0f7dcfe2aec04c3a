import { randomUUID } from 'node:crypto'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { Clock } from '../clock.ts'
import type { ObjectionFact, PauseFact } from '../records/facts.ts'
import type { AmnestyOutcomesTable, Database, DealPausesTable, FlagObjectionsTable } from './schema.ts'

/** A pause as it was made; who ended it early, if anybody. */
export type PauseRow = {
  pauseId: string
  dealId: string
  madeAt: Date
  madeBy: string
  until: Date
  reason: string
  endedAt: Date | null
  endedBy: string | null
}

export type FlagAnswer = 'normal' | 'stands'

/** An objection to the flag of one stay. A head's own "this is normal" is opened and answered at once. */
export type ObjectionRow = {
  dealId: string
  openedAt: Date
  openedBy: string
  stayFrom: Date
  answeredAt: Date | null
  answeredBy: string | null
  answer: FlagAnswer | null
}

export type OutcomeRow = { dealId: string; outcome: string; chosenBy: string; chosenAt: Date }

const pauseOf = (row: Selectable<DealPausesTable>): PauseRow => ({
  pauseId: row.pause_id,
  dealId: row.deal_id,
  madeAt: row.made_at,
  madeBy: row.made_by,
  until: row.until,
  reason: row.reason,
  endedAt: row.ended_at,
  endedBy: row.ended_by,
})

const objectionOf = (row: Selectable<FlagObjectionsTable>): ObjectionRow => ({
  dealId: row.deal_id,
  openedAt: row.opened_at,
  openedBy: row.opened_by,
  stayFrom: row.stay_from,
  answeredAt: row.answered_at,
  answeredBy: row.answered_by,
  answer: row.answer as FlagAnswer | null,
})

const outcomeOf = (row: Selectable<AmnestyOutcomesTable>): OutcomeRow => ({
  dealId: row.deal_id,
  outcome: row.outcome,
  chosenBy: row.chosen_by,
  chosenAt: row.chosen_at,
})

/** What people say about deals. Rules (how many, how long, who may) are the callers'; races are settled here. */
export const dealMarksOf = (db: Kysely<Database>, clock: Clock) => ({
  /**
   * Pauses a deal that is not paused now and has pauses left.
   * @returns null when it is paused already or has had `most`
   */
  pause: async (
    id: string,
    of: { dealId: string; until: Date; reason: string; madeBy: string },
    most: number,
  ): Promise<PauseRow | null> => {
    const now = clock.now()
    const { rows } = await sql<Selectable<DealPausesTable>>`
      insert into deal_pauses (installation_id, deal_id, ordinal, pause_id, made_at, made_by, until, reason)
      select ${id}, ${of.dealId}, had.count + 1, ${randomUUID()}, ${now}, ${of.madeBy}, ${of.until}, ${of.reason}
      from (select count(*)::int as count from deal_pauses
            where installation_id = ${id} and deal_id = ${of.dealId}) had
      where had.count < ${most} and not exists (
        select 1 from deal_pauses where installation_id = ${id} and deal_id = ${of.dealId}
          and until > ${now} and ended_at is null)
      on conflict do nothing
      returning *`.execute(db)
    return rows[0] ? pauseOf(rows[0]) : null
  },

  /** @returns null when there is no such pause still running */
  endPause: async (id: string, pauseId: string, endedBy: string): Promise<PauseRow | null> => {
    const now = clock.now()
    const row = await db
      .updateTable('deal_pauses')
      .set({ ended_at: now, ended_by: endedBy })
      .where('installation_id', '=', id)
      .where('pause_id', '=', pauseId)
      .where('ended_at', 'is', null)
      .where('until', '>', now)
      .returningAll()
      .executeTakeFirst()
    return row ? pauseOf(row) : null
  },

  findPause: async (id: string, pauseId: string): Promise<PauseRow | null> => {
    const row = await db
      .selectFrom('deal_pauses')
      .selectAll()
      .where('installation_id', '=', id)
      .where('pause_id', '=', pauseId)
      .executeTakeFirst()
    return row ? pauseOf(row) : null
  },

  /** @returns false when the flag of this stay has been objected to before */
  object: async (
    id: string,
    of: { dealId: string; stayFrom: Date; openedBy: string; answer?: FlagAnswer },
  ): Promise<boolean> => {
    const now = clock.now()
    const answered = of.answer === undefined ? null : now
    const done = await db
      .insertInto('flag_objections')
      .values({
        installation_id: id,
        deal_id: of.dealId,
        opened_at: now,
        opened_by: of.openedBy,
        stay_from: of.stayFrom,
        answered_at: answered,
        answered_by: answered === null ? null : of.openedBy,
        answer: of.answer ?? null,
      })
      .onConflict(conflict => conflict.doNothing())
      .executeTakeFirst()
    return Number(done.numInsertedOrUpdatedRows ?? 0) > 0
  },

  /** @returns false when no objection to the flag of this stay waits for an answer */
  answerObjection: async (
    id: string,
    of: { dealId: string; stayFrom: Date; answeredBy: string; answer: FlagAnswer },
  ): Promise<boolean> => {
    const done = await db
      .updateTable('flag_objections')
      .set({ answered_at: clock.now(), answered_by: of.answeredBy, answer: of.answer })
      .where('installation_id', '=', id)
      .where('deal_id', '=', of.dealId)
      .where('stay_from', '=', of.stayFrom)
      .where('answered_at', 'is', null)
      .executeTakeFirst()
    return Number(done.numUpdatedRows) > 0
  },

  /** All pauses and objections, or those of some deals, oldest first. */
  ofDeals: (id: string, dealIds?: readonly string[]) => readMarks(db, id, dealIds),

  /** What was decided about red deals in the first two weeks; the last word counts. */
  choose: async (
    id: string,
    of: { dealIds: readonly string[]; outcome: string; chosenBy: string },
  ): Promise<void> => {
    if (of.dealIds.length === 0) return
    const chosen = { outcome: of.outcome, chosen_by: of.chosenBy, chosen_at: clock.now() }
    await db
      .insertInto('amnesty_outcomes')
      .values(of.dealIds.map(dealId => ({ installation_id: id, deal_id: dealId, ...chosen })))
      .onConflict(conflict => conflict.columns(['installation_id', 'deal_id']).doUpdateSet(chosen))
      .execute()
  },

  outcomes: async (id: string): Promise<OutcomeRow[]> => {
    const rows = await db
      .selectFrom('amnesty_outcomes')
      .selectAll()
      .where('installation_id', '=', id)
      .orderBy('deal_id')
      .execute()
    return rows.map(outcomeOf)
  },
})

/** Pauses and objections, oldest first within a deal. They are few: people make them by hand. */
export const readMarks = async (
  db: Kysely<Database>,
  id: string,
  dealIds?: readonly string[],
): Promise<{ pauses: PauseRow[]; objections: ObjectionRow[] }> => {
  const chosen = dealIds ? sql`and deal_id = any(${dealIds}::text[])` : sql``
  const [pauses, objections] = await Promise.all([
    sql<Selectable<DealPausesTable>>`select * from deal_pauses
      where installation_id = ${id} ${chosen} order by deal_id, ordinal`.execute(db),
    sql<Selectable<FlagObjectionsTable>>`select * from flag_objections
      where installation_id = ${id} ${chosen} order by deal_id, opened_at`.execute(db),
  ])
  return { pauses: pauses.rows.map(pauseOf), objections: objections.rows.map(objectionOf) }
}

/** What people said about one deal's flags. */
export type MarkFacts = { pauses: PauseFact[]; objections: ObjectionFact[] }

/** The marks as facts of deals, for those that have any. */
export const markFactsOf = (marks: {
  pauses: readonly PauseRow[]
  objections: readonly ObjectionRow[]
}): Map<string, MarkFacts> => {
  const byDeal = new Map<string, MarkFacts>()
  const of = (dealId: string) => {
    let own = byDeal.get(dealId)
    if (own === undefined) {
      own = { pauses: [], objections: [] }
      byDeal.set(dealId, own)
    }
    return own
  }
  for (const { dealId, madeAt, until, endedAt } of marks.pauses)
    of(dealId).pauses.push({
      madeAt: madeAt.getTime(),
      until: until.getTime(),
      endedAt: endedAt?.getTime() ?? null,
    })
  for (const { dealId, openedAt, answeredAt, answer } of marks.objections)
    of(dealId).objections.push({
      openedAt: openedAt.getTime(),
      answeredAt: answeredAt?.getTime() ?? null,
      answer,
    })
  return byDeal
}
