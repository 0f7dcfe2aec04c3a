import { describe, expect, test } from 'vitest'
import type { Clock } from '../../src/clock.ts'
import { silentLogger } from '../../src/logger.ts'
import { designsAt } from '../../src/metrics/history/designed-graph.ts'
import type { Dossier } from '../../src/records/facts.ts'
import type { Settings } from '../../src/records/settings.ts'
import { startAdoption } from '../../src/snapshot/adoption-weeks.ts'
import { type BuildInput, buildSnapshot } from '../../src/snapshot/build.ts'
import { compareSnapshots } from '../../src/snapshot/compare.ts'
import { computeSnapshots } from '../../src/snapshot/compute.ts'
import type { SnapshotParts } from '../../src/snapshot/document.ts'
import { buildHistory, weekEnds } from '../../src/snapshot/history.ts'
import { createSnapshotReader } from '../../src/snapshot/read.ts'
import { rulesVersionOf } from '../../src/snapshot/rules-version.ts'
import { dealsOf, directoryOf, END, type Memory, memoryStore, portal, unpackParts } from './generate.ts'

const DAY = 86_400_000
const clock: Clock = { now: () => new Date(END + DAY), sleep: async () => {} }

const inputOf = (store: Memory, installedAt?: Date): BuildInput => ({
  store,
  installationId: 'one',
  ...(installedAt === undefined ? {} : { installedAt }),
  can: { pastActors: false, deadlineHistory: false, invoices: true },
  log: silentLogger,
  clock,
})

const partsOf = (store: Memory, asOf: Date): SnapshotParts => {
  const saved = store.saved.get(asOf.toISOString())
  if (saved === undefined) throw new Error(`no snapshot of ${asOf.toISOString()}`)
  return saved.parts
}

const build = async (dossiers: readonly Dossier[], asOf = new Date(END), installedAt?: Date) => {
  const store = memoryStore(() => dossiers)
  await buildSnapshot({ ...inputOf(store, installedAt), asOf })
  return partsOf(store, asOf)
}

const DEALS = [...dealsOf(400, 5)]

const NOTHING = { dealBytes: 0, looseItems: 0 }

/** Two weeks of the made-up portal in one build. */
const twoWeeks = async (how: {
  keep?: { dealBytes: number; looseItems: number }
  manyDeals?: number
}): Promise<SnapshotParts[]> => {
  const store = memoryStore(() => DEALS)
  const stream = { dossiers: () => store.facts.dossiers('one'), loose: () => store.facts.loose('one') }
  const worlds = {
    directory: directoryOf(5),
    portal: portal(),
    can: { pastActors: false, deadlineHistory: false, invoices: true, calls: true },
    historyStart: END - 700 * DAY,
    asOfs: [END - 7 * DAY, END],
  }
  const all: SnapshotParts[] = []
  for await (const { parts } of computeSnapshots({ stream, worlds, evidenceLimit: 100, ...how }))
    all.push(await unpackParts(parts))
  return all
}

