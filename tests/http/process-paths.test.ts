import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { graphOfRows } from '../../src/http/api/process-design.ts'
import { pathNamer, pathsOf } from '../../src/http/api/process-paths.ts'
import { conformanceCost } from '../../src/metrics/history/conformance.ts'
import { stageKey } from '../../src/metrics/world.ts'
import { worldOf } from '../metrics/statistics/portal.ts'

const stages = ['NEW', 'QUAL', 'SURVEY', 'OFFER', 'PAYMENT', 'WON', 'LOSE', 'OLD'].map(stageId => ({
  stageId,
  outcome: stageId === 'WON' ? ('won' as const) : stageId === 'LOSE' ? ('lost' as const) : ('open' as const),
  isListed: stageId !== 'OLD',
}))
const design = graphOfRows('p', stages, null)
const kind = (path: string, graph = design) => pathNamer(stages, graph)(path.split(' '))
const road = (path: string, won: number, lost: number, conformanceCost: number) => ({
  path: path.split(' '),
  deals: won + lost,
  won,
  lost,
  open: 0,
  medianDays: 3,
  conformanceCost,
})

describe('the paths of the process', () => {
  test('are named against the design', () => {
    expect(kind('NEW QUAL SURVEY OFFER PAYMENT WON')).toEqual({ kind: 'asDesigned', stageIds: [] })
    expect(kind('NEW QUAL OFFER PAYMENT WON')).toEqual({ kind: 'skipped', stageIds: ['SURVEY'] })
    expect(kind('NEW QUAL SURVEY QUAL SURVEY')).toEqual({ kind: 'looped', stageIds: ['QUAL'] })
    expect(kind('NEW QUAL LOSE')).toEqual({ kind: 'asDesigned', stageIds: [] })
    expect(kind('ELSEWHERE NEW QUAL')).toEqual({ kind: 'foreign', stageIds: [] })
    expect(kind('LOSE')).toEqual({ kind: 'skipped', stageIds: ['NEW'] })
    expect(kind('NEW LOSE QUAL')).toEqual({ kind: 'looped', stageIds: ['QUAL'] })
    // A stage that is listed no more is neither on the road nor beside it.
    expect(kind('NEW OLD QUAL')).toEqual({ kind: 'asDesigned', stageIds: [] })
  })

  test('are named against a drawn design where there is one', () => {
    const drawn = graphOfRows('p', stages, {
      edges: [
        ['NEW', 'QUAL'],
        ['QUAL', 'OFFER'],
        ['OFFER', 'QUAL'],
        ['OFFER', 'PAYMENT'],
        ['PAYMENT', 'WON'],
      ],
    })
    expect(kind('NEW QUAL OFFER PAYMENT WON', drawn)).toEqual({ kind: 'asDesigned', stageIds: [] })
    // A return that was drawn is none, and losing is allowed from anywhere.
    expect(kind('NEW QUAL OFFER QUAL LOSE', drawn)).toEqual({ kind: 'asDesigned', stageIds: [] })
    expect(kind('NEW QUAL SURVEY OFFER', drawn)).toEqual({ kind: 'strayed', stageIds: ['SURVEY', 'OFFER'] })
    expect(kind('NEW OFFER', drawn)).toEqual({ kind: 'skipped', stageIds: ['QUAL'] })
    expect(kind('NEW QUAL NEW', drawn)).toEqual({ kind: 'looped', stageIds: ['NEW'] })
  })

  test('are as designed exactly where the cheapest edit costs nothing, whatever was drawn', () => {
    const ids = ['NEW', 'QUAL', 'SURVEY', 'OFFER', 'won', 'lost', 'lost2']
    const world = worldOf({ p: ids.join(' '), q: 'X won lost' }, 0)
    const own = [...world.stages.values()].filter(({ pipelineId }) => pipelineId === 'p')
    const stage = fc.constantFrom(...ids, 'X')
    const edges = fc.array(fc.tuple(fc.constantFrom(...ids), fc.constantFrom(...ids)), { maxLength: 8 })
    fc.assert(
      fc.property(fc.array(stage, { minLength: 1, maxLength: 8 }), edges, (path, drawn) => {
        const graph = graphOfRows('p', own, { edges: drawn })
        const cost = conformanceCost(
          path.map(id => stageKey(id === 'X' ? 'q' : 'p', id)),
          graph,
        )
        expect(pathNamer(own, graph)(path).kind === 'asDesigned').toBe(cost === 0)
      }),
      { numRuns: 500 },
    )
  })

  test('are compared with the road from where they left it', () => {
    const roads = [
      road('NEW QUAL SURVEY OFFER PAYMENT WON', 40, 0, 0),
      road('NEW QUAL SURVEY LOSE', 0, 40, 0),
      // Lost before there was anything to skip: it says nothing of the shortcut.
      road('NEW LOSE', 0, 500, 0),
      road('NEW QUAL OFFER LOSE', 0, 30, 1),
      road('NEW QUAL OFFER PAYMENT WON', 10, 0, 1),
      road('NEW QUAL SURVEY OFFER QUAL LOSE', 0, 12, 1),
      road('NEW QUAL SURVEY OFFER WON', 9, 0, 1),
    ]
    const paths = pathsOf(roads, stages, design, () => null)
    const of = (key: string) => paths.find(path => path.key === key)
    expect(of('skipped>SURVEY')).toMatchObject({
      deals: 40,
      roads: 2,
      sample: ['NEW', 'QUAL', 'OFFER', 'LOSE'],
      effect: { won: 10, decided: 40, mainWon: 40, mainDecided: 80, verdict: 'less' },
    })
    // Back from the offer: with those on the road that came as far as the offer.
    expect(of('looped>QUAL')?.effect).toMatchObject({ won: 0, decided: 12, mainWon: 40, mainDecided: 40 })
    // Who skips the last stage has won by definition.
    expect(of('skipped>PAYMENT')?.effect).toBeNull()
    expect(of('asDesigned')).toMatchObject({ deals: 580, won: 40, roads: 3, effect: null })
    expect(paths.map(({ deals }) => deals)).toEqual([580, 40, 12, 9])
  })
})
