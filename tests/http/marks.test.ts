import request from 'supertest'
import { describe, expect, test } from 'vitest'
import * as schema from '../../src/http/api-schema.ts'
import type { SnapshotParts } from '../../src/snapshot/document.ts'
import { createWorld, type World } from './fakes.ts'
import { get, sessionOf } from './session-of.ts'

/** Deals of the fakes: 101 is Elena's (3), 201 Pavel's (4), 501 another department's, 901 nobody's; 2 is the head. */

const post = async (world: World, user: string, path: string, body: object = {}): Promise<request.Response> =>
  request(world.app)
    .post(path)
    .set('Authorization', `Bearer ${await sessionOf(world, user)}`)
    .send(body)

const pause = { until: '2026-12-04', reason: 'client_asked' }
const flagged = async (world: World, user: string): Promise<string[]> => {
  const { body } = await get(world, user, '/api/v1/deals?flagged=true')
  return body.map(({ id }: { id: string }) => id)
}

describe('a pause', () => {
  test('is made by the owner, takes the deal off the list and is told with who made it', async () => {
    const world = createWorld()
    const made = await post(world, '3', '/api/v1/pauses', { dealIds: ['101'], ...pause })
    expect(made.body).toEqual({ done: ['101'], refused: [] })
    expect(await flagged(world, '2')).toEqual(['201'])
    const held = await get(world, '2', '/api/v1/deals?hold=paused')
    expect(held.body).toMatchObject([
      {
        id: '101',
        pausesLeft: 1,
        pause: {
          reason: 'client_asked',
          madeBy: '3',
          madeByName: 'Елена Егорова',
          until: '2026-12-04T20:59:59.999Z',
        },
      },
    ])
    const card = schema.dealCardSchema.parse((await get(world, '3', '/api/v1/deals/101')).body)
    expect(card).toMatchObject({ canMark: true, canAnswer: false })
    expect(card.journal).toMatchObject([{ what: 'paused', by: '3', reason: 'client_asked' }])
  })

  test('is ended early by the head, and a deal has two of them', async () => {
    const world = createWorld()
    for (const left of [1, 0]) {
      await post(world, '2', '/api/v1/pauses', { dealIds: ['101'], ...pause })
      const { body } = await get(world, '2', '/api/v1/deals/101')
      expect(body.pausesLeft).toBe(left)
      const again = await post(world, '2', '/api/v1/pauses', { dealIds: ['101'], ...pause })
      expect([again.status, again.body.code]).toEqual([409, left === 0 ? 'no_pauses_left' : 'already_paused'])
      expect((await post(world, '2', `/api/v1/pauses/${body.pause.id}/end`)).status).toBe(200)
      const twice = await post(world, '2', `/api/v1/pauses/${body.pause.id}/end`)
      expect([twice.status, twice.body.code]).toEqual([404, 'pause_not_found'])
    }
    expect(await flagged(world, '2')).toContain('101')
    const { body } = await get(world, '2', '/api/v1/deals/101')
    expect(body.journal.map(({ what }: { what: string }) => what).toSorted()).toEqual([
      'pause_ended',
      'pause_ended',
      'paused',
      'paused',
    ])
  })

  test.each([
    [{ until: '2027-02-01', reason: 'client_asked' }, 400, 'pause_too_long'],
    [{ until: '2026-11-20', reason: 'client_asked' }, 400, 'pause_in_past'],
    [{ until: '2026-12-01', reason: 'I am busy' }, 400, 'invalid_value'],
    [{ until: 'soon', reason: 'client_asked' }, 400, 'invalid_value'],
  ])('%o is refused and changes nothing', async (wish, status, code) => {
    const world = createWorld()
    const answer = await post(world, '3', '/api/v1/pauses', { dealIds: ['101'], ...wish })
    expect([answer.status, answer.body.code]).toEqual([status, code])
    expect(await flagged(world, '3')).toEqual(['101'])
  })

  test('of a list tells deal by deal what could not be done', async () => {
    const world = createWorld()
    const answer = await post(world, '2', '/api/v1/pauses', { dealIds: ['101', '201', '501', '7'], ...pause })
    expect(answer.body).toEqual({
      done: ['101', '201'],
      refused: [
        { dealId: '501', code: 'not_visible' },
        { dealId: '7', code: 'deal_not_found' },
      ],
    })
    const foreign = await post(world, '3', '/api/v1/pauses', { dealIds: ['201'], ...pause })
    expect([foreign.status, foreign.body.code]).toEqual([403, 'not_visible'])
  })
})

