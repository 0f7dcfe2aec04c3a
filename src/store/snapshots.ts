import { type Kysely, type Selectable, sql } from 'kysely'
import type { SnapshotParts } from '../snapshot/document.ts'
import { joinPieces, PackedPart, packPart, unpackChunk } from './packed-part.ts'
import type { Database, SnapshotsTable } from './schema.ts'

export type StoredSnapshot = {
  asOf: Date
  builtAt: Date
  rulesVersion: string
  coverage: number | null
  isReconstructed: boolean
}
/** `isPartial`: large parts were dropped or never stored. */
export type SnapshotInfo = StoredSnapshot & { isPartial: boolean }

type PartName = keyof SnapshotParts
/** Parts as they are, or packed by whoever made them, when that was sooner. */
export type StorableParts = { [Name in PartName]?: SnapshotParts[Name] | PackedPart }
const fromRow = (row: Selectable<SnapshotsTable>): SnapshotInfo => ({
  asOf: row.as_of,
  builtAt: row.built_at,
  rulesVersion: row.rules_version,
  coverage: row.coverage,
  isReconstructed: row.is_reconstructed,
  isPartial: row.is_stored_partial,
})

export const snapshotsOf = (db: Kysely<Database>) => {
  const all = (id: string) =>
    db.selectFrom('snapshots').selectAll().where('installation_id', '=', id).orderBy('as_of', 'desc')
  const first = async (query: ReturnType<typeof all>): Promise<SnapshotInfo | null> => {
    const row = await query.limit(1).executeTakeFirst()
    return row ? fromRow(row) : null
  }

  /** One part piece by piece, in order. One statement reads it: another one may be put in its place meanwhile. */
  async function* pieces(id: string, asOf: Date, name: string): AsyncGenerator<unknown> {
    const packed = await db
      .selectFrom('snapshot_parts')
      .select('content')
      .where('installation_id', '=', id)
      .where('as_of', '=', asOf)
      .where('part', '=', name)
      .orderBy('chunk')
      .execute()
    for (const { content } of packed) yield unpackChunk(content)
  }

  return {
    /**
     * Stores a snapshot in the place of an earlier one of the same instant, all of it or nothing.
     * Parts are packed before the transaction begins, to keep it short.
     */
    save: async (
      id: string,
      snapshot: StoredSnapshot & { isPartial?: boolean; isFirstLook?: boolean },
      parts: StorableParts,
    ): Promise<void> => {
      const rows: { part: string; chunk: number; content: Buffer }[] = []
      for (const [part, content] of Object.entries(parts)) {
        if (content === undefined) continue
        const { chunks } = content instanceof PackedPart ? content : await packPart(content)
        for (const [chunk, packed] of chunks.entries()) rows.push({ part, chunk, content: packed })
      }
      const { asOf, isPartial = false, isFirstLook = false } = snapshot
      await db.transaction().execute(async trx => {
        await sql`delete from snapshots where installation_id = ${id} and as_of = ${asOf}`.execute(trx)
        await trx
          .insertInto('snapshots')
          .values({
            installation_id: id,
            as_of: asOf,
            built_at: snapshot.builtAt,
            rules_version: snapshot.rulesVersion,
            coverage: snapshot.coverage,
            is_reconstructed: snapshot.isReconstructed,
            is_stored_partial: isPartial,
            is_first_look: isFirstLook,
          })
          .execute()
        for (const row of rows)
          await trx
            .insertInto('snapshot_parts')
            .values({ installation_id: id, as_of: asOf, ...row })
            .execute()
      })
    },

    /** First looks from before everything was read have served their time once a whole snapshot is stored. */
    dropFirstLooks: async (id: string, before: Date): Promise<void> => {
      await db
        .deleteFrom('snapshots')
        .where('installation_id', '=', id)
        .where('is_first_look', '=', true)
        .where('as_of', '<', before)
        .execute()
    },

    /** Newest first. */
    list: async (id: string): Promise<SnapshotInfo[]> => (await all(id).execute()).map(fromRow),

    latest: (id: string): Promise<SnapshotInfo | null> => first(all(id)),

    /** The snapshot of exactly this instant. */
    find: (id: string, asOf: Date): Promise<SnapshotInfo | null> => first(all(id).where('as_of', '=', asOf)),

    atOrBefore: (id: string, asOf: Date): Promise<SnapshotInfo | null> =>
      first(all(id).where('as_of', '<=', asOf)),

    /** @returns null when the snapshot or this part of it is not stored */
    part: async <Name extends PartName>(
      id: string,
      asOf: Date,
      name: Name,
    ): Promise<SnapshotParts[Name] | null> => {
      const found: unknown[] = []
      for await (const piece of pieces(id, asOf, name)) found.push(piece)
      if (found.length === 0) return null
      return joinPieces(found) as SnapshotParts[Name]
    },

    /** Rows of a part that is a list, some thousands at a time. */
    rows: async function* <Name extends PartName>(
      id: string,
      asOf: Date,
      name: Name,
    ): AsyncGenerator<SnapshotParts[Name] extends (infer Row)[] ? Row[] : never> {
      for await (const piece of pieces(id, asOf, name))
        yield piece as SnapshotParts[Name] extends (infer Row)[] ? Row[] : never
    },

    /**
     * Forgets snapshots before `dropBefore`, and of those before `thinBefore` all parts but `keepParts`.
     * @returns how many snapshots were forgotten
     */
    prune: async (
      id: string,
      rule: { dropBefore: Date; thinBefore?: Date; keepParts?: readonly PartName[] },
    ): Promise<number> => {
      const dropped = await db
        .deleteFrom('snapshots')
        .where('installation_id', '=', id)
        .where('as_of', '<', rule.dropBefore)
        .executeTakeFirst()
      if (rule.thinBefore) {
        const { rows } = await sql<{ as_of: Date }>`
          delete from snapshot_parts where installation_id = ${id} and as_of < ${rule.thinBefore}
            and not part = any(${rule.keepParts ?? []}::text[])
          returning as_of`.execute(db)
        const thinned = [...new Set(rows.map(row => row.as_of.toISOString()))]
        await sql`update snapshots set is_stored_partial = true
          where installation_id = ${id} and as_of = any(${thinned}::timestamptz[])`.execute(db)
      }
      return Number(dropped.numDeletedRows)
    },
  }
}
