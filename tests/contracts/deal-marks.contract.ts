import { expect, test } from 'vitest'
import type { Store } from '../../src/store/open-store.ts'
import { at, collect, deal, install, move, page, type testClock } from '../store/records.ts'

type Stores = { store: Store; other: Store; clock: ReturnType<typeof testClock> }

/** What every database keeps of people's words about deals. */
export const dealMarksContract = (stores: () => Stores): void => {
  const pauseOf = (dealId: string, until: number) => ({
    dealId,
    until: at(until),
    reason: 'client_asked',
    madeBy: '7',
  })

  test('a deal is paused once at a time and twice at most, whoever asks first', async () => {
    const { store, other, clock } = stores()
    const id = await install(store)
    clock.set(at(0))
    const asked = [store, other, store, other].map(one => one.dealMarks.pause(id, pauseOf('1', 60), 2))
    const made = (await Promise.all(asked)).filter(pause => pause !== null)
    expect(made).toHaveLength(1)
    expect(made[0]).toMatchObject({ dealId: '1', madeAt: at(0), until: at(60), endedAt: null })
    clock.set(at(10))
    expect(await store.dealMarks.endPause(id, made[0]!.pauseId, '5')).toMatchObject({
      endedAt: at(10),
      endedBy: '5',
    })
    expect(await store.dealMarks.endPause(id, made[0]!.pauseId, '5')).toBeNull()
    expect(await store.dealMarks.pause(id, pauseOf('1', 90), 2)).not.toBeNull()
    clock.set(at(100))
    expect(await store.dealMarks.pause(id, pauseOf('1', 190), 2)).toBeNull()
    expect(await store.dealMarks.pause(id, pauseOf('2', 190), 2)).not.toBeNull()
    expect(await store.dealMarks.findPause('elsewhere', made[0]!.pauseId)).toBeNull()
  })

  test('the flag of a stay is objected to once and answered once', async () => {
    const { store, clock } = stores()
    const id = await install(store)
    clock.set(at(5))
    const stay = { dealId: '1', stayFrom: at(0) }
    expect(await store.dealMarks.object(id, { ...stay, openedBy: '7' })).toBe(true)
    expect(await store.dealMarks.object(id, { ...stay, openedBy: '7' })).toBe(false)
    clock.set(at(6))
    const answer = { ...stay, answeredBy: '2', answer: 'normal' as const }
    expect(await store.dealMarks.answerObjection(id, answer)).toBe(true)
    expect(await store.dealMarks.answerObjection(id, { ...answer, answer: 'stands' })).toBe(false)
    expect(
      await store.dealMarks.object(id, { ...stay, stayFrom: at(3), openedBy: '2', answer: 'stands' }),
    ).toBe(true)
    expect((await store.dealMarks.ofDeals(id)).objections).toMatchObject([
      { openedAt: at(5), answeredAt: at(6), answeredBy: '2', answer: 'normal' },
      { openedAt: at(6), answeredAt: at(6), answer: 'stands' },
    ])
    expect((await store.dealMarks.ofDeals(id, ['2'])).objections).toEqual([])
  })

  test('marks are facts of their deals, and go with the installation', async () => {
    const { store, clock } = stores()
    const id = await install(store)
    await store.savePage(id, page({ deals: [deal(), deal({ id: '2' })], stageMoves: [move()] }))
    clock.set(at(20))
    await store.dealMarks.pause(id, pauseOf('1', 60), 2)
    await store.dealMarks.object(id, { dealId: '1', stayFrom: at(0), openedBy: '7' })
    const dossiers = (await collect(store.facts.dossiers(id))).flat()
    expect(dossiers.find(one => one.id === '1')).toMatchObject({
      pauses: [{ madeAt: at(20).getTime(), until: at(60).getTime(), endedAt: null }],
      objections: [{ openedAt: at(20).getTime(), answeredAt: null, answer: null }],
    })
    expect(dossiers.find(one => one.id === '2')).not.toHaveProperty('pauses')
    await store.dealMarks.choose(id, { dealIds: ['1', '2'], outcome: 'lost', chosenBy: '7' })
    await store.dealMarks.choose(id, { dealIds: ['2'], outcome: 'step', chosenBy: '2' })
    expect(await store.dealMarks.outcomes(id)).toMatchObject([
      { dealId: '1', outcome: 'lost' },
      { dealId: '2', outcome: 'step', chosenBy: '2' },
    ])
    await store.installations.purge(id)
    expect(await store.dealMarks.outcomes(id)).toEqual([])
    expect(await store.dealMarks.ofDeals(id)).toEqual({ pauses: [], objections: [] })
  })

  test('a first look goes when a whole snapshot is there', async () => {
    const { store } = stores()
    const id = await install(store)
    const save = (minutes: number, isFirstLook: boolean) =>
      store.snapshots.save(
        id,
        {
          asOf: at(minutes),
          builtAt: at(minutes),
          rulesVersion: '1',
          coverage: null,
          isReconstructed: false,
          isFirstLook,
        },
        { deals: [] },
      )
    await save(1, false)
    await save(2, true)
    await save(3, false)
    await store.snapshots.dropFirstLooks(id, at(3))
    expect((await store.snapshots.list(id)).map(({ asOf }) => asOf)).toEqual([at(3), at(1)])
  })

  test('settings stored by an earlier version are completed', async () => {
    const { store } = stores()
    const id = await install(store)
    const { settings } = (await store.installations.find(id))!
    const { targets: _, absences: __, ...older } = settings
    await store.db
      .updateTable('installations')
      .set({ settings: JSON.stringify({ ...older, stale: { dropBulk: false } }) })
      .where('installation_id', '=', id)
      .execute()
    expect((await store.installations.find(id))?.settings).toMatchObject({
      targets: {},
      absences: [],
      stale: { dropBulk: false, loosened: {} },
    })
  })
}