describe('an objection to a flag', () => {
  test('waits for the head, whose "normal" takes the deal off the list', async () => {
    const world = createWorld()
    expect((await post(world, '3', '/api/v1/objections', { dealIds: ['101'] })).body.done).toEqual(['101'])
    const again = await post(world, '3', '/api/v1/objections', { dealIds: ['101'] })
    expect([again.status, again.body.code]).toEqual([409, 'already_objected'])
    expect(await flagged(world, '2')).toContain('101')
    const open = await get(world, '2', '/api/v1/deals?hold=disputed')
    expect(open.body).toMatchObject([
      { id: '101', objection: { state: 'open', openedByName: 'Елена Егорова' } },
    ])

    const own = await post(world, '3', '/api/v1/objections/answer', { dealIds: ['101'], answer: 'normal' })
    expect([own.status, own.body.code]).toEqual([403, 'not_allowed'])
    await post(world, '2', '/api/v1/objections/answer', { dealIds: ['101'], answer: 'normal' })
    expect(await flagged(world, '2')).toEqual(['201'])
    const { body } = await get(world, '3', '/api/v1/deals/101')
    expect(body.objection).toMatchObject({ state: 'normal', answeredByName: 'Роман Руководитель' })
  })

  test('that nobody answers holds the flag for five working days only', async () => {
    const world = createWorld()
    await post(world, '3', '/api/v1/objections', { dealIds: ['101'] })
    world.clock.move(8 * 86_400_000)
    const { body } = await get(world, '3', '/api/v1/deals/101')
    expect(body.objection).toMatchObject({ state: 'open', holdsUntil: null })
    expect((await get(world, '2', '/api/v1/deals?hold=any')).body).toEqual([])
  })

  test('is for flagged deals, and a flag that stands holds nothing', async () => {
    const world = createWorld()
    const fine = await post(world, '3', '/api/v1/objections', { dealIds: ['102'] })
    expect([fine.status, fine.body.code]).toEqual([409, 'not_flagged'])
    await post(world, '2', '/api/v1/objections/answer', { dealIds: ['201'], answer: 'stands' })
    expect(await flagged(world, '2')).toContain('201')
    const twice = await post(world, '2', '/api/v1/objections/answer', { dealIds: ['201'], answer: 'normal' })
    expect([twice.status, twice.body.code]).toEqual([409, 'already_answered'])
  })
})

/** The same portal in its first two weeks. */
const duringAmnesty = (): World => {
  const world = createWorld()
  const { snapshots } = world.deps
  const part: typeof snapshots.part = async (id, asOf, name) => {
    const found = await snapshots.part(id, asOf, name)
    if (name !== 'summary' || found === null) return found
    const summary = { ...(found as SnapshotParts['summary']), isAmnesty: true, amnestyUntil: '2026-12-06' }
    return summary as typeof found
  }
  return createWorld({ snapshots: { ...snapshots, part } })
}

describe('the first two weeks', () => {
  test('offer five outcomes for each red deal, and "later" pauses it', async () => {
    const world = duringAmnesty()
    await post(world, '2', '/api/v1/amnesty/outcomes', { dealIds: ['101'], outcome: 'lost' })
    const bare = await post(world, '2', '/api/v1/amnesty/outcomes', { dealIds: ['201'], outcome: 'later' })
    expect([bare.status, bare.body.code]).toEqual([400, 'until_required'])
    await post(world, '2', '/api/v1/amnesty/outcomes', { dealIds: ['201'], outcome: 'later', ...pause })
    const { body } = await get(world, '2', '/api/v1/amnesty')
    expect(schema.amnestySchema.parse(body)).toMatchObject({
      isOn: true,
      until: '2026-12-06',
      red: { deals: 2 },
      decided: { deals: 2 },
      outcomes: [
        { dealId: '101', outcome: 'lost', byName: 'Роман Руководитель' },
        { dealId: '201', outcome: 'later' },
      ],
    })
    expect(await flagged(world, '2')).toEqual(['101'])
  })

  test('show nobody’s weeks but the own ones', async () => {
    const world = duringAmnesty()
    const weeksOf = async (viewer: string, id: string): Promise<(number | null)[]> => {
      const { body } = await get(world, viewer, '/api/v1/employees')
      return body
        .find((person: { id: string }) => person.id === id)
        .weeks.map(({ value }: { value: number | null }) => value)
    }
    expect((await weeksOf('2', '3')).every(value => value === null)).toBe(true)
    expect((await weeksOf('3', '3')).some(value => value !== null)).toBe(true)
  })

  test('are over some day', async () => {
    const answer = await post(createWorld(), '2', '/api/v1/amnesty/outcomes', {
      dealIds: ['101'],
      outcome: 'lost',
    })
    expect([answer.status, answer.body.code]).toEqual([409, 'amnesty_over'])
  })
})

describe('what is published about the figures themselves', () => {
  test('a score and its coverage open into their metrics and the deals that would lift it', async () => {
    const world = createWorld()
    for (const metric of ['score', 'coverage']) {
      const { status, body } = await get(world, '2', `/api/v1/evidence?metric=${metric}&scope=employee&id=3`)
      expect(status).toBe(200)
      const evidence = schema.evidenceSchema.parse(body)
      expect(evidence.value).toBe(metric === 'score' ? 55 : 0.82)
      expect(evidence.parts?.length).toBeGreaterThan(0)
    }
    expect((await get(world, '3', '/api/v1/evidence?metric=score&scope=employee&id=4')).status).toBe(403)
    expect((await get(world, '3', '/api/v1/evidence?metric=score&scope=team&id=20')).status).toBe(403)
  })

  test('how good flags and chances are here is told to everybody', async () => {
    schema.flagQualitySchema.parse((await get(createWorld(), '3', '/api/v1/flag-quality')).body)
  })
})
