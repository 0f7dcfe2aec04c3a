import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AppError, isVendorError } from '../../src/errors.ts'
import { emptyRecordSet, type RecordKind, type RecordSet, type StageMove } from '../../src/records/records.ts'
import { mergeMoves } from '../../src/store/pages/stage-moves.ts'
import type { Cursor, InboundRequest, Page, Portal, Vendor } from '../../src/vendors/vendor.ts'

/**
 * What the rest of the product relies on, whichever CRM is behind the port. A vendor runs it against a CRM
 * that it did not write: `open` starts one, fills it and connects to it.
 */
export type VendorWorld = {
  vendor: Vendor
  connect(): Portal
  /** What the CRM holds now, by its own account; kinds that it does not have are left out. */
  held(): Partial<Record<RecordKind, string[]>>
  /** Each stage move as `deal stage instant`, sorted, by the CRM's own account. */
  moves(): string[]
  /** A fresh, genuine installation request. */
  installRequest(): InboundRequest
  /** Changes the title of a deal and returns its id. */
  touchDeal(): { id: string; title: string }
  /** Removes a deal without telling anybody. */
  loseDeal(): string
  /** From now on some answers fail, are cut or come late, and tokens run out; null where it cannot. */
  disturb: (() => void) | null
  calm(): void
  close(): Promise<void>
}

const KEY_OF_KIND = {
  deal: 'deals',
  stageMove: 'stageMoves',
  activity: 'activities',
  task: 'tasks',
  invoice: 'invoices',
} as const satisfies Record<RecordKind, keyof RecordSet>

const collect = (into: RecordSet, page: Page): void => {
  for (const key of Object.keys(into) as (keyof RecordSet)[])
    (into[key] as unknown[]).push(...page.records[key])
}

const drain = async (pages: AsyncGenerator<Page, { cursor: Cursor }>, into: RecordSet): Promise<Cursor> => {
  for (;;) {
    const next = await pages.next()
    if (next.done) return next.value.cursor
    collect(into, next.value)
  }
}

const readEverything = async (vendor: Vendor, portal: Portal) => {
  const records = emptyRecordSet()
  const cursors = new Map<string, Cursor>()
  for (const { name } of vendor.feeds) cursors.set(name, await drain(portal.backfill(name, null), records))
  return { records, cursors }
}

const idsOf = (records: RecordSet, kind: RecordKind): string[] =>
  [...new Set(records[KEY_OF_KIND[kind]].map(({ id }) => id))].toSorted()

/** As they are kept: what is told twice, or inferred better from another row, is one move. */
const kept = (moves: readonly StageMove[]): StageMove[] => {
  const byId = new Map<string, StageMove>()
  for (const move of moves) {
    const earlier = byId.get(move.id)
    byId.set(move.id, earlier ? mergeMoves(earlier, move) : move)
  }
  return [...byId.values()]
}

const movesOf = (records: RecordSet): string[] =>
  kept(records.stageMoves)
    .map(({ dealId, stageId, at }) => `${dealId} ${stageId} ${at.toISOString()}`)
    .toSorted()

