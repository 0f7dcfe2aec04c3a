import { describe, expect, test } from 'vitest'
import type { Clock } from '../../src/clock.ts'
import { silentLogger } from '../../src/logger.ts'
import { defaultSettings } from '../../src/records/settings.ts'
import { type BuildInput, buildSnapshot, buildSnapshots, type Source } from '../../src/snapshot/build.ts'
import type { SnapshotParts } from '../../src/snapshot/document.ts'
import { rulesVersionOf } from '../../src/snapshot/rules-version.ts'
import { dealsOf, END, type Memory, memoryStore, portal } from './generate.ts'

const DAY = 86_400_000
const clock: Clock = { now: () => new Date(END + DAY), sleep: async () => {} }
const DEALS = [...dealsOf(400, 5)]
/** The same portal before its activities and tasks have come. */
const BARE = DEALS.map(deal => ({ ...deal, activities: [], tasks: [] }))

const inputOf = (store: Memory, unread?: Source[]): BuildInput => ({
  store,
  installationId: 'one',
  can: { pastActors: false, deadlineHistory: false, invoices: true },
  ...(unread === undefined ? {} : { unread: new Set(unread) }),
  log: silentLogger,
  clock,
})
const build = async (store: Memory, unread?: Source[], asOf = END): Promise<SnapshotParts> => {
  await buildSnapshot({ ...inputOf(store, unread), asOf: new Date(asOf) })
  return store.saved.get(new Date(asOf).toISOString())!.parts
}

describe('a first look while the CRM is still being read', () => {
  test('calls nobody silent and no step missing, and says what is still to come', async () => {
    const parts = await build(
      memoryStore(() => BARE),
      ['activities', 'tasks'],
    )
    expect(parts.summary.unread).toEqual(['activities', 'tasks'])
    expect(new Set(parts.flags.map(({ flag }) => flag))).toEqual(new Set(['age']))
    expect(
      parts.deals.every(({ silenceDays, clocks }) => silenceDays === null && clocks.promise === null),
    ).toBe(true)
    expect(parts.deals.length).toBeGreaterThan(0)
  })

  test('switches off what needs it, with the reason, and publishes no score', async () => {
    const parts = await build(
      memoryStore(() => BARE),
      ['activities', 'tasks'],
    )
    const reasons = new Map(parts.catalogue.map(({ metric, offReason }) => [metric, offReason]))
    for (const metric of ['M01', 'M09', 'M11', 'M13', 'M14', 'M16'])
      expect(reasons.get(metric)).toBe('not_read_yet')
    for (const metric of ['M17', 'M20', 'M21']) expect(reasons.get(metric)).not.toBe('not_read_yet')
    expect(parts.scores.length).toBeGreaterThan(0)
    for (const score of parts.scores)
      expect(score).toMatchObject({ value: null, absence: 'not_read_yet', pillars: [], fixes: [] })
    expect(
      parts.metrics.filter(({ metric }) => metric === 'score').every(({ value }) => value === null),
    ).toBe(true)
  })

  test('without it the same portal would look much worse than it is', async () => {
    const answeredOf = async (deals: typeof DEALS, unread?: Source[]): Promise<number | undefined> =>
      (
        await build(
          memoryStore(() => deals),
          unread,
        )
      ).metrics.find(
        ({ metric, scope, windowDays }) => metric === 'M16' && scope === 'company' && windowDays === 7,
      )?.value ?? undefined
    expect(await answeredOf(DEALS)).toBeGreaterThan(0)
    expect(await answeredOf(BARE)).toBe(0)
    expect(await answeredOf(BARE, ['activities'])).toBeUndefined()
  })

  test('is marked, and asked to go once a whole snapshot is there', async () => {
    const store = memoryStore(() => DEALS)
    const dropped: Date[] = []
    const watched: Memory = {
      ...store,
      snapshots: { ...store.snapshots, dropFirstLooks: async (_, before) => void dropped.push(before) },
    }
    await build(watched, ['tasks'], END - DAY)
    expect(store.saved.get(new Date(END - DAY).toISOString())?.snapshot.isFirstLook).toBe(true)
    expect(dropped).toEqual([])
    await build(watched)
    expect(dropped).toEqual([new Date(END)])
  })
})

describe('flags of sixty days ago', () => {
  test('are looked at from the snapshot stored then, whichever instant is built with it', async () => {
    const store = memoryStore(() => DEALS)
    const asOfs = [END - 61 * DAY, END - 7 * DAY, END].map(at => new Date(at))
    await buildSnapshots({ ...inputOf(store), asOfs })
    const [first, middle, last] = asOfs.map(asOf => store.saved.get(asOf.toISOString())!.parts)
    expect([first?.flagcheck, middle?.flagcheck]).toEqual([undefined, undefined])
    const check = last?.flagcheck
    const flagged = first!.deals.filter(({ level }) => level === 'red').length
    expect(check).toMatchObject({
      flaggedAt: asOfs[0]!.toISOString(),
      isReconstructed: true,
      red: { deals: flagged },
      normal: 0,
    })
    expect(check!.red.moved).toBeLessThanOrEqual(flagged)
    expect(check!.unflagged.deals).toBeGreaterThan(0)
  })
})

describe('accepted rules', () => {
  const settings = defaultSettings('UTC', 'ru')

  test('start a new series, and the same rules are the same version', () => {
    const own = rulesVersionOf({ ...settings, targets: { M09: 0.8, M13: 0.2 } })
    expect(own).not.toBe(rulesVersionOf(settings))
    expect(rulesVersionOf({ ...settings, targets: { M13: 0.2, M09: 0.8 } })).toBe(own)
    expect(rulesVersionOf({ ...settings, stale: { dropBulk: true, loosened: { 'P/NEW': 1.5 } } })).not.toBe(
      own,
    )
  })

  test('an easier target gives more points', async () => {
    const pointsWith = async (targets: Record<string, number>): Promise<number> => {
      const own = portal(new Date(END - 300 * DAY))
      const store = memoryStore(() => DEALS, { portal: { ...own, settings: { ...own.settings, targets } } })
      const { scores } = await build(store)
      const company = scores.find(({ scope }) => scope === 'company')
      return (
        company?.pillars.flatMap(({ metrics }) => metrics).find(({ metric }) => metric === 'M13')?.points ??
        Number.NaN
      )
    }
    const [usual, easy, wrong] = [
      await pointsWith({}),
      await pointsWith({ M13: 0.6 }),
      await pointsWith({ M13: 0.9 }),
    ]
    expect(easy).toBeGreaterThan(usual)
    // On the far side of the floor it is no target.
    expect(wrong).toBe(usual)
  })
})
