import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawMap } from '../../src/widget/logic/map-geometry.ts'
import { layOut, makesMove, type PipelineView, winRate } from '../../src/widget/logic/process-map.ts'
import { namePath } from '../../src/widget/logic/process-path.ts'
import { process } from './mock-process.ts'

const sales = process.pipelines[0]!

describe('the process map', () => {
  test('tells the road, shortcuts and returns apart', () => {
    const map = layOut(sales, 0.02)
    const pairs = (kind: string) =>
      [...map.road, ...map.arcs]
        .filter(edge => edge.kind === kind)
        .map(edge => `${edge.fromStageId}>${edge.toStageId}`)
    expect(pairs('road')).toContain('PAYMENT>WON')
    expect(pairs('short')).toEqual(['QUAL>OFFER', 'OFFER>INVOICE'])
    expect(pairs('back')).toEqual(['CONTRACT>OFFER', 'OFFER>QUAL', 'INVOICE>CONTRACT'])
  })

  test('hides paths rarer than the share asked for and counts them', () => {
    expect(layOut(sales, 0.02).hidden).toBe(2)
    expect(layOut(sales, 0).hidden).toBe(0)
  })

  test('names the largest deviation, the main dead end and the share of the road', () => {
    const map = layOut(sales, 0.02)
    expect(map.main?.fromStageId).toBe('QUAL')
    expect(map.worstDeadEnd?.stageId).toBe('OFFER')
    expect(map.lostTotal).toBe(367)
    expect(map.roadShare).toBeCloseTo(391 / 649)
  })

  test('compares wins of a deviation with those of decided deals only', () => {
    const skip = sales.edges.find(edge => edge.fromStageId === 'QUAL' && edge.toStageId === 'OFFER')!
    expect(winRate(sales, makesMove(skip))).toBeCloseTo(16 / 134)
    expect(winRate(sales, () => false)).toBeNull()
  })

  test('says how a path differs from the design', () => {
    expect(
      namePath(['NEW', 'QUAL', 'SURVEY', 'OFFER', 'CONTRACT', 'INVOICE', 'PAYMENT', 'WON'], sales),
    ).toEqual({ kind: 'asDesigned' })
    expect(namePath(['NEW', 'QUAL', 'OFFER', 'CONTRACT', 'INVOICE', 'PAYMENT', 'WON'], sales)).toEqual({
      kind: 'skipped',
      stages: ['Обследование объекта'],
    })
    expect(namePath(['NEW', 'QUAL', 'SURVEY', 'OFFER', 'CONTRACT', 'OFFER'], sales)).toEqual({
      kind: 'looped',
      stages: ['КП отправлено'],
    })
    expect(namePath(['NEW', 'QUAL', 'LOSE'], sales)).toEqual({ kind: 'stopped', stages: ['Квалификация'] })
  })

  test('keeps stages apart and inside of the drawing, from one to twenty of them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 900, max: 1600 }), (count, width) => {
        const stage = sales.stages[0]!
        const pipeline: PipelineView = {
          ...sales,
          stages: Array.from({ length: count }, (_, index) => ({
            ...stage,
            stageId: `S${index}`,
            name: `S${index}`,
          })),
          edges: [],
          variants: [],
        }
        const { boxes, width: drawn } = drawMap(layOut(pipeline, 0), width)
        expect(boxes).toHaveLength(count)
        for (const box of boxes) {
          expect(box.width).toBeGreaterThanOrEqual(80)
          expect(box.x).toBeGreaterThanOrEqual(0)
          expect(box.x + box.width).toBeLessThanOrEqual(drawn)
        }
        for (const [index, box] of boxes.entries()) {
          const next = boxes[index + 1]
          if (next !== undefined && next.row === box.row)
            expect(next.x - box.x - box.width).toBeGreaterThanOrEqual(20)
        }
      }),
    )
  })

  test('never lays one label over another', () => {
    const move = fc.tuple(fc.nat(7), fc.nat(7), fc.integer({ min: 20, max: 300 }))
    fc.assert(
      fc.property(fc.array(move, { maxLength: 8 }), fc.integer({ min: 60, max: 240 }), (moves, label) => {
        const edges = new Map(
          moves.map(([from, to, deals]) => {
            const [a, b] = [sales.stages[from]!, sales.stages[to]!]
            return [
              `${from} ${to}`,
              {
                fromStageId: a.stageId,
                toStageId: b.stageId,
                deals,
                moves: deals,
                medianDays: 1,
                isDesigned: false,
                effect: null,
              },
            ]
          }),
        )
        const map = layOut({ ...sales, edges: [...edges.values()] }, 0)
        const labels = drawMap(map, 1184, () => label).arcs.filter(arc => arc.isLabelled)
        for (const [index, one] of labels.entries())
          for (const other of labels.slice(index + 1)) {
            const isApart =
              Math.abs(one.labelX - other.labelX) >= label || Math.abs(one.labelY - other.labelY) >= 22
            expect(isApart, `${one.labelX},${one.labelY} and ${other.labelX},${other.labelY}`).toBe(true)
          }
      }),
    )
  })
})
