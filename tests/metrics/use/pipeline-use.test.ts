import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { collectPipelineUse, pipelineClass } from '../../../src/metrics/use/pipeline-use.ts'
import { stageKey } from '../../../src/metrics/world.ts'
import type { Dossier } from '../../../src/records/facts.ts'
import type { PipelineUseRow } from '../../../src/snapshot/document.ts'
import { aDeal, at, aWorld, FRIDAY } from '../catalogue/portal.ts'

const DAY = 86_400_000
const NAMES = ['SALES', 'TENDERS', 'OLD', 'EMPTY', 'NEW']
const outcomes = { OPEN: 'open', WON: 'won', LOST: 'lost' } as const

const world = (more: Parameters<typeof aWorld>[0] = {}) =>
  aWorld({
    pipelines: new Map([...NAMES, 'GONE'].map(id => [id, { id, name: id, isListed: id !== 'GONE' }])),
    stages: new Map(
      NAMES.flatMap(pipelineId =>
        Object.entries(outcomes).map(([stageId, outcome], order) => [
          stageKey(pipelineId, stageId),
          { pipelineId, stageId, name: stageId, order, outcome, isListed: true },
        ]),
      ),
    ),
    ...more,
  })

type Step = readonly [pipelineId: string, stageId: keyof typeof outcomes, when: string]

const deal = (id: string, steps: readonly Step[], owner: string | null = 'anna'): Dossier => {
  const plain = aDeal({ id, owner, path: steps.map(([, , when]) => ['NEW', when] as const) })
  const moves = plain.moves.map((move, index) => {
    const [pipelineId, stageId] = steps[index]!
    return { ...move, pipelineId, stageId, outcome: outcomes[stageId] }
  })
  return { ...plain, moves, current: { ...plain.current, ...moves.at(-1)!, movedAt: moves.at(-1)!.at } }
}

const useOf = (dossiers: readonly Dossier[], of = world()): Map<string, PipelineUseRow> => {
  const collector = collectPipelineUse(of)
  for (const dossier of dossiers) collector.add(dossier)
  return new Map(collector.finish().map(row => [row.pipelineId, row]))
}
const ids = (deals: readonly { id: string }[] | undefined) => deals?.map(({ id }) => id)