describe('a snapshot', () => {
  test('has every part of the contract, and its rows belong to deals open at the instant', async () => {
    const parts = await build(DEALS)
    const open = DEALS.filter(({ moves }) => moves.findLast(({ at }) => at <= END)?.outcome === 'open')
    expect(parts.deals.map(({ dealId }) => dealId)).toEqual(open.map(({ id }) => id).sort())
    expect(parts.summary).toMatchObject({
      openDeals: open.length,
      weekFrom: '2026-11-16',
      weekTo: '2026-11-22',
    })
    const known = new Set(parts.deals.map(({ dealId }) => dealId))
    expect(parts.flags.every(({ dealId }) => known.has(dealId))).toBe(true)
    expect(parts.stages.length).toBe(9)
    expect(parts.variants.length).toBeGreaterThan(0)
    expect(parts.curves.length).toBeGreaterThan(0)
    expect(new Set(parts.metrics.map(({ windowDays }) => windowDays))).toEqual(new Set([7, 28]))
    expect(new Set(parts.metrics.map(({ scope }) => scope))).toEqual(new Set(['employee', 'team', 'company']))
    for (const metric of [
      'score',
      'coverage',
      'M01',
      'M02',
      'M03',
      'M09',
      'M11',
      'M13',
      'M13.dead',
      'M16',
      'M19',
    ])
      expect(parts.metrics.some(row => row.metric === metric && row.scope === 'company')).toBe(true)
  })

  test('a stage for requests that nobody has taken is no step of the designed road', async () => {
    const directory = directoryOf(5)
    const first = directory.stages[0]!
    const incoming = { ...first, id: 'incoming', name: 'Incoming', sort: -10, isIncoming: true as const }
    const store = memoryStore(() => DEALS, {
      directory: { ...directory, stages: [...directory.stages, incoming] },
    })
    await buildSnapshot({ ...inputOf(store), asOf: new Date(END) })
    const parts = partsOf(store, new Date(END))
    const plain = await build(DEALS)
    expect(parts.variants).toEqual(plain.variants)
    expect(parts.stages).toEqual(plain.stages)
  })

  test('tells how the set-up is used since the installation, and nothing of it before', async () => {
    const { rollout, catalogue, fields } = await build(DEALS)
    expect(rollout?.fields?.map(({ field }) => field)).toEqual(['BUDGET', 'NEED', 'SOURCE'])
    expect(rollout?.stages.filter(({ entered }) => entered > 0).length).toBeGreaterThan(5)
    expect(rollout?.mvp?.[0]).toMatchObject({ pipelineId: 'P', basis: 'own' })
    expect(rollout?.adoption).toMatchObject({ launchedOn: '2026-10-24' })
    expect(fields.every(({ filled, total, fillRate }) => fillRate === filled / total)).toBe(true)
    const early = await build(DEALS, new Date(END - 40 * DAY))
    expect(early.rollout).toBeUndefined()
    const off = Object.fromEntries(
      [...catalogue, ...early.catalogue.map(state => ({ ...state, metric: `early ${state.metric}` }))].map(
        ({ metric, offReason }) => [metric, offReason],
      ),
    )
    expect(off['early M30']).toBe('not_in_past')
    expect(off['M30']).not.toBe('not_in_past')
  })

  test('built twice from the same base is the same to the letter', async () => {
    const [one, two] = [await build(DEALS), await build(DEALS)]
    expect(JSON.stringify(two)).toBe(JSON.stringify(one))
  })

  test('is the same whether the living deals were kept in memory or read again', async () => {
    const [kept, again] = [await twoWeeks({}), await twoWeeks({ keep: NOTHING })]
    expect(kept[0]?.deals.length).toBeGreaterThan(0)
    expect(again).toEqual(kept)
  })

  test('is the same whether another thread judged the deals and worked out what the history says or not', async () => {
    const [alone, helped] = [await twoWeeks({}), await twoWeeks({ manyDeals: 1 })]
    expect(alone[1]?.curves.length).toBeGreaterThan(0)
    expect(alone[1]?.processGroups?.length).toBeGreaterThan(0)
    expect(helped).toEqual(alone)
    // Deals that are too many to keep are judged here, by what the thread says.
    expect(await twoWeeks({ manyDeals: 1, keep: NOTHING })).toEqual(alone)
  })

  test('uses nothing that happened after its instant', async () => {
    const asOf = new Date(END - 10 * DAY)
    const before = await build(DEALS, asOf)
    const now = END - 2 * DAY
    const changed = DEALS.map(dossier => ({
      ...dossier,
      // The first was made before the instant and read after it.
      edits: [
        { at: asOf.getTime() - DAY, knownAt: now, by: dossier.createdBy! },
        { at: now, knownAt: now, by: dossier.createdBy! },
      ],
      versions: [
        ...dossier.versions,
        { ...dossier.versions[0]!, observedAt: now, responsibleId: 'u0', amount: 1 },
      ],
      moves: [
        ...dossier.moves.filter(({ at }) => at <= asOf.getTime()),
        ...(dossier.moves[0]!.at <= asOf.getTime()
          ? [
              {
                ...dossier.moves[0]!,
                id: 'later',
                at: now,
                stageId: 'LOST',
                outcome: 'lost' as const,
                isCreation: false,
              },
            ]
          : dossier.moves),
      ],
      deletedAt: now,
    }))
    expect(JSON.stringify(await build(changed, asOf))).toBe(JSON.stringify(before))
  })

  test('takes undated facts as first observed before the first sync, and says so', async () => {
    const early = await build(DEALS, new Date(END - 40 * DAY))
    expect(early.deals.length).toBeGreaterThan(0)
    expect(early.deals.every(({ isFirstObserved }) => isFirstObserved)).toBe(true)
    const now = await build(DEALS)
    expect(now.deals.every(({ isFirstObserved }) => !isFirstObserved)).toBe(true)
  })

  test('opens every number of the last week into its items', async () => {
    const parts = await build(DEALS)
    for (const metric of ['M09', 'M13', 'M16', 'M20']) {
      const evidence = parts[`evidence:${metric}`]
      const people = parts.metrics.filter(
        row => row.metric === metric && row.scope === 'employee' && row.windowDays === 7,
      )
      expect(people.length).toBeGreaterThan(0)
      for (const { scopeId } of people) expect(evidence?.[scopeId]?.items.length).toBeGreaterThan(0)
    }
  })

  test('adds teams and the company from the sums of their people', async () => {
    const { metrics } = await build(DEALS)
    const rows = metrics.filter(row => row.metric === 'M09' && row.windowDays === 7)
    const sum = (scope: string, of: 'numerator' | 'denominator') =>
      rows.filter(row => row.scope === scope).reduce((total, row) => total + (row[of] ?? 0), 0)
    const company = rows.find(({ scope }) => scope === 'company')
    expect(company?.denominator).toBe(sum('employee', 'denominator'))
    expect(company?.value).toBeCloseTo(sum('employee', 'numerator') / sum('employee', 'denominator'))
  })
})

