import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pointAt } from '../../src/widget/logic/arc-layout.ts'
import { designKey, disagreementsOf, layDraft, shownEdges } from '../../src/widget/logic/design.ts'
import { drawMap } from '../../src/widget/logic/map-geometry.ts'
import { fitWords, fontFor, NODE_FONT_MIN, NODE_INSET } from '../../src/widget/logic/node-fit.ts'
import { drawPath } from '../../src/widget/logic/path-picture.ts'
import { heatOf, layOut, type PipelineView, passesDesign } from '../../src/widget/logic/process-map.ts'
import { designOf, edge, process } from './mock-process.ts'

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

  test('names the move off a drawn design that most deals make, a step of the old road too', () => {
    const drawn = new Set(['QUAL OFFER', 'OFFER INVOICE', 'NEW QUAL'])
    const edges = sales.edges.map(one => ({
      ...one,
      isDesigned: drawn.has(`${one.fromStageId} ${one.toStageId}`) || one.toStageId === 'LOSE',
    }))
    const map = layOut({ ...sales, edges }, 0.02)
    expect([map.main?.fromStageId, map.main?.toStageId, map.main?.kind]).toEqual(['QUAL', 'SURVEY', 'road'])
    const plain = layOut(sales, 0.02)
    expect(passesDesign(plain, plain.main!)).toBe(true)
    expect(
      passesDesign(map, map.arcs.find(one => one.fromStageId === 'NEW') ?? { ...plain.main!, from: 0 }),
    ).toBe(false)
    // A deviation that is drawn last by its deals is drawn nevertheless.
    const stages = Array.from({ length: 9 }, (_, index) => ({ ...sales.stages[0]!, stageId: `S${index}` }))
    const many = Array.from({ length: 8 }, (_, index) => ({
      ...edge('S0', `S${index + 1}`, 200 - index),
      isDesigned: index < 7,
    }))
    const crowded = layOut({ ...sales, stages, edges: many }, 0)
    expect(crowded.main?.toStageId).toBe('S8')
    expect(crowded.arcs[0]).toBe(crowded.main)
  })

  test('names the stage where deals stay longest, unless none stands out', () => {
    const map = layOut(sales, 0.02)
    expect(map.slowest?.stageId).toBe('SURVEY')
    expect(heatOf(map.slowest!, map.nodes)).toBe(1)
    const even = { ...sales, stages: sales.stages.map(stage => ({ ...stage, medianDays: 2 })) }
    expect(layOut(even, 0.02).slowest).toBeNull()
  })

  test('leaves a stage that the CRM lists no more off the road', () => {
    const stages = sales.stages.map(stage =>
      stage.stageId === 'SURVEY' ? { ...stage, isListed: false } : stage,
    )
    const map = layOut({ ...sales, stages }, 0)
    expect(map.nodes.map(({ stageId }) => stageId)).not.toContain('SURVEY')
    expect(map.road.map(edge => edge.fromStageId + edge.toStageId)).toContain('QUALOFFER')
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

  const measure = (text: string, size: number): number => text.length * size * 0.62
  const move = fc.tuple(fc.nat(11), fc.nat(11), fc.integer({ min: 20, max: 300 }))
  const mapOf = (count: number, moves: readonly (readonly [number, number, number])[]) => {
    const stages = Array.from({ length: count }, (_, index) => ({
      ...sales.stages[0]!,
      stageId: `S${index}`,
      name: `Стадия ${index}`,
    }))
    const edges = new Map(
      moves.map(([from, to, deals]) => [
        `${from % count} ${to % count}`,
        edge(`S${from % count}`, `S${to % count}`, deals),
      ]),
    )
    return layOut({ ...sales, stages, edges: [...edges.values()] }, 0)
  }

  test('lays no label over another, over a stage or over a stranger’s arc, and always names the main one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 12 }),
        fc.array(move, { maxLength: 12 }),
        fc.integer({ min: 60, max: 200 }),
        fc.integer({ min: 700, max: 1500 }),
        (count, moves, label, width) => {
          const map = mapOf(count, moves)
          const short = 40
          const drawing = drawMap(
            map,
            width,
            () => label,
            measure,
            '',
            () => short,
          )
          const pills = drawing.arcs
            .filter(arc => arc.isLabelled)
            .map(arc => {
              const wide = arc.isShort ? short : label
              const left = Math.min(width - wide - 2, Math.max(2, arc.labelX - wide / 2))
              return { arc, left, wide, top: arc.labelY - 11 }
            })
          for (const [index, { arc, left, top, wide }] of pills.entries()) {
            expect(top).toBeGreaterThanOrEqual(0)
            expect(top + 22).toBeLessThanOrEqual(drawing.height)
            for (const other of pills.slice(index + 1))
              expect(
                left >= other.left + other.wide ||
                  other.left >= left + wide ||
                  Math.abs(top - other.top) >= 22,
                'two labels',
              ).toBe(true)
            for (const box of drawing.boxes)
              expect(
                left >= box.x + box.width ||
                  left + wide <= box.x ||
                  top >= box.y + box.height ||
                  top + 22 <= box.y,
                'a label on a stage',
              ).toBe(true)
            for (const other of drawing.arcs) {
              const [fromRow, toRow] = [
                drawing.boxes[other.edge.from]?.row,
                drawing.boxes[other.edge.to]?.row,
              ]
              if (other === arc || fromRow !== toRow) continue
              const [startX, startY, , control, , , endX] = other.path.match(/[\d.-]+/g)!.map(Number)
              const lift = ((control! - startY!) * 3) / 4
              for (let step = 0; step <= 40; step++) {
                const at = pointAt({ startX: startX!, endX: endX!, lift }, step / 40)
                const y = startY! + at.height
                expect(
                  at.x > left && at.x < left + wide && y > top && y < top + 22,
                  `an arc through a label, ${other.path}`,
                ).toBe(false)
              }
            }
          }
          const main = drawing.arcs[0]
          if (main !== undefined && drawing.boxes[main.edge.from]?.row === drawing.boxes[main.edge.to]?.row)
            expect([main.isLabelled, main.isShort]).toEqual([true, false])
        },
      ),
      { numRuns: 300 },
    )
  })

  test('breaks no word: letters get smaller, then stages go to a second row, then a word ends in an ellipsis', () => {
    const word = fc.string({ minLength: 1, maxLength: 18, unit: fc.constantFrom('а', 'К', 'ш', 'е') })
    const name = fc.array(word, { minLength: 1, maxLength: 4 }).map(words => words.join(' '))
    fc.assert(
      fc.property(
        fc.array(name, { minLength: 1, maxLength: 14 }),
        fc.integer({ min: 700, max: 1500 }),
        (names, width) => {
          const stages = names.map((text, index) => ({
            ...sales.stages[0]!,
            stageId: `S${index}`,
            name: text,
          }))
          const { boxes, font } = drawMap(
            layOut({ ...sales, stages, edges: [] }, 0),
            width,
            () => 80,
            measure,
          )
          const room = boxes[0]!.width - NODE_INSET
          expect(font).toBeGreaterThanOrEqual(NODE_FONT_MIN)
          for (const text of names)
            for (const part of fitWords(text, boxes[0]!.width, font, measure).split(' ')) {
              expect(measure(part, font)).toBeLessThanOrEqual(room + 0.01)
              if (!part.endsWith('…')) expect(text.split(' ')).toContain(part)
            }
        },
      ),
    )
  })

  test('shortens «Квалификация» by its letters’ size, not by a letter', () => {
    expect(fontFor(['Квалификация'], 103, measure)).toBe(12)
    const font = fontFor(['Квалификация'], 93, measure)!
    expect(font).toBeLessThan(12)
    expect(fitWords('Квалификация', 93, font, measure)).toBe('Квалификация')
    expect(fontFor(['Квалификация'], 60, measure)).toBeNull()
    expect(fitWords('Квалификация', 60, 10, measure)).toMatch(/^Квали\p{L}*…$/u)
  })

  test('gives a third line to names that need it, and not more', () => {
    const of = (name: string) =>
      drawMap(
        layOut({ ...sales, stages: [{ ...sales.stages[0]!, name }], edges: [] }, 0),
        900,
        () => 80,
        measure,
      )
    expect(of('Договор').lines).toBe(2)
    const long = of('Согласование договора с юристами заказчика и ещё раз с нашими')
    expect(long.lines).toBe(3)
    expect(long.boxes[0]!.height).toBe(of('Договор').boxes[0]!.height + 15)
  })

  test('draws a road small: dots on the design, a hop over what it passed, a dip where it went back', () => {
    const outcome = (id: string) => (id === 'WON' ? 'won' : id === 'LOSE' ? 'lost' : 'open') as 'won'
    const picture = drawPath(['A', 'C', 'B', 'C', 'WON'], ['A', 'B', 'C'], outcome, 220)
    expect(picture.hops.map(({ kind }) => kind)).toEqual(['short', 'back', 'road', 'road'])
    expect(picture.dots.map(({ isVisited }) => isVisited)).toEqual([true, true, true])
    expect(picture.end.state).toBe('won')
    const lost = drawPath(['A', 'LOSE'], ['A', 'B', 'C'], outcome, 220)
    expect(lost.end.state).toBe('lost')
    expect(lost.dots.map(({ isVisited }) => isVisited)).toEqual([true, false, false])
    expect(drawPath(['A'], ['A'], outcome, 220).end).toEqual({ x: 7, state: 'open' })
  })
})

