import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inferredFromNow, type RecordSet } from '../../src/records/records.ts'
import { defaultSettings } from '../../src/records/settings.ts'
import type { DealRow, SnapshotParts } from '../../src/snapshot/document.ts'
import type { Store } from '../../src/store/open-store.ts'
import {
  activity,
  at,
  collect,
  deal,
  directory,
  install,
  invoice,
  move,
  page,
  task,
  testClock,
  user,
} from '../store/records.ts'
import { dealMarksContract } from './deal-marks.contract.ts'

/** A database and a way in: every call opens a store with a pool of its own on the same data. */
export type StoreStand = {
  open(clock: ReturnType<typeof testClock>): Promise<Store>
  close(): Promise<void>
}

/** What every database must keep to. */
export const storeContract = (name: string, start: () => Promise<StoreStand>): void => {
  describe(`the store on ${name}`, () => {
    const clock = testClock()
    let stand: StoreStand
    let store: Store
    let other: Store

    beforeAll(async () => {
      stand = await start()
      store = await stand.open(clock)
      other = await stand.open(clock)
    }, 120_000)
    afterAll(async () => {
      await other?.close()
      await store?.close()
      await stand?.close()
    })

    describe('people’s words about deals', () => dealMarksContract(() => ({ store, other, clock })))

    const dossiers = async (id: string) => (await collect(store.facts.dossiers(id))).flat()
    const dossier = async (id: string, dealId = '1') =>
      (await dossiers(id)).find(one => one.id === dealId) ?? expect.fail(`no dossier of deal ${dealId}`)
    const stampless = async (id: string) => ({
      dossiers: await dossiers(id),
      counts: await store.counts(id),
      rows: await store.storedRows(id),
      moves: await collect(store.facts.moves(id)),
    })
    const everything = (): Partial<RecordSet> => ({
      deals: [deal(), deal({ id: '2', amount: null, fields: {} })],
      stageMoves: [move(), move({ id: 'm2', kind: 'moved', at: at(5), orderKey: '2', stageId: 'WORK' })],
      activities: [activity(), activity({ id: '2', dealId: null })],
      tasks: [task(), task({ id: '2', dealIds: ['1', '2'] }), task({ id: '3', dealIds: [] })],
      invoices: [invoice(), invoice({ id: '2', dealId: null })],
      factChanges: [
        {
          dealId: '1',
          at: at(3),
          fact: 'responsible',
          before: '6',
          after: '7',
          actorId: '1',
          actorClass: 'person',
        },
      ],
      deadlineMoves: [
        {
          itemKind: 'task',
          itemId: '1',
          at: at(2),
          before: at(300),
          after: at(600),
          actorId: '7',
          actorClass: 'person',
        },
      ],
    })

    describe('pages', () => {
      test('come back as they were read', async () => {
        const id = await install(store)
        await store.savePage(id, page(everything()))
        expect(await dossier(id)).toMatchObject({
          title: 'Windows for a school',
          createdAt: at(0).getTime(),
          deletedAt: null,
          current: { pipelineId: '0', stageId: 'NEW', outcome: 'open', movedAt: null },
          moves: [
            { at: at(0).getTime(), stageId: 'NEW', isCreation: true, movedBy: null },
            { at: at(5).getTime(), stageId: 'WORK', isCreation: false },
          ],
          activities: [{ id: '1', kind: 'call', direction: 'out', deadlineAt: at(600).getTime() }],
          tasks: [
            {
              id: '1',
              deadlineMoves: [{ before: at(300).getTime(), after: at(600).getTime(), actorId: '7' }],
            },
            { id: '2', dealIds: ['1', '2'], deadlineMoves: [] },
          ],
          invoices: [{ id: '1', amount: 500, issuedOn: '2026-11-02' }],
        })
        expect((await dossier(id, '2')).versions).toEqual([
          {
            observedAt: at(10).getTime(),
            responsibleId: '7',
            amount: null,
            currency: 'RUB',
            closeOn: '2026-12-01',
            fields: {},
            changedBy: '7',
            changeClass: 'person',
          },
        ])
        const loose = await collect(store.facts.loose(id))
        expect({
          activities: loose.flatMap(part => part.activities.map(item => item.id)),
          tasks: loose.flatMap(part => part.tasks.map(item => item.id)),
          invoices: loose.flatMap(part => part.invoices.map(item => item.id)),
        }).toEqual({ activities: ['2'], tasks: ['3'], invoices: ['2'] })
        expect(await store.counts(id)).toEqual({
          users: 0,
          pipelines: 0,
          deals: 2,
          stageMoves: 2,
          tasks: 3,
          activities: 2,
          invoices: 2,
        })
      })

      test('saved twice change nothing', async () => {
        const id = await install(store)
        const first = await store.savePage(id, page(everything()))
        expect(first.changedDealIds.toSorted()).toEqual(['1', '2'])
        const before = await stampless(id)
        const again = await store.savePage(id, page(everything(), { runId: 'run-2', seenAt: at(20) }))
        expect(again.changedDealIds).toEqual([])
        expect(await stampless(id)).toEqual(before)
      })

      test('name the deals about which something is new', async () => {
        const id = await install(store)
        await store.savePage(id, page(everything()))
        const { changedDealIds } = await store.savePage(
          id,
          page(
            {
              deals: [deal(), deal({ id: '2', amount: 5, fields: {} })],
              activities: [activity({ id: '9', dealId: '3' })],
              tasks: [task({ id: '2', dealIds: ['1', '2'], status: 'completed' })],
            },
            { seenAt: at(20) },
          ),
        )
        expect(changedDealIds.toSorted()).toEqual(['1', '2', '3'])
      })

      test('that fail leave the feed where it was and nothing half saved', async () => {
        const id = await install(store)
        await store.savePage(id, page({ deals: [deal()] }, { resume: 'after page 1' }))
        const bad = page(
          { deals: [deal({ id: '2' })], tasks: [task({ textWords: Number.NaN })] },
          { resume: 'after page 2' },
        )
        await expect(store.savePage(id, bad)).rejects.toThrow()
        expect((await store.counts(id)).deals).toBe(1)
        expect(await store.feeds.all(id)).toMatchObject([{ feed: 'deals', resume: 'after page 1' }])
        // The pool is as good as before.
        await store.savePage(id, page({ deals: [deal({ id: '2' })] }, { resume: 'after page 2' }))
        expect(await store.feeds.all(id)).toMatchObject([{ resume: 'after page 2' }])
      })

      test('may carry the same record twice: the later one stands', async () => {
        const id = await install(store)
        await store.savePage(id, page({ deals: [deal({ title: 'old' }), deal({ title: 'new' })] }))
        expect((await dossier(id)).title).toBe('new')
      })

      test('of a portal that was removed are refused', async () => {
        await expect(store.savePage('nobody', page({ deals: [deal()] }))).rejects.toMatchObject({
          code: 'installation_not_found',
        })
      })

      test('keep any text a CRM can hold', async () => {
        const id = await install(store)
        const text = fc.string({ unit: 'binary', maxLength: 30 })
        const texts = fc.array(fc.record({ title: text, value: text }), { minLength: 50, maxLength: 300 })
        const spaced = (given: string) => given.replaceAll('\u001e', ' ').replaceAll('\u001f', ' ')
        const kept = (given: string) => given.replaceAll('\u0000', '').toWellFormed()
        await fc.assert(
          fc.asyncProperty(texts, async given => {
            const deals = given.map(({ title, value }, index) =>
              deal({ id: String(index), title, fields: { f: value } }),
            )
            await store.savePage(id, page({ deals }))
            const stored = await store.db
              .selectFrom('deals')
              .select(['deal_id', 'title', 'fields'])
              .where('installation_id', '=', id)
              .execute()
            const byId = new Map(stored.map(row => [row.deal_id, row]))
            for (const [index, { title, value }] of given.entries())
              expect(byId.get(String(index))).toMatchObject({
                title: spaced(kept(title)),
                fields: { f: kept(value) },
              })
          }),
          { numRuns: 3 },
        )
        const odd = `"{}\\,'; drop table deals; -- NULL\u001f\u001e\n😀`
        await store.savePage(
          id,
          page({
            deals: [deal({ title: odd, responsibleId: '7\u001f8' })],
            tasks: [task({ dealIds: ['1', 'a"b,\\', 'c\u001ed'] })],
          }),
        )
        const { title, tasks, versions } = await dossier(id)
        expect(title).toBe(spaced(odd))
        expect(versions.at(-1)?.responsibleId).toBe('7 8')
        expect(tasks[0]?.dealIds).toEqual(['1', 'a"b,\\', 'c d'])
      })
    })

    describe('undated facts', () => {
      test('remember whom the CRM named as the editor, and that it named nobody', async () => {
        const id = await install(store)
        const read = (over: object, minutes: number) =>
          store.savePage(id, page({ deals: [deal(over)] }, { seenAt: at(minutes) }))
        await read({ updatedBy: '7' }, 10)
        await read({ updatedBy: null, fields: { source: '13' } }, 20)
        await store.pool.query(
          `update deal_versions set changed_by = null where installation_id = $1 and observed_at = $2`,
          [id, at(10)],
        )
        const { versions } = await dossier(id)
        expect(versions.map(({ changedBy, changeClass }) => [changedBy, changeClass])).toEqual([
          // Stored by an earlier version of the program.
          [null, null],
          [null, 'robot'],
        ])
      })

      test('become a version only when they change', async () => {
        const id = await install(store)
        const read = (over: object, minutes: number) =>
          store.savePage(id, page({ deals: [deal(over)] }, { seenAt: at(minutes) }))
        await read({}, 10)
        await read({ title: 'Renamed', stageId: 'WORK', updatedAt: at(15) }, 20)
        await read({ amount: 2000 }, 30)
        await read({ amount: 2000 }, 40)
        await read({ amount: 2000, fields: { source: '13' } }, 50)
        const { versions } = await dossier(id)
        expect(
          versions.map(version => [version.observedAt, version.amount, version.fields['source']]),
        ).toEqual([
          [at(10).getTime(), 1000.5, '12'],
          [at(30).getTime(), 2000, '12'],
          [at(50).getTime(), 2000, '13'],
        ])
      })

      test('that the vendor dates are known before we first saw the deal', async () => {
        const id = await install(store)
        const change = (minutes: number, before: string, after: string) => ({
          dealId: '1',
          at: at(minutes),
          fact: 'responsible' as const,
          before,
          after,
          actorId: '1',
          actorClass: 'person' as const,
        })
        await store.savePage(
          id,
          page({
            deals: [deal({ responsibleId: '9' })],
            factChanges: [change(6, '8', '9'), change(3, '7', '8')],
          }),
        )
        const { versions } = await dossier(id)
        expect(versions.map(version => [version.observedAt, version.responsibleId])).toEqual([
          [at(0).getTime(), '7'],
          [at(3).getTime(), '8'],
          [at(6).getTime(), '9'],
          [at(10).getTime(), '9'],
        ])
        expect(versions.every(version => version.amount === 1000.5)).toBe(true)
      })
    })

    describe('moves', () => {
      test('of one instant keep the order of their keys', async () => {
        const id = await install(store)
        const keys = ['10', '2', 'B', 'a', '', '1']
        await store.savePage(
          id,
          page({
            deals: [deal()],
            stageMoves: keys.map(key => move({ id: `k${key}`, orderKey: key, stageId: `S${key}` })),
          }),
        )
        const ordered = ['', '1', '10', '2', 'B', 'a']
        expect((await dossier(id)).moves.map(one => one.stageId)).toEqual(ordered.map(key => `S${key}`))
        const rows = await collect(store.facts.moves(id))
        expect(rows.map(row => row.toStageId)).toEqual(ordered.map(key => `S${key}`))
        expect(rows.map(row => row.fromStageId)).toEqual([
          null,
          ...ordered.slice(0, -1).map(key => `S${key}`),
        ])
      })

      test('are exported up to an instant, of existing deals only', async () => {
        const id = await install(store)
        await store.savePage(
          id,
          page({
            deals: [deal(), deal({ id: '2' })],
            stageMoves: [
              move(),
              move({ id: 'm2', kind: 'moved', at: at(5), stageId: 'WORK' }),
              move({ id: 'm3', dealId: '2' }),
              move({ id: 'm4', dealId: 'never seen', at: at(-900) }),
            ],
          }),
        )
        await store.markDeleted(id, 'deal', ['2'], at(20))
        expect((await collect(store.facts.moves(id))).map(row => [row.dealId, row.toStageId])).toEqual([
          ['1', 'NEW'],
          ['1', 'WORK'],
        ])
        expect(await collect(store.facts.moves(id, at(4)))).toEqual([
          {
            dealId: '1',
            fromPipelineId: null,
            fromStageId: null,
            toPipelineId: '0',
            toStageId: 'NEW',
            at: at(0),
            responsibleId: '7',
            movedBy: null,
          },
        ])
        expect((await store.counts(id)).stageMoves).toBe(2)
        expect(await store.facts.historyStart(id)).toEqual(at(0))
      })

      test('begin a history with the first row of a deal that exists, however many of others come before', async () => {
        const id = await install(store)
        expect(await store.facts.historyStart(id)).toBeNull()
        const orphans = Array.from({ length: 1100 }, (_, index) =>
          move({
            id: `orphan-${index}`,
            dealId: 'never-listed',
            at: at(index / 60),
            orderKey: String(index),
          }),
        )
        const own = move({ id: 'own', at: at(100) })
        await store.savePage(id, page({ deals: [deal()], stageMoves: [...orphans, own] }))
        expect(await store.facts.historyStart(id)).toEqual(at(100))
      })

      test('that tell the first stage of a deal beat its present stage, the earliest first', async () => {
        const id = await install(store)
        const creation = (stageId: string, evidenceAt: Date, minutes: number) =>
          move({ id: 'created-1', orderKey: '', stageId, at: at(minutes), evidenceAt })
        const stageAfter = async (...moves: ReturnType<typeof move>[]) => {
          await store.savePage(id, page({ deals: [deal()], stageMoves: moves }))
          const [first] = (await dossier(id)).moves
          return [first?.stageId, first?.at, first?.actorClass]
        }
        expect(await stageAfter(creation('LATER', at(50), 50))).toEqual([
          'LATER',
          at(50).getTime(),
          'unknown',
        ])
        const now = { ...creation('NOW', inferredFromNow, 0), movedBy: '7', actorClass: 'person' as const }
        expect(await stageAfter(now)).toEqual(['LATER', at(0).getTime(), 'person'])
        expect(await stageAfter(creation('LATEST', at(60), 60), creation('FIRST', at(40), 40))).toEqual([
          'FIRST',
          at(0).getTime(),
          'person',
        ])
        expect(await stageAfter(creation('LATER', at(50), 50))).toEqual(['FIRST', at(0).getTime(), 'person'])
      })

      test('are not forgotten because the portal forgot them', async () => {
        const id = await install(store)
        await store.savePage(id, page({ deals: [deal()], stageMoves: [move()] }))
        expect(await store.markDeleted(id, 'stageMove', ['m1'], at(20))).toBe(0)
        expect(await store.markUnseen(id, 'stageMove', 'run-2', at(20), 1)).toBe(0)
        expect((await dossier(id)).moves).toHaveLength(1)
      })
    })

    describe('people’s saves of fields', () => {
      const seconds = (minutes: number, more: number) => new Date(at(minutes).getTime() + more * 1000)
      const event = (when: Date, over: object = {}) => ({
        entity: 'deal' as const,
        entityId: '1',
        action: 'updated' as const,
        at: when,
        receivedAt: when,
        actorId: '7' as string | null,
        actorClass: 'person' as 'person' | 'robot' | 'integration' | 'unknown',
        sealedActorToken: null as string | null,
        ...over,
      })
      const robot = { actorId: null, actorClass: 'robot' as const }
      const read = (id: string, when: Date, over: object) =>
        store.savePage(id, page({ deals: [deal(over)] }, { seenAt: when }))
      const credit = (id: string) => store.creditEdits(id, ['1'], at(0))
      const edits = async (id: string) =>
        (await dossier(id)).edits?.map(edit => [
          (edit.at - at(30).getTime()) / 1000,
          (edit.knownAt - at(30).getTime()) / 1000,
          edit.by,
        ])
      /** Read at minute 10, changed before second 5 of minute 30 and read then. */
      const told = async (events: ReturnType<typeof event>[], over: object = { amount: 2000 }) => {
        const id = await install(store)
        await read(id, at(10), {})
        await store.crmEvents.add(id, events)
        await read(id, seconds(30, 5), over)
        await credit(id)
        return id
      }

      test('are dated by their event and known when they were read', async () => {
        for (const over of [
          { amount: 2000 },
          { closeOn: '2027-01-01' },
          { fields: {} },
          { responsibleId: '8' },
        ])
          expect(await edits(await told([event(at(30))], over))).toEqual([[0, 5, '7']])
        const all = { amount: 2000, closeOn: '2027-01-01', fields: {}, responsibleId: '8' }
        expect(await edits(await told([event(at(30))], all))).toEqual([[0, 5, '7']])
      })

      test('are none where nothing changed, and none of the first reading', async () => {
        expect(await edits(await told([event(at(30))], { title: 'Renamed' }))).toBeUndefined()
        const id = await install(store)
        await store.crmEvents.add(id, [event(at(30))])
        await read(id, seconds(30, 5), {})
        await credit(id)
        expect(await edits(id)).toBeUndefined()
      })

      test('are never a robot’s, an unknown hand’s, or found without an event', async () => {
        for (const events of [
          [],
          [event(at(30), robot)],
          [event(at(30), { actorId: '7', actorClass: 'integration' })],
          [event(at(30), { actorId: null, actorClass: 'unknown' })],
          [event(at(30), { actorId: null, sealedActorToken: 'sealed' })],
          [event(at(30), { action: 'added' })],
          [event(at(30), { entity: 'task' })],
          [event(seconds(30, 9))],
        ])
          expect(await edits(await told(events))).toBeUndefined()
      })

      test('are nobody’s when two people saved before one reading, or one person far apart', async () => {
        const both = [event(at(30)), event(seconds(30, 2), { actorId: '8' })]
        expect(await edits(await told(both))).toBeUndefined()
        expect(await edits(await told([event(at(15)), event(at(30))]))).toBeUndefined()
        expect(await edits(await told([event(at(25)), event(at(30))]))).toEqual([[0, 5, '7']])
        const answered = [event(at(30)), event(seconds(30, 2), robot)]
        expect(await edits(await told(answered))).toEqual([[0, 5, '7']])
      })

      test('are found in the reading that came before their event was worked off, not in a later one', async () => {
        const id = await told([event(at(30))])
        await read(id, seconds(30, 8), { amount: 2000 })
        await credit(id)
        expect(await edits(id)).toEqual([[0, 5, '7']])
        // The save of minute 40 changed no fact: what the robot did after it was read is the robot's.
        await store.crmEvents.add(id, [event(at(40))])
        clock.set(seconds(40, 5))
        await store.crmEvents.handled(
          id,
          (await store.crmEvents.waiting(id, 10)).map(({ eventId }) => eventId),
        )
        await store.crmEvents.add(id, [event(at(50), robot)])
        await read(id, seconds(50, 5), { amount: 3000 })
        await credit(id)
        expect(await edits(id)).toEqual([[0, 5, '7']])
        // An event that comes late shows that two had saved.
        await store.crmEvents.add(id, [event(seconds(30, 1), { actorId: '8' })])
        await credit(id)
        expect(await edits(id)).toBeUndefined()
      })

      test('that the vendor dates itself are told with their author; what was saved at once is one', async () => {
        const id = await install(store)
        const change = (fact: 'responsible' | 'amount' | 'fields', minutes: number, over: object = {}) => ({
          dealId: '1',
          at: at(minutes),
          fact,
          before: '1',
          after: '2',
          actorId: '7' as string | null,
          actorClass: 'person' as 'person' | 'robot' | 'integration' | 'unknown',
          ...over,
        })
        await store.savePage(
          id,
          page({
            deals: [deal()],
            factChanges: [
              change('responsible', 30),
              change('fields', 30),
              change('responsible', 31, robot),
              change('responsible', 32, { actorClass: 'integration' }),
              change('fields', 33, { before: null, after: null }),
            ],
          }),
        )
        expect(await edits(id)).toEqual([
          [0, 0, '7'],
          [180, 180, '7'],
        ])
        // What was in the fields is not told: no version begins there.
        expect((await dossier(id)).versions.map(({ observedAt }) => observedAt)).not.toContain(
          at(33).getTime(),
        )
      })
    })

    describe('actors of moves', () => {
      const event = (over: object) => ({
        entity: 'deal' as const,
        entityId: '1',
        action: 'updated' as const,
        at: at(5),
        receivedAt: at(5),
        actorId: '7' as string | null,
        actorClass: 'person' as 'person' | 'robot' | 'integration' | 'unknown',
        sealedActorToken: null as string | null,
        ...over,
      })
      const seconds = (minutes: number, more: number) => new Date(at(minutes).getTime() + more * 1000)
      const credited = async (
        given: { deal?: object; move?: object },
        events: ReturnType<typeof event>[],
      ): Promise<[string | null, string]> => {
        const id = await install(store)
        await store.savePage(
          id,
          page({
            deals: [deal(given.deal)],
            stageMoves: [move({ kind: 'moved', at: at(5), ...given.move })],
          }),
        )
        await store.crmEvents.add(id, events)
        await store.creditMoves(id)
        const [only] = (await dossier(id)).moves
        return [only?.movedBy ?? null, only?.actorClass ?? '']
      }

      test('come from the nearest event from 5 s before to 60 s after', async () => {
        const far = event({ at: seconds(5, 50), actorId: '8' })
        expect(await credited({}, [far, event({ at: seconds(5, 3) })])).toEqual(['7', 'person'])
        expect(await credited({}, [far])).toEqual(['8', 'person'])
        expect(await credited({}, [event({ at: seconds(5, -5) })])).toEqual(['7', 'person'])
        expect(await credited({}, [event({ at: seconds(5, -6) }), event({ at: seconds(5, 61) })])).toEqual([
          null,
          'unknown',
        ])
      })

      test('may be a robot, which is better than nobody', async () => {
        expect(await credited({}, [event({ actorId: null, actorClass: 'robot' })])).toEqual([null, 'robot'])
      })

      test('come from the deal itself for its last move, unless a robot was at work', async () => {
        const moved = { movedBy: '9', movedAt: seconds(5, 2) }
        expect(await credited({ deal: moved }, [])).toEqual(['9', 'person'])
        expect(await credited({ deal: { ...moved, movedAt: seconds(5, 3) } }, [])).toEqual([null, 'unknown'])
        const robot = event({ actorId: null, actorClass: 'robot', at: seconds(5, 20) })
        expect(await credited({ deal: moved }, [robot])).toEqual([null, 'robot'])
      })

      test('that are known are never replaced', async () => {
        const known = { movedBy: '3', actorClass: 'person' }
        expect(await credited({ move: known, deal: { movedBy: '9', movedAt: at(5) } }, [event({})])).toEqual([
          '3',
          'person',
        ])
      })

      test('wait for a token that is not resolved yet, and survive the next reading', async () => {
        const id = await install(store)
        const moves = page({ deals: [deal()], stageMoves: [move({ kind: 'moved', at: at(5) })] })
        await store.savePage(id, moves)
        await store.crmEvents.add(id, [
          event({ actorId: null, actorClass: 'unknown', sealedActorToken: 'sealed' }),
        ])
        expect(await store.creditMoves(id)).toBe(0)
        const [waiting] = await store.crmEvents.waiting(id, 10)
        expect(waiting).toMatchObject({ entityId: '1', sealedActorToken: 'sealed' })
        await store.crmEvents.resolveActor(id, waiting!.eventId, '7')
        await store.crmEvents.handled(id, [waiting!.eventId])
        expect(await store.creditMoves(id)).toBe(1)
        await store.savePage(id, { ...moves, seenAt: at(30) })
        expect((await dossier(id)).moves).toMatchObject([{ movedBy: '7', actorClass: 'person' }])
      })
    })

    describe('events', () => {
      test('doubled are written down once and keep no token once handled', async () => {
        const id = await install(store)
        const hint = {
          entity: 'deal' as const,
          entityId: '5',
          action: 'updated' as const,
          at: at(1),
          receivedAt: at(1),
          actorId: null,
          actorClass: 'person' as const,
          sealedActorToken: 'sealed',
        }
        expect(await store.crmEvents.add(id, [hint])).toBe(1)
        expect(
          await store.crmEvents.add(id, [hint, { ...hint, receivedAt: at(2), sealedActorToken: 'other' }]),
        ).toBe(0)
        const [waiting] = await store.crmEvents.waiting(id, 10)
        await store.crmEvents.handled(id, [waiting!.eventId])
        expect(await store.crmEvents.waiting(id, 10)).toEqual([])
        const kept = await store.db
          .selectFrom('crm_events')
          .select(['sealed_actor_token', 'actor_class'])
          .where('installation_id', '=', id)
          .execute()
        expect(kept).toEqual([{ sealed_actor_token: null, actor_class: 'unknown' }])
      })
    })

    describe('activities and tasks', () => {
      test('completed without a date keep the instant at which it was first seen', async () => {
        const id = await install(store)
        const read = (over: object, minutes: number) =>
          store.savePage(id, page({ deals: [deal()], activities: [activity(over)] }, { seenAt: at(minutes) }))
        const completedAt = async () => (await dossier(id)).activities[0]?.completedAt
        await read({}, 10)
        expect(await completedAt()).toBeNull()
        await read({ isCompleted: true, updatedAt: at(15) }, 20)
        expect(await completedAt()).toBe(at(15).getTime())
        await read({ isCompleted: true, updatedAt: at(40) }, 50)
        expect(await completedAt()).toBe(at(15).getTime())
        await read({ isCompleted: true, updatedAt: at(40), completedAt: at(12) }, 60)
        expect(await completedAt()).toBe(at(12).getTime())
        await read({ isCompleted: false, updatedAt: at(70) }, 80)
        expect(await completedAt()).toBeNull()
      })

      test('that get another deadline show it as a move', async () => {
        const id = await install(store)
        await store.savePage(id, page({ deals: [deal()], activities: [activity()], tasks: [task()] }))
        await store.savePage(
          id,
          page(
            {
              activities: [activity({ deadlineAt: at(900), updatedAt: at(15) })],
              tasks: [task({ deadlineAt: null, changedAt: at(16) })],
            },
            { seenAt: at(20) },
          ),
        )
        const { activities, tasks } = await dossier(id)
        expect(activities[0]?.deadlineMoves).toEqual([
          {
            at: at(15).getTime(),
            before: at(600).getTime(),
            after: at(900).getTime(),
            actorId: null,
            actorClass: 'unknown',
          },
        ])
        expect(tasks[0]?.deadlineMoves).toMatchObject([{ at: at(16).getTime(), after: null }])
      })

      test('whose vendor tells the deadline move itself show it once', async () => {
        const told = {
          itemKind: 'task' as const,
          itemId: '1',
          at: at(14),
          before: at(600),
          after: at(900),
          actorId: '7',
          actorClass: 'person' as const,
        }
        const moved = page({ tasks: [task({ deadlineAt: at(900), changedAt: at(15) })] }, { seenAt: at(20) })
        const pages = [moved, page({ deadlineMoves: [told] }, { seenAt: at(21) })]
        for (const order of [pages, pages.toReversed()]) {
          const id = await install(store)
          await store.savePage(id, page({ deals: [deal()], tasks: [task()] }))
          for (const one of order) await store.savePage(id, one)
          expect((await dossier(id)).tasks[0]?.deadlineMoves).toMatchObject([
            { at: at(14).getTime(), actorId: '7' },
          ])
        }
        const id = await install(store)
        await store.savePage(id, page({ deals: [deal()], tasks: [task()] }))
        await store.savePage(id, { ...moved, diffDeadlines: false })
        expect((await dossier(id)).tasks[0]?.deadlineMoves).toEqual([])
      })

      test('whose completion the vendor dates itself were completed then, whichever is read first', async () => {
        const closing = (minute: number, actorId = '7') => ({ taskId: '1', at: at(minute), actorId })
        const done = page({
          tasks: [task({ status: 'completed', closedAt: at(90), closedBy: '9', changedAt: at(90) })],
        })
        const told = page({ taskClosings: [closing(40), closing(30, '8'), closing(40)] })
        for (const order of [
          [done, told],
          [told, done],
          [told, done, done, told],
        ]) {
          const id = await install(store)
          await store.savePage(id, page({ deals: [deal()], tasks: [task()] }))
          for (const one of order) await store.savePage(id, one)
          expect((await dossier(id)).tasks[0]).toMatchObject({ closedAt: at(40).getTime(), closedBy: '7' })
        }
        // Opened again, it is open; what is told after its last change is not yet its completion.
        const id = await install(store)
        await store.savePage(id, page({ deals: [deal()], tasks: [task({ changedAt: at(50) })] }))
        await store.savePage(id, told)
        expect((await dossier(id)).tasks[0]?.closedAt).toBeNull()
        const again = { status: 'completed' as const, closedAt: at(60), closedBy: '9', changedAt: at(60) }
        await store.savePage(id, page({ tasks: [task(again)], taskClosings: [closing(95)] }))
        expect((await dossier(id)).tasks[0]).toMatchObject({ closedAt: at(40).getTime() })
      })

      test('that we made ourselves are nobody’s work, read before or after', async () => {
        const id = await install(store)
        const read = () =>
          store.savePage(
            id,
            page({
              deals: [deal()],
              tasks: [task(), task({ id: '2' }), task({ id: '3' })],
              activities: [activity({ id: '9', kind: 'task', taskId: '2' })],
            }),
          )
        await store.journal.plan(id, [
          { entryId: 'e1', batchId: 'b', kind: 'task', dealId: '1', after: { a: 1 } },
        ])
        await store.journal.applied(id, 'e1', '1')
        await read()
        const message = { channel: 'task', role: 'head', asOf: at(0), dealIds: [] }
        await store.notifications.claim(id, '7', '2026-11-02', message)
        await store.notifications.sent(id, '7', '2026-11-02', '2')
        expect((await dossier(id)).tasks.map(one => one.id)).toEqual(['3'])
        await read()
        expect(await dossier(id)).toMatchObject({ tasks: [{ id: '3' }], activities: [] })
      })

      test('that we made are a person’s from the day on which somebody moves their date, and have no author', async () => {
        const id = await install(store)
        const read = (minutes: number, deadlineAt: Date) =>
          store.savePage(
            id,
            page(
              { deals: [deal()], tasks: [task({ changedAt: at(minutes), deadlineAt })] },
              { seenAt: at(minutes), diffDeadlines: true },
            ),
          )
        await store.journal.plan(id, [{ entryId: 'e1', batchId: 'b', kind: 'task', dealId: '1' }])
        await store.journal.applied(id, 'e1', '1')
        await read(10, at(600))
        expect((await dossier(id)).tasks).toEqual([])
        await read(20, at(900))
        expect((await dossier(id)).tasks).toMatchObject([
          { id: '1', createdBy: null, deadlineAt: at(900).getTime() },
        ])
      })

      test('follow a task from deal to deal', async () => {
        const id = await install(store)
        const deals = [deal(), deal({ id: '2' })]
        await store.savePage(id, page({ deals, tasks: [task({ dealIds: ['1'] })] }))
        await store.savePage(id, page({ tasks: [task({ dealIds: ['2'] })] }))
        expect((await dossier(id, '1')).tasks).toEqual([])
        expect((await dossier(id, '2')).tasks).toHaveLength(1)
      })
    })

    describe('what vanishes from the CRM', () => {
      test('is kept as deleted and alive again when it reappears', async () => {
        const id = await install(store)
        await store.savePage(id, page(everything()))
        expect(await store.markDeleted(id, 'deal', ['1', 'other'], at(20))).toBe(1)
        expect(await store.markDeleted(id, 'deal', ['1'], at(30))).toBe(0)
        await store.markDeleted(id, 'activity', ['1'], at(20))
        expect(await dossier(id)).toMatchObject({ deletedAt: at(20).getTime(), activities: [] })
        expect(await store.counts(id)).toMatchObject({ deals: 1, stageMoves: 0, activities: 1 })
        const { changedDealIds } = await store.savePage(
          id,
          page({ deals: [deal()], activities: [activity()] }, { seenAt: at(40) }),
        )
        expect(changedDealIds).toEqual(['1'])
        expect(await dossier(id)).toMatchObject({ deletedAt: null, activities: [{ id: '1' }] })
        expect((await dossier(id)).versions).toHaveLength(3)
      })

      test('is what a full run did not see, when it is not too much', async () => {
        const id = await install(store)
        const deals = Array.from({ length: 20 }, (_, index) => deal({ id: String(index + 1) }))
        await store.savePage(id, page({ deals }))
        clock.set(at(30))
        await store.syncRuns.start(id, { runId: 'run-2', kind: 'full', phase: 'backfill' })
        await store.savePage(id, page({ deals: deals.slice(2) }, { runId: 'run-2', seenAt: at(31) }))
        expect(await store.markUnseen(id, 'deal', 'run-2', at(40), 0.05)).toBe(0.1)
        expect((await store.counts(id)).deals).toBe(20)
        // Read by somebody else while the run went on.
        await store.savePage(id, page({ deals: [deals[0]!] }, { runId: 'hints', feed: null, seenAt: at(35) }))
        expect(await store.markUnseen(id, 'deal', 'run-2', at(40), 0.05)).toBe(0.05)
        expect((await store.counts(id)).deals).toBe(19)
        expect((await dossier(id, '2')).deletedAt).toBe(at(40).getTime())
      })

      test('is found by the ids we hold', async () => {
        const id = await install(store)
        const ids = ['3', '10', '25', '100', 'abc']
        await store.savePage(id, page({ deals: ids.map(one => deal({ id: one })) }))
        await store.markDeleted(id, 'deal', ['25'], at(20))
        const known = store.knownIds(id, 'deal')
        expect(await known.max()).toBe(100)
        expect(await known.count(3, 100)).toBe(2)
        expect(await known.ids(3, 100)).toEqual(['3', '10'])
        expect(await store.knownIds(id, 'task').max()).toBe(0)
      })
    })

    describe('rejected records', () => {
      test('are kept with their reason until they are read properly', async () => {
        const id = await install(store)
        const rejected = [
          { kind: 'deal', id: '1', reason: 'createdTime: not a date' },
          { kind: 'task', id: null, reason: 'no id' },
          { kind: 'task', id: null, reason: 'no id' },
        ]
        await store.savePage(id, page({}, { rejected }))
        await store.savePage(id, page({}, { rejected }))
        expect(await store.rejectedCount(id)).toBe(3)
        expect(await store.rejected(id, 10)).toMatchObject([
          { kind: 'deal', id: '1', reason: 'createdTime: not a date' },
          { kind: 'task', id: null },
          { kind: 'task', id: null },
        ])
        await store.savePage(id, page({ deals: [deal()] }))
        expect(await store.rejectedCount(id)).toBe(2)
      })
    })

    describe('the directory', () => {
      test('keeps people and stages that the CRM lists no more, marked', async () => {
        const id = await install(store)
        await store.saveDirectory(id, directory({ users: [user(), user({ id: '8' }), user({ id: '9' })] }))
        await store.saveDirectory(
          id,
          directory({
            users: [user({ isActive: false })],
            departments: [{ id: '2', name: 'Service', parentId: null, headId: null, sort: 1 }],
            stages: [{ id: 'WORK', pipelineId: '0', name: 'Work', sort: 5, outcome: 'open', color: '#fff' }],
            rejected: [{ kind: 'user', id: '9', reason: 'no name' }],
          }),
        )
        const { users, departments, stages, fields } = await store.facts.directory(id)
        expect(users.map(one => [one.id, one.isActive, one.isGone])).toEqual([
          ['7', false, false],
          ['8', true, true],
          ['9', true, false],
        ])
        expect(users[0]?.departmentIds).toEqual(['1', '5'])
        expect(departments.map(one => one.id)).toEqual(['2'])
        expect(stages.map(one => [one.id, one.isGone])).toEqual([
          ['WORK', false],
          ['NEW', true],
        ])
        expect(fields[0]?.options).toEqual({ '12': 'Fair' })
        expect((await store.counts(id)).users).toBe(2)
      })

      test('is not emptied by an empty answer', async () => {
        const id = await install(store)
        await store.saveDirectory(id, directory())
        // Ids that are kept alike are one.
        await store.saveDirectory(
          id,
          directory({ users: [user(), user({ id: 'a\u001e' }), user({ id: 'a\u001f' })] }),
        )
        await store.saveDirectory(id, directory())
        await store.saveDirectory(id, directory({ users: [], pipelines: [], departments: [] }))
        expect(await store.counts(id)).toMatchObject({ users: 1, pipelines: 1 })
        expect(await store.directory.departments(id)).toHaveLength(1)
      })
    })

    describe('feeds and runs', () => {
      test('an interrupted run finds where it was, another run begins anew', async () => {
        const id = await install(store)
        expect(await store.feeds.startRun(id, 'deals', 'run-1')).toMatchObject({ resume: null, cursor: null })
        await store.savePage(id, page({}, { resume: 'page 3', progress: { read: 150, expected: 400 } }))
        expect(await store.feeds.startRun(id, 'deals', 'run-1')).toMatchObject({
          resume: 'page 3',
          readRows: 150,
          expectedRows: 400,
        })
        await store.feeds.finishRun(id, 'deals', 'run-1', 'cursor 1')
        expect(await store.feeds.all(id)).toMatchObject([{ cursor: 'cursor 1', isDone: true, resume: null }])
        expect(await store.feeds.startRun(id, 'deals', 'run-2')).toMatchObject({
          resume: null,
          cursor: 'cursor 1',
          readRows: 0,
          isDone: false,
        })
        await store.savePage(id, page({}, { runId: 'run-2', cursor: 'cursor 2' }))
        expect(await store.feeds.all(id)).toMatchObject([{ cursor: 'cursor 2', isDone: true }])
      })

      test('a run without a sign of life is failed, its result never overwritten by its ghost', async () => {
        const id = await install(store)
        clock.set(at(0))
        await store.syncRuns.start(id, { runId: 'r1', kind: 'full', phase: 'backfill' })
        await store.syncRuns.finish(id, 'r1', { outcome: 'done', requests: 12 })
        clock.set(at(10))
        await store.syncRuns.start(id, { runId: 'r2', kind: 'incremental', phase: 'incremental' })
        clock.set(at(12))
        await store.syncRuns.heartbeat(id, 'r2', { requests: 3, waitingUntil: at(13) })
        expect(await store.syncRuns.failStale(at(11))).toEqual([])
        expect(await store.syncRuns.failStale(at(15))).toContainEqual({
          installationId: id,
          runId: 'r2',
          kind: 'incremental',
        })
        await store.syncRuns.heartbeat(id, 'r2', { requests: 99 })
        expect(await store.syncRuns.latest(id)).toMatchObject({
          runId: 'r2',
          outcome: 'failed',
          errorCode: 'interrupted',
          requests: 3,
          waitingUntil: null,
        })
        expect(await store.syncRuns.lastDone(id)).toMatchObject({ runId: 'r1', requests: 12 })
      })
    })

    describe('tokens', () => {
      const pair = (version: string) => ({
        userId: '1',
        sealedAccess: `access ${version}`,
        sealedRefresh: `refresh ${version}`,
        expiresAt: at(60),
      })

      test('are renewed by one process at a time', async () => {
        const id = await install(store)
        await store.tokens.save(id, pair('1'), false)
        const attempts = Array.from({ length: 20 }, (_, index) =>
          (index % 2 ? store : other).tokens.takeLease(id, `worker ${index}`, at(1), at(0)),
        )
        const taken = (await Promise.all(attempts)).flatMap((won, index) => (won ? [index] : []))
        expect(taken).toHaveLength(1)
        await other.tokens.releaseLease(id, 'somebody else')
        expect(await store.tokens.takeLease(id, 'next', at(2), at(0))).toBe(false)
        expect(await store.tokens.takeLease(id, 'after it ran out', at(2), at(1))).toBe(true)
        await store.tokens.releaseLease(id, 'after it ran out')
        expect(await other.tokens.takeLease(id, 'next', at(2), at(1))).toBe(true)
      })

      test('keep the refresh token before the last one where it may still be needed', async () => {
        const id = await install(store)
        await store.tokens.save(id, pair('1'), false)
        await store.tokens.save(id, pair('2'), true)
        expect(await store.tokens.load(id)).toMatchObject({
          sealedRefresh: 'refresh 2',
          sealedPreviousRefresh: 'refresh 1',
          version: 2,
        })
        expect(await other.tokens.rotate(id, 1, pair('stale'))).toBe(false)
        expect(await other.tokens.rotate(id, 2, pair('3'))).toBe(true)
        expect(await store.tokens.load(id)).toMatchObject({
          sealedAccess: 'access 3',
          sealedPreviousRefresh: 'refresh 2',
          version: 3,
        })
        await store.tokens.drop(id)
        expect(await store.tokens.load(id)).toBeNull()
      })

      test('left alone for long are found', async () => {
        const id = await install(store)
        clock.set(at(0))
        await store.tokens.save(id, pair('1'), false)
        expect(await store.tokens.idleSince(at(0))).not.toContain(id)
        expect(await store.tokens.idleSince(at(1))).toContain(id)
      })
    })

    describe('what may happen once', () => {
      test('happens once, however many try', async () => {
        const id = await install(store)
        const spend = (from: Store) => from.singleUse.spend(id, 'ticket', 'secret', at(60))
        const results = await Promise.all(
          Array.from({ length: 20 }, (_, index) => spend(index % 2 ? store : other)),
        )
        expect(results.filter(Boolean)).toHaveLength(1)
        expect(await store.singleUse.spend(id, 'state', 'secret', at(60))).toBe(true)
        const rows = await store.db
          .selectFrom('single_use')
          .selectAll()
          .where('installation_id', '=', id)
          .execute()
        expect(JSON.stringify(rows)).not.toContain('secret')
        await store.singleUse.forget(at(61))
        expect(await spend(store)).toBe(true)
      })

      test('a person is told once a day, however many processes tell', async () => {
        const id = await install(store)
        const claim = (from: Store) =>
          from.notifications.claim(id, '7', '2026-11-03', {
            channel: 'crm',
            role: 'employee',
            asOf: at(0),
            dealIds: ['1', '2'],
          })
        const results = await Promise.all(
          Array.from({ length: 20 }, (_, index) => claim(index % 2 ? store : other)),
        )
        expect(results.filter(Boolean)).toHaveLength(1)
        await store.notifications.failed(id, '7', '2026-11-03', 'timeout')
        expect(await claim(store)).toBe(false)
        await store.notifications.release(id, '7', '2026-11-03')
        expect(await claim(store)).toBe(true)
        await store.notifications.sent(id, '7', '2026-11-03', 'message 5')
        await store.notifications.release(id, '7', '2026-11-03')
        expect(await claim(store)).toBe(false)
        expect(await store.notifications.last(id, '7')).toMatchObject({
          day: '2026-11-03',
          externalId: 'message 5',
          error: null,
          dealIds: ['1', '2'],
        })
      })
    })

    describe('limits', () => {
      test('let a burst through and then one request after another, over all processes', async () => {
        const id = await install(store)
        clock.set(at(0))
        const rule = { burst: 10, perSecond: 2 }
        const reserve = (from: Store) => from.limits.forInstallation(id).reserve('portal', rule)
        const waits = await Promise.all(
          Array.from({ length: 14 }, (_, index) => reserve(index % 2 ? store : other)),
        )
        expect(waits.toSorted((a, b) => a - b)).toEqual([...Array(10).fill(0), 500, 1000, 1500, 2000])
        clock.set(new Date(at(0).getTime() + 3000))
        expect(await reserve(store)).toBe(0)
        expect(await store.limits.forInstallation(id).reserve('other bucket', rule)).toBe(0)
      })

      test('keep what is parked from being called, the later instant winning', async () => {
        const id = await install(store)
        clock.set(at(0))
        const limits = store.limits.forInstallation(id)
        expect(await limits.parkedUntil('crm.item.list')).toBeNull()
        await limits.park('crm.item.list', at(10))
        await other.limits.forInstallation(id).park('crm.item.list', at(5))
        expect(await limits.parkedUntil('crm.item.list')).toEqual(at(10))
        expect(await limits.parkedUntil('user.get')).toBeNull()
        clock.set(at(11))
        expect(await limits.parkedUntil('crm.item.list')).toBeNull()
      })
    })

    describe('installations', () => {
      test('keep a journal of settings, of pipelines with any name', async () => {
        const id = await install(store)
        const designs = Object.fromEntries(['constructor', 'toString'].map(name => [name, []]))
        await store.installations.changeSettings(
          id,
          () => ({ ...defaultSettings('Asia/Omsk', 'en'), designs }),
          'admin',
        )
        const [{ change } = { change: {} }] = await store.installations.settingsLog(id)
        expect(change).toMatchObject({
          designs: { before: { constructor: null }, after: { constructor: null } },
        })
      })

      test('made again keep their settings, their secret and their first day', async () => {
        const id = await install(store)
        clock.set(at(0))
        const first = await store.installations.find(id)
        await store.installations.update(id, { eventSecretHash: `hash of ${id}`, status: 'reauth_required' })
        const settings = { ...defaultSettings('Asia/Omsk', 'en'), parkedPipelines: ['3'] }
        clock.set(at(5))
        await store.installations.changeSettings(id, () => settings, 'admin')
        clock.set(at(9))
        await install(store, { id: `other-${id}`, portalKey: id })
        const again = await store.installations.findByPortal('crm', id)
        expect(again).toMatchObject({ id, status: 'active', settings, installedAt: first?.installedAt })
        expect((await store.installations.findByEventSecret('crm', `hash of ${id}`))?.id).toBe(id)
        expect(await store.installations.findByEventSecret('another', `hash of ${id}`)).toBeNull()
        expect(await store.installations.settingsLog(id)).toMatchObject([
          { changedBy: 'admin', at: at(5), change: { parkedPipelines: { before: [], after: ['3'] } } },
        ])
      })

      test('never meet, even with equal ids', async () => {
        const [one, two] = [await install(store), await install(store)]
        await store.savePage(one, page(everything()))
        await store.savePage(two, page({ deals: [deal({ title: 'Another portal' })] }))
        await store.saveDirectory(one, directory())
        await store.preferences.save(one, '7', { channel: 'email', email: 'a@example.com' })
        const before = await stampless(one)
        await store.markDeleted(two, 'deal', ['1'], at(20))
        await store.markUnseen(two, 'task', 'run-9', at(20), 1)
        await store.creditMoves(two)
        expect(await dossier(two)).toMatchObject({ title: 'Another portal', moves: [], tasks: [] })
        expect(await store.preferences.load(two, '7')).toMatchObject({ channel: 'crm', email: null })
        await store.limits.forInstallation(two).reserve('portal', { burst: 1, perSecond: 1 })
        await store.singleUse.spend(two, 'ticket', 'x', at(60))
        await store.installations.purge(two)
        expect(await stampless(one)).toEqual(before)
        expect(Object.values(await store.storedRows(two)).every(count => count === 0)).toBe(true)
        expect(await store.installations.find(two)).toBeNull()
        for (const table of ['limits', 'single_use', 'task_deals', 'fact_changes', 'feeds'] as const) {
          const left = await store.db
            .selectFrom(table)
            .selectAll()
            .where('installation_id', '=', two)
            .execute()
          expect(left, table).toEqual([])
        }
      })

      test('are forgotten when their time has come', async () => {
        const id = await install(store)
        await store.installations.update(id, { status: 'uninstalled', purgeAfter: at(100) })
        expect(await store.installations.duePurge(at(99))).not.toContain(id)
        expect(await store.installations.duePurge(at(100))).toContain(id)
      })
    })

    describe('snapshots', () => {
      const info = (minutes: number) => ({
        asOf: at(minutes),
        builtAt: at(minutes + 1),
        rulesVersion: '1',
        coverage: 0.75,
        isReconstructed: false,
      })
      const row = (index: number) => ({ dealId: String(index), title: `Deal “${index}”` }) as DealRow
      const manyRows = Array.from({ length: 30_000 }, (_, index) => row(index))

      test('come back whole, large parts in pieces', async () => {
        const id = await install(store)
        const evidence = { '7': { total: 1, items: [] }, '8': { total: 0, items: [] } }
        const parts: Partial<SnapshotParts> = {
          deals: manyRows,
          flags: [],
          summary: { openDeals: 3 } as SnapshotParts['summary'],
          'evidence:M01': evidence,
        }
        await store.snapshots.save(id, info(0), parts)
        expect(await store.snapshots.part(id, at(0), 'deals')).toEqual(manyRows)
        expect(await store.snapshots.part(id, at(0), 'flags')).toEqual([])
        expect(await store.snapshots.part(id, at(0), 'summary')).toEqual({ openDeals: 3 })
        expect(await store.snapshots.part(id, at(0), 'evidence:M01')).toEqual(evidence)
        expect(await store.snapshots.part(id, at(0), 'scores')).toBeNull()
        const pieces = await collect(store.snapshots.rows(id, at(0), 'deals'))
        expect(pieces.length).toBeGreaterThan(1)
        expect(pieces.flat()).toEqual(manyRows)
      })

      test('are read whole while others are put in their place', async () => {
        const id = await install(store)
        const versions = [manyRows, manyRows.slice(0, Math.floor(manyRows.length / 3))]
        await store.snapshots.save(id, info(0), { deals: versions[0]! })
        let isOver = false
        const saving = (async () => {
          for (let turn = 1; turn <= 6; turn++)
            await store.snapshots.save(id, info(0), { deals: versions[turn % 2]! })
          isOver = true
        })()
        while (!isOver) {
          const read = await store.snapshots.part(id, at(0), 'deals')
          expect(versions.map(rows => rows.length)).toContain(read?.length)
        }
        await saving
      })

      test('of the same instant replace each other, and are found by time', async () => {
        const id = await install(store)
        await store.snapshots.save(id, info(0), { deals: [row(1)], flags: [] })
        await store.snapshots.save(id, info(60), { deals: [row(2)] })
        await store.snapshots.save(id, { ...info(0), coverage: null }, { deals: [row(3)] })
        expect((await store.snapshots.list(id)).map(one => one.asOf)).toEqual([at(60), at(0)])
        expect(await store.snapshots.find(id, at(0))).toMatchObject({ coverage: null, isPartial: false })
        expect(await store.snapshots.part(id, at(0), 'deals')).toEqual([row(3)])
        expect(await store.snapshots.part(id, at(0), 'flags')).toBeNull()
        expect((await store.snapshots.latest(id))?.asOf).toEqual(at(60))
        expect((await store.snapshots.atOrBefore(id, at(59)))?.asOf).toEqual(at(0))
        expect(await store.snapshots.atOrBefore(id, at(-1))).toBeNull()
      })

      test('grow thin and disappear with age', async () => {
        const id = await install(store)
        for (const minutes of [0, 10, 20])
          await store.snapshots.save(id, info(minutes), { deals: [row(1)], metrics: [] })
        const rule = { dropBefore: at(10), thinBefore: at(20), keepParts: ['metrics'] as const }
        expect(await store.snapshots.prune(id, rule)).toBe(1)
        expect((await store.snapshots.list(id)).map(one => one.isPartial)).toEqual([false, true])
        expect(await store.snapshots.part(id, at(10), 'deals')).toBeNull()
        expect(await store.snapshots.part(id, at(10), 'metrics')).toEqual([])
        expect(await store.snapshots.part(id, at(0), 'metrics')).toBeNull()
      })
    })

    describe('the rest', () => {
      test('preferences are patched, and have defaults', async () => {
        const id = await install(store)
        expect(await store.preferences.load(id, '7')).toMatchObject({ digest: true, channel: 'crm' })
        await store.preferences.save(id, '7', {})
        await store.preferences.save(id, '7', { channel: 'telegram', telegramChatId: '55' })
        await store.preferences.save(id, '7', { digest: false })
        const stored = { digest: false, channel: 'telegram', telegramChatId: '55', email: null }
        expect(await store.preferences.load(id, '7')).toMatchObject(stored)
        expect((await store.preferences.all(id)).get('7')).toMatchObject(stored)
      })

      test('the journal forgets old writes, but never the last word on a deal', async () => {
        const id = await install(store)
        const write = (entryId: string, kind: string, dealId: string) =>
          store.journal.plan(id, [{ entryId, batchId: 'b', kind, dealId }])
        await write('m1', 'mark', '1')
        await write('t1', 'task', '1')
        await write('m2', 'mark', '2')
        clock.set(new Date(clock.now().getTime() + 60_000))
        await write('m3', 'mark', '1')
        expect((await store.journal.lastWords(id)).map(({ entryId }) => entryId).toSorted()).toEqual([
          'm2',
          'm3',
          't1',
        ])
        await store.journal.prune(clock.now())
        expect((await store.journal.list(id)).map(({ entryId }) => entryId).toSorted()).toEqual([
          'm2',
          'm3',
          't1',
        ])
      })

      test('the journal tells what was planned, done and undone', async () => {
        const id = await install(store)
        await store.journal.plan(id, [
          {
            entryId: 'e1',
            batchId: 'b1',
            kind: 'mark',
            dealId: '1',
            before: { mark: null },
            after: { mark: 'stale' },
          },
          { entryId: 'e2', batchId: 'b2', kind: 'mark', dealId: '2' },
        ])
        await store.journal.applied(id, 'e1')
        await store.journal.undone(id, 'e1')
        await store.journal.failed(id, 'e2', 'refused')
        expect(await store.journal.list(id, { batchId: 'b1' })).toMatchObject([
          { entryId: 'e1', before: { mark: null }, after: { mark: 'stale' }, undoneAt: expect.any(Date) },
        ])
        expect(await store.journal.list(id)).toHaveLength(2)
      })

      test('dossiers come in batches in order of id, or only those asked for', async () => {
        const id = await install(store)
        const deals = Array.from({ length: 25 }, (_, index) => deal({ id: String(index) }))
        const activities = deals.map(one => activity({ id: one.id, dealId: one.id }))
        await store.savePage(
          id,
          page({
            deals,
            activities,
            stageMoves: deals.map(one => move({ id: one.id, dealId: one.id, stageId: `S${one.id}` })),
          }),
        )
        const batches = await collect(store.facts.dossiers(id, { batch: 10 }))
        expect(batches.map(batch => batch.length)).toEqual([10, 10, 5])
        const all = batches.flat()
        expect(all.map(one => one.id)).toEqual(deals.map(one => one.id).toSorted())
        for (const { id: dealId, activities, moves } of all)
          expect([activities[0]?.id, moves[0]?.stageId]).toEqual([dealId, `S${dealId}`])
        const some = await collect(store.facts.dossiers(id, { batch: 2, dealIds: ['3', '24', '7', 'none'] }))
        expect(some.flat()).toEqual(all.filter(one => ['3', '24', '7'].includes(one.id)))
        // A caller who has seen enough leaves nothing hanging.
        for await (const batch of store.facts.dossiers(id, { batch: 5 })) if (batch.length > 0) break
        expect(await store.facts.dataUntil(id)).toEqual(at(0))
      })

      test('statements of many connections do not mix, whatever their length', async () => {
        const long = 'x'.repeat(300_000)
        const ask = async (index: number): Promise<void> => {
          const pool = index % 3 ? store.pool : other.pool
          const text = index % 2 ? long + index : `short ${index}`
          const { rows } = await (index % 2
            ? pool.query<{ t: string }>('select $1::text as t', [text])
            : pool.query<{ t: string }>('select $2::text as t, $1::int as i', [index, text]))
          expect(rows[0]?.t === text).toBe(true)
        }
        await Promise.all(Array.from({ length: 80 }, (_, index) => ask(index)))
      })

      test('whole numbers are numbers and instants are dates', async () => {
        const { rows } = await store.pool.query(
          `select 5::int8 as whole, timestamptz '2026-03-29 01:59:59.007Z' as instant, timestamptz 'infinity' as never`,
        )
        expect(rows[0]).toEqual({
          whole: 5,
          instant: new Date('2026-03-29T01:59:59.007Z'),
          never: Number.POSITIVE_INFINITY,
        })
      })

      test('the planner hears of a portal long before its first reading is over', async () => {
        const id = await install(store)
        const known = async () => {
          const { rows } = await store.pool.query<{ vals: string | null }>(
            `select most_common_vals::text as vals from pg_stats
             where tablename = 'stage_moves' and attname = 'installation_id'`,
          )
          return rows[0]?.vals?.includes(id) ?? false
        }
        const moves = (from: number, count: number) =>
          Array.from({ length: count }, (_, index) =>
            move({ id: `m${from + index}`, dealId: `${from + index}`, at: at(index) }),
          )
        await store.savePage(id, page({ stageMoves: moves(0, 500) }))
        expect(await known()).toBe(false)
        await store.savePage(id, page({ stageMoves: moves(500, 1500) }))
        expect(await known()).toBe(true)
      })

      test('the database answers, and can be swept while it is used', async () => {
        await store.ping()
        await Promise.all([store.maintain(), other.ping()])
      })
    })
  })
}