test('proof that somebody asked for begins a new series, whatever the order of the stages', () => {
  const { settings } = portal()
  const rule = (stageId: string) => ({ pipelineId: 'P', stageId, proof: 'invoice' as const })
  const one = rulesVersionOf({ ...settings, stageRules: [rule('PAY'), rule('WON')] })
  expect(rulesVersionOf({ ...settings, stageRules: [rule('WON'), rule('PAY')] })).toBe(one)
  const versions = [settings, { ...settings, stageRules: [] }, { ...settings, stageRules: [rule('PAY')] }]
  expect(new Set([one, ...versions.map(rulesVersionOf)]).size).toBe(4)
})

test('a design begins a new series once it is in force, and an earlier instant knows nothing of it', () => {
  const { settings } = portal()
  const designs = {
    P: [{ from: '2026-11-20T10:00:00.000Z', edges: [['NEW', 'WON'] as [string, string]] }],
  }
  const at = (asOf: string) => rulesVersionOf({ ...settings, designs: designsAt(designs, Date.parse(asOf)) })
  expect(at('2026-11-20T09:59:59Z')).toBe(rulesVersionOf(settings))
  expect(at('2026-11-20T10:00:00Z')).not.toBe(rulesVersionOf(settings))
})

test('a snapshot of an instant before a design was drawn stays as it was', async () => {
  const asOf = new Date(END)
  const builtWith = async (from: Date | null) => {
    const own = portal()
    const designs: Settings['designs'] =
      from === null ? {} : { P: [{ from: from.toISOString(), edges: [['NEW', 'MEET']] }] }
    const store = memoryStore(() => DEALS, { portal: { ...own, settings: { ...own.settings, designs } } })
    await buildSnapshot({ ...inputOf(store), asOf })
    return store.saved.get(asOf.toISOString())
  }
  const plain = await builtWith(null)
  expect(await builtWith(new Date(END + 1))).toEqual(plain)
  const drawn = await builtWith(new Date(END))
  expect(drawn?.snapshot.rulesVersion).not.toBe(plain?.snapshot.rulesVersion)
  expect(drawn?.parts.process).not.toEqual(plain?.parts.process)
  expect(drawn?.parts.designs).toHaveLength(1)
})