describe('the use of pipelines', () => {
  test('counts who entered, who stands there, who was decided and who works, each with its deals', () => {
    const rows = useOf([
      deal('old-open', [['SALES', 'OPEN', '2026-03-01']]),
      deal(
        'moved',
        [
          ['SALES', 'OPEN', '2026-03-01'],
          ['SALES', 'OPEN', '2026-11-10'],
        ],
        'boris',
      ),
      deal('won', [
        ['SALES', 'OPEN', '2026-10-01'],
        ['SALES', 'WON', '2026-11-01'],
      ]),
      deal(
        'lost',
        [
          ['SALES', 'OPEN', '2026-10-02'],
          ['SALES', 'LOST', '2026-11-02'],
        ],
        null,
      ),
      deal('passed-on', [
        ['SALES', 'OPEN', '2026-10-05'],
        ['TENDERS', 'OPEN', '2026-11-05'],
      ]),
      { ...deal('template', [['SALES', 'OPEN', '2026-11-01']]), isTemplate: true },
    ])
    const sales = rows.get('SALES')
    expect(ids(sales?.enteredDeals)).toEqual(['passed-on', 'lost', 'won'])
    expect(ids(sales?.openDeals)).toEqual(['moved', 'old-open'])
    expect(ids(sales?.decidedDeals)).toEqual(['lost', 'won'])
    expect(ids(sales?.workedDeals)).toEqual(['moved', 'passed-on', 'lost', 'won'])
    expect(sales).toMatchObject({ entered: 3, openNow: 2, decided: 2, worked: 4, people: 2, share: 0.75 })
    expect(sales).toMatchObject({ lastAt: '2026-10-05T12:00:00.000Z', lastDeal: { id: 'passed-on' } })
    expect(sales?.win).toMatchObject({ value: 0.5 })
    expect(sales?.win?.low).toBeGreaterThan(0.05)
    expect(sales?.win?.high).toBeLessThan(0.95)
    expect(rows.get('TENDERS')).toMatchObject({ entered: 1, openNow: 1, share: 0.25, decided: 0, win: null })
    expect(rows.has('GONE')).toBe(false)
  })

  test('a deal that comes back enters once, and one that only waited long enters no more', () => {
    const rows = useOf([
      deal('there-and-back', [
        ['SALES', 'OPEN', '2026-10-01'],
        ['TENDERS', 'OPEN', '2026-10-10'],
        ['SALES', 'OPEN', '2026-10-20'],
      ]),
      deal('waiting', [['SALES', 'OPEN', '2026-05-01']]),
    ])
    expect(rows.get('SALES')).toMatchObject({ entered: 1, openNow: 2, worked: 1 })
  })

  test('a pipeline is used, rare, asleep, never used or too young, and says when it was put aside', () => {
    const busy = Array.from({ length: 30 }, (_, index) =>
      deal(`s${index}`, [['SALES', 'OPEN', '2026-10-01']]),
    )
    const first = deal('first', [['SALES', 'LOST', '2025-10-01']])
    const rows = useOf(
      [
        first,
        ...busy,
        deal('t0', [['TENDERS', 'OPEN', '2026-02-01']]),
        deal('t1', [['TENDERS', 'OPEN', '2026-10-01']]),
        deal('o', [['OLD', 'OPEN', '2026-02-01']]),
        deal('n', [['NEW', 'OPEN', '2026-11-01']]),
      ],
      world({ settings: { parkedPipelines: ['OLD'] } }),
    )
    expect([...rows].map(([id, { class: use, isParked }]) => [id, use, isParked])).toEqual([
      ['SALES', 'used', false],
      ['TENDERS', 'rare', false],
      ['OLD', 'asleep', true],
      ['EMPTY', 'never', false],
      ['NEW', 'early', false],
    ])
    expect(rows.get('EMPTY')).toMatchObject({ lastAt: null, lastDeal: null, win: null, people: 0 })
    // A history of three weeks says nothing of any pipeline.
    const young = useOf([], world({ historyStart: FRIDAY - 21 * DAY }))
    expect(new Set([...young.values()].map(row => row.class))).toEqual(new Set(['early']))
  })

  test('twenty deals in ninety days are work of its own beside a crowd', () => {
    const facts = { ageMs: 400 * DAY, historyMs: 500 * DAY, share: 0.01, worked: 30 }
    expect(pipelineClass({ ...facts, entered: 20 })).toBe('used')
    expect(pipelineClass({ ...facts, entered: 19 })).toBe('rare')
    expect(pipelineClass({ ...facts, entered: 2, share: 0.5 })).toBe('rare')
    expect(pipelineClass({ ...facts, entered: 0, worked: 0 })).toBe('asleep')
  })

  test('its figures agree with a walk over the deals, in whatever order they come', () => {
    const step = fc.tuple(
      fc.constantFrom(...NAMES.slice(0, 3)),
      fc.constantFrom('OPEN', 'WON', 'LOST'),
      fc.integer({ min: 1, max: 200 }),
    )
    const paths = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { maxLength: 12 })
    fc.assert(
      fc.property(paths, lists => {
        const dossiers = lists.map((list, index) =>
          deal(
            `d${index}`,
            list
              .toSorted((a, b) => b[2] - a[2])
              .map(([pipeline, stage, ago]) => [
                pipeline,
                stage as keyof typeof outcomes,
                new Date(FRIDAY - ago * DAY).toISOString().slice(0, 16),
              ]),
          ),
        )
        const since = at('2026-11-20T23:59') - 90 * DAY
        const rows = useOf(dossiers)
        for (const id of NAMES) {
          const comesIn = ({ moves }: Dossier) =>
            moves.some(
              (move, index) =>
                move.pipelineId === id && moves[index - 1]?.pipelineId !== id && move.at >= since,
            )
          const last = ({ moves }: Dossier) => moves.at(-1)!
          const standing = dossiers.filter(one => last(one).pipelineId === id)
          expect(rows.get(id)).toMatchObject({
            entered: dossiers.filter(comesIn).length,
            openNow: standing.filter(one => last(one).outcome === 'open').length,
            decided: standing.filter(one => last(one).outcome !== 'open' && last(one).at >= since).length,
          })
        }
        const backwards = useOf(dossiers.toReversed())
        for (const id of NAMES) expect(backwards.get(id)?.enteredDeals).toEqual(rows.get(id)?.enteredDeals)
      }),
      { numRuns: 60 },
    )
  })
})