describe('the designed road beside the log', () => {
  const names = (list: readonly { fromStageId: string; toStageId: string }[]) =>
    list.map(({ fromStageId, toStageId }) => `${fromStageId}>${toStageId}`)

  test('disagrees where deals go and nobody drew, and where somebody drew and nobody goes', () => {
    const found = disagreementsOf(sales)
    expect(names(found.undrawn).slice(0, 3)).toEqual(['QUAL>OFFER', 'OFFER>INVOICE', 'CONTRACT>OFFER'])
    expect(found.untaken).toEqual([])
    const design = designOf('0', sales.stages, [
      ['NEW', 'QUAL'],
      ['QUAL', 'OFFER'],
      ['OFFER', 'PAYMENT'],
    ])
    const own = disagreementsOf({ ...sales, design })
    expect(own.untaken).toEqual([['OFFER', 'PAYMENT']])
    expect(names(own.undrawn)).toContain('PAYMENT>WON')
    expect(names(own.undrawn)).not.toContain('QUAL>OFFER')
    // Losing is always allowed, a repeat is no move, and what is listed no more is unknown to the design.
    const odd = [edge('OFFER', 'LOSE', 9), edge('QUAL', 'QUAL', 4), edge('GONE', 'QUAL', 3)]
    expect(disagreementsOf({ ...sales, edges: odd }).undrawn).toEqual([])
    expect(names(disagreementsOf({ ...sales, edges: [edge('WON', 'OFFER', 2)] }).undrawn)).toEqual([
      'WON>OFFER',
    ])
  })

  test('knows several won stages as one: drawn, wiped and taken once', () => {
    const won = sales.stages.find(({ outcome }) => outcome === 'won')!
    const stages = [...sales.stages, { ...won, stageId: 'WON2', name: 'Won otherwise' }]
    const design = designOf('0', stages, [
      ['PAYMENT', 'WON'],
      ['PAYMENT', 'WON2'],
    ])
    expect(shownEdges({ stages, design })).toEqual([['PAYMENT', 'WON']])
    const edges = [edge('PAYMENT', 'WON2', 5)]
    expect(disagreementsOf({ stages, design, edges })).toEqual({ undrawn: [], untaken: [] })
  })

  test('is drawn on every neighbour, the usual moves and what was drawn or touched', () => {
    const map = layDraft(sales, new Set([designKey('NEW', 'PAYMENT'), designKey('QUAL', 'QUAL')]))
    expect(names(map.road)).toEqual([
      'NEW>QUAL',
      'QUAL>SURVEY',
      'SURVEY>OFFER',
      'OFFER>CONTRACT',
      'CONTRACT>INVOICE',
      'INVOICE>PAYMENT',
      'PAYMENT>WON',
    ])
    expect(names(map.arcs)).toContain('NEW>PAYMENT')
    expect(names(map.arcs)).toContain('QUAL>OFFER')
    expect(names(map.arcs)).not.toContain('QUAL>QUAL')
  })
})