describe('the history of the first day', () => {
  test('ends weeks on Sunday night in the portal’s zone', () => {
    const calendar = { ...portal().settings.calendar, timeZone: 'Europe/Moscow' }
    const ends = weekEnds(calendar, new Date('2026-11-24T10:00:00Z'), 12)
    expect(ends).toHaveLength(12)
    expect(ends.at(-1)?.toISOString()).toBe('2026-11-22T20:59:59.999Z')
    expect(ends[0]?.toISOString()).toBe('2026-09-06T20:59:59.999Z')
  })

  test('tells twelve reconstructed weeks from one set of metrics', async () => {
    const installedAt = new Date(END)
    const store = memoryStore(() => [...dealsOf(1500, 5)])
    const saved = await buildHistory({ ...inputOf(store, installedAt), now: installedAt })
    expect(saved).toHaveLength(12)
    expect(saved.every(({ isReconstructed }) => isReconstructed)).toBe(true)
    const sets = saved.map(({ asOf }) => {
      const company = partsOf(store, asOf).scores.find(({ scope }) => scope === 'company')
      expect(company?.value).not.toBeNull()
      expect(company?.isReconstructed).toBe(true)
      return company?.pillars
        .flatMap(({ metrics }) => metrics)
        .filter(({ offReason }) => offReason === null)
        .map(({ metric }) => metric)
        .join()
    })
    expect(new Set(sets).size).toBe(1)
    expect(sets[0]?.split(',').length).toBeGreaterThanOrEqual(3)
  })

  test('leaves out weeks before anything was recorded', async () => {
    const store = memoryStore(() => DEALS, { historyStart: END - 30 * DAY })
    expect((await buildHistory({ ...inputOf(store), now: new Date(END) })).length).toBe(5)
  })

  test('a week of the history equals the snapshot built for that instant alone', async () => {
    const store = memoryStore(() => DEALS)
    await buildHistory({ ...inputOf(store), now: new Date(END + DAY) })
    const [asOf] = weekEnds(portal().settings.calendar, new Date(END + DAY), 1)
    const alone = await build(DEALS, asOf)
    expect(partsOf(store, asOf!).metrics).toEqual(alone.metrics)
    expect(partsOf(store, asOf!).deals).toEqual(alone.deals)
  })
})

