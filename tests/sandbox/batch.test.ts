import { describe, expect, test } from 'vitest'
import { stagePortal } from './portal.ts'

const portal = stagePortal(120)
const page = (after: string) =>
  `crm.item.list?entityTypeId=2&start=-1&order[id]=ASC&filter[%3Eid]=${after}&select[0]=id`

describe('a batch', () => {
  test('runs its commands in turn, each seeing the results before it', async () => {
    const { body } = await portal.batch({ p0: page('0'), p1: page('$result[p0][items][49][id]') })
    const { result } = body['result']
    expect(result.p0.items[49].id).toBe(50)
    expect(result.p1.items[0].id).toBe(51)
  })

  test('turns a reference beyond a short page into the whole page, so that the next one starts over', async () => {
    const { body } = await portal.batch({
      p0: page('0'),
      p1: page('$result[p0][items][49][id]'),
      p2: page('$result[p1][items][49][id]'),
      p3: page('$result[p2][items][49][id]'),
    })
    const { result } = body['result']
    expect(result.p2.items).toHaveLength(20)
    expect(result.p3.items).toHaveLength(50)
    expect(result.p3.items[0].id).toBeLessThanOrEqual(2)
  })

  test('succeeds as a whole while commands fail inside it', async () => {
    const { status, body } = await portal.batch({
      good: 'server.time',
      bad: 'no.such.method',
      after: 'user.admin',
    })
    expect(status).toBe(200)
    expect(body['result'].result_error).toMatchObject({ bad: { error: 'ERROR_METHOD_NOT_FOUND' } })
    expect(Object.keys(body['result'].result)).toEqual(['good', 'after'])
  })

  test('stops at the first error when told to, and the rest is simply missing', async () => {
    const { body } = await portal.batch({ bad: 'no.such.method', after: 'user.admin' }, { halt: 1 })
    expect(body['result'].result).toEqual([])
    expect(Object.keys(body['result'].result_error)).toEqual(['bad'])
  })

  test('writes empty maps as lists', async () => {
    const { body } = await portal.batch({ a: 'user.admin' })
    expect(body['result']).toMatchObject({ result_error: [], result_total: [], result_next: [] })
  })

  test('answers commands given as a list with a list', async () => {
    const { body } = await portal.batch(['user.admin', 'server.time'])
    expect(body['result'].result).toHaveLength(2)
  })

  test('refuses every command after the fiftieth, and a batch inside a batch', async () => {
    const cmd = Object.fromEntries(
      Array.from({ length: 52 }, (_, n) => [`c${n}`, n === 0 ? 'batch?x=1' : 'user.admin']),
    )
    const { body } = await portal.batch(cmd)
    expect(body['result'].result_error).toMatchObject({
      c0: { error: 'ERROR_BATCH_METHOD_NOT_ALLOWED' },
      c50: { error: 'ERROR_BATCH_LENGTH_EXCEEDED' },
      c51: { error: 'ERROR_BATCH_LENGTH_EXCEEDED' },
    })
    expect(Object.keys(body['result'].result)).toHaveLength(49)
  })

  test('puts totals, offsets and times of commands beside their results', async () => {
    const { body } = await portal.batch({ all: 'crm.item.list?entityTypeId=2&select[0]=id' })
    expect(body['result'].result_total).toEqual({ all: 120 })
    expect(body['result'].result_next).toEqual({ all: 50 })
    expect(body['result'].result_time.all).toMatchObject({
      duration: expect.any(Number),
      operating: expect.any(Number),
      operating_reset_at: expect.any(Number),
    })
  })

  test('leaves a reference inside a longer text as it was written when it is not text', async () => {
    const { body } = await portal.batch({
      p0: page('0'),
      n: `im.notify.system.add?USER_ID=1&MESSAGE=${encodeURIComponent('see $result[p0][items] and $result[p0][items][0][id]')}`,
    })
    expect(body['result'].result_error).toEqual([])
    expect(portal.site.portal.notifications.rows.at(-1)?.message).toBe('see $result[p0][items] and 1')
  })
})