export const vendorContract = (name: string, open: () => Promise<VendorWorld>): void => {
  describe(`${name} behind the port`, () => {
    let world: VendorWorld
    beforeAll(async () => {
      world = await open()
    })
    afterAll(() => world.close())

    test('tells about itself and its people', async () => {
      const portal = world.connect()
      const info = await portal.info()
      expect(info.isAdmin).toBe(true)
      expect(info.now.getTime()).toBeGreaterThan(0)
      const { users, pipelines, stages } = await portal.directory()
      expect(users.length).toBeGreaterThan(0)
      const known = new Set(pipelines.map(({ id }) => id))
      expect(stages.every(({ pipelineId }) => known.has(pipelineId))).toBe(true)
      for (const { id } of pipelines)
        expect(
          new Set(stages.filter(stage => stage.pipelineId === id).map(({ outcome }) => outcome)),
        ).toContain('won')
      expect(portal.requests()).toBeGreaterThan(0)
    })

    test('is read whole: every record that it holds, and every stage move to the second', async () => {
      const { records } = await readEverything(world.vendor, world.connect())
      for (const [kind, ids] of Object.entries(world.held()))
        expect([kind, idsOf(records, kind as RecordKind)]).toEqual([kind, ids.toSorted()])
      expect(movesOf(records)).toEqual(world.moves())
    })

    test('is read whole again from the place where any page ended', async () => {
      const { vendor } = world
      const feed = vendor.feeds.find(({ covers }) => covers === 'history') ?? vendor.feeds[0]!
      const pages: Page[] = []
      const whole = emptyRecordSet()
      const reading = world.connect().backfill(feed.name, null)
      for (let next = await reading.next(); !next.done; next = await reading.next()) pages.push(next.value)
      for (const page of pages) collect(whole, page)
      for (const stop of new Set([0, Math.floor(pages.length / 2), pages.length - 1])) {
        const records = emptyRecordSet()
        for (const page of pages.slice(0, stop + 1)) collect(records, page)
        await drain(world.connect().backfill(feed.name, pages[stop]?.resume ?? null), records)
        for (const kind of ['deal', 'stageMove'] as const)
          expect(idsOf(records, kind)).toEqual(idsOf(whole, kind))
      }
    })

    test('shows what changed after the read, and what is gone', async () => {
      const { vendor } = world
      const portal = world.connect()
      const { cursors } = await readEverything(vendor, portal)
      const before = new Set(world.held().deal)
      const { id, title } = world.touchDeal()
      const lost = world.loseDeal()
      const changed = emptyRecordSet()
      for (const { name: feed } of vendor.feeds)
        await drain(portal.changes(feed, cursors.get(feed) ?? ''), changed)
      expect(changed.deals.find(deal => deal.id === id)?.title).toBe(title)
      const known = [...before].map(Number)
      const within = (from: number, to: number) => known.filter(one => one >= from && one < to)
      const vanished = await portal.missing('deal', {
        count: async (from, to) => within(from, to).length,
        ids: async (from, to) => within(from, to).map(String),
        max: async () => Math.max(0, ...known),
      })
      expect(vanished).toEqual([lost])
      const { records, missing } = await portal.fetch('deal', [id, lost])
      expect(records.deals.map(deal => deal.id)).toEqual([id])
      expect(missing).toEqual([lost])
    })

    test('is read whole through failures', async () => {
      if (world.disturb === null) return
      world.disturb()
      try {
        const { records } = await readEverything(world.vendor, world.connect())
        world.calm()
        for (const [kind, ids] of Object.entries(world.held()))
          expect([kind, idsOf(records, kind as RecordKind)]).toEqual([kind, ids.toSorted()])
        expect(movesOf(records)).toEqual(world.moves())
      } finally {
        world.calm()
      }
    })

    test('marks a deal, tells the mark back, swaps it and takes it off again, each once', async () => {
      const portal = world.connect()
      const dealId = world.held().deal?.[0] ?? ''
      const marks = ['Planerka: one', 'Planerka: two']
      const [one = '', two = ''] = marks
      const markNow = async () => {
        const { deals } = await portal.observe({ marks, dealIds: [dealId, '999999999'], taskIds: [] })
        expect(deals.map(({ id }) => id)).toEqual([dealId])
        return deals[0]?.mark
      }
      expect(await markNow()).toBeNull()
      for (const [from, to] of [
        [null, one],
        [one, two],
        [two, null],
      ] as const) {
        await portal.apply({ kind: 'mark', dealId, from, to })
        expect(await markNow()).toBe(to)
        // Compared first: what stands already costs no second write.
        const asked = portal.requests()
        await portal.apply({ kind: 'mark', dealId, from, to })
        expect(portal.requests() - asked).toBe(1)
      }
    })

    test('makes a task once, closes it, opens it again and takes it back', async () => {
      const portal = world.connect()
      const dealId = world.held().deal?.[0] ?? ''
      const { users } = await portal.directory()
      const responsibleId = users.find(({ isActive }) => isActive)?.id ?? ''
      const dueAt = new Date(Math.floor((await portal.info()).now.getTime() / 60_000) * 60_000 + 86_400_000)
      const step = { kind: 'task', dealId, responsibleId, title: 'Planerka: next step', dueAt } as const
      const taskId = (await portal.apply(step)) ?? ''
      expect(await portal.apply(step)).toBe(taskId)
      const taskNow = async () =>
        (await portal.observe({ marks: [], dealIds: [], taskIds: [taskId] })).tasks[0]
      expect(await taskNow()).toEqual({ id: taskId, isOpen: true, title: step.title, responsibleId, dueAt })
      await portal.apply({ kind: 'closeTask', taskId })
      expect((await taskNow())?.isOpen).toBe(false)
      await portal.apply({ kind: 'reopenTask', taskId })
      expect((await taskNow())?.isOpen).toBe(true)
      await portal.apply({ kind: 'removeTask', taskId })
      expect((await taskNow())?.isOpen ?? false).toBe(false)
      // Gone or closed, both are done.
      await portal.apply({ kind: 'removeTask', taskId })
    })

    test('proves an installation once and refuses the second use', async () => {
      const request = world.installRequest()
      const proof = world.vendor.inbound.installProof(request)
      const grant = await proof.prove()
      expect(grant).toMatchObject({ isAdmin: true, portalKey: expect.any(String) })
      expect(world.vendor.inbound.installProof(request).singleUse).toBe(proof.singleUse)
      const again: unknown = await world.vendor.inbound
        .installProof(request)
        .prove()
        .catch((error: unknown) => error)
      const isRefused = again instanceof AppError ? again.status < 500 : isVendorError(again)
      expect(isRefused).toBe(true)
    })

    test('answers nonsense from outside with a coded 4xx', async () => {
      const { inbound } = world.vendor
      const anything = fc.anything({ maxDepth: 2 })
      const record = fc.dictionary(fc.string(), anything)
      await fc.assert(
        fc.asyncProperty(anything, record, record, async (body, query, headers) => {
          const request = {
            method: 'POST',
            query,
            params: {},
            headers: headers as InboundRequest['headers'],
            body,
          }
          expect(() => inbound.claim(request)).not.toThrow()
          let proof: ReturnType<typeof inbound.installProof>
          try {
            proof = inbound.installProof(request)
          } catch (error) {
            expect(error).toBeInstanceOf(AppError)
            expect((error as AppError).status).toBeLessThan(500)
            return
          }
          await expect(proof.prove()).rejects.toThrow()
        }),
        { numRuns: 60 },
      )
    })

    test('names routes, feeds and cards that fit the product', () => {
      const { vendor } = world
      expect(vendor.inbound.routes.length).toBeGreaterThan(0)
      for (const { path, maxBytes } of vendor.inbound.routes) {
        expect(path).toMatch(/^\/[\w/:-]+$/)
        expect(maxBytes).toBeGreaterThan(0)
      }
      expect(new Set(vendor.feeds.map(({ name: feed }) => feed)).size).toBe(vendor.feeds.length)
      expect(vendor.feeds.map(({ covers }) => covers)).toEqual(expect.arrayContaining(['deals', 'history']))
      expect(vendor.cardPath('deal', '17')).toMatch(/^\/.*17/)
    })
  })
}