describe('reading back', () => {
  test('the newest snapshot of a week speaks for it, and a week with workdays ahead is partial', async () => {
    const store = memoryStore(() => DEALS)
    const input = inputOf(store)
    for (const day of ['2026-11-15T23:00:00Z', '2026-11-18T23:00:00Z', '2026-11-19T02:00:00Z'])
      await buildSnapshot({ ...input, asOf: new Date(day) })
    const reader = createSnapshotReader(store, async () => portal().settings.calendar)
    const weeks = await reader.weeks('one', new Date('2026-11-19T02:00:00Z'))
    expect(weeks).toHaveLength(12)
    expect(weeks.slice(-2)).toMatchObject([
      { from: '2026-11-09', asOf: '2026-11-15T23:00:00.000Z', isPartial: false },
      { from: '2026-11-16', asOf: '2026-11-19T02:00:00.000Z', isPartial: true },
    ])
    expect(weeks[0]).toMatchObject({ asOf: null, isPartial: false })
    expect(weeks.at(-1)?.scores.get('company:company')?.scope).toBe('company')
  })

  test('on Monday morning the week that has ended is spoken of', async () => {
    const store = memoryStore(() => DEALS)
    const input = inputOf(store)
    const monday = new Date('2026-11-23T02:00:00Z')
    await buildSnapshot({ ...input, asOf: monday })
    expect(partsOf(store, monday).summary).toMatchObject({ weekFrom: '2026-11-16', weekTo: '2026-11-22' })
    const weeks = await createSnapshotReader(store, async () => portal().settings.calendar).weeks(
      'one',
      monday,
    )
    expect(weeks.at(-1)).toMatchObject({ from: '2026-11-16', isPartial: false })
  })

  test('a rebuilt snapshot is read anew', async () => {
    const store = memoryStore(() => DEALS.slice(0, 100))
    const input = inputOf(store)
    const asOf = new Date(END)
    await buildSnapshot({ ...input, asOf })
    const reader = createSnapshotReader(store, async () => portal().settings.calendar)
    const first = await reader.part('one', asOf, 'deals')
    const more = memoryStore(() => DEALS)
    await buildSnapshot({
      ...inputOf(more),
      store: { ...more, snapshots: store.snapshots },
      clock: { ...clock, now: () => new Date(END + 2 * DAY) },
      asOf,
    })
    expect((await reader.part('one', asOf, 'deals'))?.length).toBeGreaterThan(first?.length ?? 0)
  })

  test('what changed since last week: moved on, won, cleared and newly red', () => {
    const deal = (dealId: string, stageId: string, level: 'none' | 'red') => ({
      dealId,
      pipelineId: 'P',
      stageId,
      level,
      responsibleId: 'anna',
      amount: 1,
      currency: 'RUB',
    })
    const closed = (dealId: string, outcome: 'won' | 'lost', closedAt: string) => ({
      ...deal(dealId, outcome, 'none'),
      outcome,
      closedAt,
    })
    const stages = ['NEW', 'CALL'].map(stageId => ({ pipelineId: 'P', stageId }))
    const changes = compareSnapshots(
      {
        asOf: new Date('2026-11-15T00:00:00Z'),
        parts: {
          deals: [
            deal('on', 'NEW', 'none'),
            deal('back', 'CALL', 'none'),
            deal('fixed', 'NEW', 'red'),
            deal('lost', 'NEW', 'red'),
            deal('won', 'NEW', 'red'),
            deal('still', 'NEW', 'red'),
          ],
        },
      } as never,
      {
        deals: [
          deal('on', 'CALL', 'none'),
          deal('back', 'NEW', 'red'),
          deal('fixed', 'NEW', 'none'),
          deal('still', 'NEW', 'red'),
          deal('fresh', 'CALL', 'red'),
        ],
        closed: [
          closed('won', 'won', '2026-11-18T00:00:00Z'),
          closed('lost', 'lost', '2026-11-18T00:00:00Z'),
          closed('early', 'won', '2026-11-10T00:00:00Z'),
        ],
        stages,
      } as never,
    )
    const ids = (list: { dealId: string }[]) => list.map(({ dealId }) => dealId)
    expect(ids(changes.movedForward)).toEqual(['on'])
    expect(ids(changes.won)).toEqual(['won'])
    expect(ids(changes.cleared)).toEqual(['fixed', 'lost'])
    expect(ids(changes.newRed)).toEqual(['back', 'fresh'])
  })
})

test('the adoption curve starts in the week of the launch, and with each person’s own first week', async () => {
  const store = memoryStore(() => [])
  const settings = { ...portal().settings, rolloutStartedOn: '2026-10-28' }
  const weeks: [string, Record<string, number | null>][] = [
    ['2026-10-25T23:00:00Z', { anna: 90, boris: 90 }],
    ['2026-11-01T23:00:00Z', { anna: 50, boris: 72, vera: 40 }],
    ['2026-11-08T23:00:00Z', { anna: 75, boris: 60, vera: 45 }],
    ['2026-11-15T23:00:00Z', { anna: 80, boris: 71, gleb: 90 }],
    ['2026-11-22T23:00:00Z', { anna: 60, boris: 70, gleb: 90 }],
  ]
  const base = { builtAt: new Date(END), rulesVersion: '1', coverage: 1, isReconstructed: false }
  for (const [asOf, values] of weeks) {
    const scores = Object.entries(values).map(([scopeId, value]) => ({ scope: 'employee', scopeId, value }))
    await store.snapshots.save('one', { ...base, asOf: new Date(asOf) }, { scores } as never)
  }
  const adoption = startAdoption({ store, installationId: 'one', portal: { ...portal(), settings } })
  const last = new Date('2026-11-22T23:00:00Z')
  const { scores } = store.saved.get(last.toISOString())!.parts
  const { curve: rows } = await adoption({ ...base, asOf: last }, { scores, catalogue: [] })
  // Gleb in his own week 0, Anna in week 1, Boris in week 2; Vera was last seen in week 1 and leaves after 0.
  expect(rows.map(({ tDays, atRisk, events }) => [tDays, atRisk, events])).toEqual([
    [0, 4, 1],
    [5, 2, 1],
    [10, 1, 1],
  ])
})

test('a person’s first tidying, habit and last score open the snapshots of those weeks', async () => {
  const store = memoryStore(() => [])
  const settings = { ...portal().settings, rolloutStartedOn: '2026-10-20' }
  const burst = (excess: number) => ({ excess, isSignal: excess > 0.2 })
  const weeks = [
    ['2026-10-25T23:00:00Z', 50, burst(0)],
    ['2026-11-01T23:00:00Z', 72, burst(0.5)],
    ['2026-11-08T23:00:00Z', 75, burst(0.1)],
    ['2026-11-15T23:00:00Z', 80, burst(0)],
    ['2026-11-22T23:00:00Z', 81, burst(-0.1)],
  ] as const
  const base = { builtAt: new Date(END), rulesVersion: '1', coverage: 1, isReconstructed: false }
  const scoresOf = (value: number, of: unknown) =>
    [{ scope: 'employee', scopeId: 'anna', value, burst: of }] as unknown as SnapshotParts['scores']
  for (const [asOf, value, of] of weeks)
    await store.snapshots.save('one', { ...base, asOf: new Date(asOf) }, {
      scores: scoresOf(value, of),
    } as never)
  const adoption = startAdoption({ store, installationId: 'one', portal: { ...portal(), settings } })
  const last = { ...base, asOf: new Date('2026-11-22T23:00:00Z') }
  const told = (offReason: string | null, of: unknown = burst(0)) =>
    adoption(last, { scores: scoresOf(81, of), catalogue: [{ metric: 'M26', offReason, coverage: null }] })
  const { use } = await told(null)
  expect(use.burstOff).toBeNull()
  expect(use.people[0]).toMatchObject({
    habitWeek: 1,
    habitAsOf: '2026-11-01T23:00:00.000Z',
    lastScore: 81,
    lastAsOf: '2026-11-22T23:00:00.000Z',
    tidying: { week: 1, judged: 5, mayBeEarlier: false, asOf: '2026-11-01T23:00:00.000Z' },
    steady: { week: 2, judged: 5, mayBeEarlier: false, asOf: '2026-11-08T23:00:00.000Z' },
  })
  const silent = await told('no_planerka', null)
  expect(silent.use.burstOff).toBe('no_planerka')
  expect(silent.use.people[0]?.steady).toEqual({ week: null, judged: 4, mayBeEarlier: true, asOf: null })
})

test('a week of habit stays where it was, however long ago the launch', async () => {
  const store = memoryStore(() => [])
  const settings = { ...portal().settings, rolloutStartedOn: '2025-12-29' }
  const base = { builtAt: new Date(END), rulesVersion: '1', coverage: 1, isReconstructed: false }
  const first = Date.parse('2026-01-04T23:00:00Z')
  const adoption = startAdoption({ store, installationId: 'one', portal: { ...portal(), settings } })
  const told = []
  for (let week = 0; week < 40; week++) {
    const snapshot = { ...base, asOf: new Date(first + week * 7 * DAY) }
    const burst = { excess: week === 2 ? 0.5 : 0, isSignal: week === 2 }
    const value = week < 5 ? 50 : 80
    const scores = [{ scope: 'employee', scopeId: 'anna', value, burst }] as never
    told.push((await adoption(snapshot, { scores, catalogue: [] })).use.people[0])
    await store.snapshots.save('one', snapshot, { scores } as never)
  }
  const milestones = { habitWeek: 5, tidying: { week: 2 }, steady: { week: 5 } }
  expect(told[8]).toMatchObject(milestones)
  expect(told.at(-1)).toMatchObject({ ...milestones, from: '2025-12-29', weeks: 40 })
})
