import request from 'supertest'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import * as schema from '../../src/http/api-schema.ts'
import { createWorld } from './fakes.ts'
import { get, sessionOf } from './session-of.ts'

const GETS: [string, z.ZodType][] = [
  ['/api/v1/me', schema.meSchema],
  ['/api/v1/sync', schema.syncSchema],
  ['/api/v1/overview', schema.overviewSchema],
  ['/api/v1/overview/changes?of=won', schema.changedDealsSchema],
  ['/api/v1/employees', z.array(schema.personSchema)],
  ['/api/v1/employees/3', schema.employeeSchema],
  ['/api/v1/deals?flagged=true', z.array(schema.dealSchema)],
  ['/api/v1/deals/101', schema.dealSchema],
  ['/api/v1/evidence?metric=M09&scope=employee&id=3', schema.evidenceSchema],
  ['/api/v1/evidence?metric=M09&scope=company', schema.evidenceSchema],
  ['/api/v1/process', schema.processSchema],
  ['/api/v1/catalogue', schema.catalogueSchema],
  ['/api/v1/theatre-check', schema.theatreCheckSchema],
  ['/api/v1/theatre-check/weeks', schema.theatreWeeksSchema],
  ['/api/v1/rollout', schema.rolloutSchema],
  ['/api/v1/rollout/deals?list=needing&pipeline=p&id=field:f', schema.rolloutDealsSchema],
  ['/api/v1/settings', schema.settingsViewSchema],
  ['/api/v1/preferences', schema.preferencesSchema],
  ['/api/v1/digest/preview', schema.digestPreviewSchema],
  ['/api/v1/digest', schema.ownDigestSchema],
]

describe('the widget’s API', () => {
  test.each(GETS)('%s answers what its schema says', async (path, answer) => {
    const response = await get(createWorld(), '1', path)
    expect(response.status).toBe(200)
    answer.parse(response.body)
  })

  test('an employee sees the team’s trend and only the own row', async () => {
    const { body } = await get(createWorld(), '3', '/api/v1/overview')
    expect(body.people.map((person: { id: string }) => person.id)).toEqual(['3'])
    expect(body.score.value).toBe(70)
    expect(body.red).toEqual({ deals: 1, amount: { RUB: 620_000 } })
    expect(body.needHelp).toEqual([])
    expect(body.changes.won.deals).toBe(0)
    expect(body.changes.movedForward.deals).toBe(1)
  })

  test('a head sees the branch and its own score, not the company’s', async () => {
    const { body } = await get(createWorld(), '2', '/api/v1/overview')
    expect(body.score.value).toBe(72)
    expect(body.people.map((person: { id: string }) => person.id).toSorted()).toEqual(['3', '4'])
    expect(body.red.deals).toBe(2)
    expect(body.needHelp).toEqual(['3'])
  })

  test('weeks behind the check of the score are shown of people whom the viewer sees; the rest are counted', async () => {
    const world = createWorld()
    const weeksOf = async (user: string) => {
      const { body } = await get(world, user, '/api/v1/theatre-check/weeks')
      return [body.weeks.map(({ personId }: { personId: string }) => personId), body.hidden]
    }
    expect(await weeksOf('1')).toEqual([['3', '5'], 0])
    expect(await weeksOf('3')).toEqual([['3'], 1])
    expect(await weeksOf('4')).toEqual([[], 2])
    expect((await get(world, '1', '/api/v1/theatre-check')).body.check.cases).toBeUndefined()
  })

  test('what changed opens the deals that were counted, of people whom the viewer sees', async () => {
    const world = createWorld()
    for (const user of ['1', '2', '3'])
      for (const of of ['movedForward', 'won', 'cleared', 'newRed']) {
        const { body } = await get(world, user, '/api/v1/overview')
        const opened = (await get(world, user, `/api/v1/overview/changes?of=${of}`)).body
        expect(opened.total).toBe(body.changes[of].deals)
        expect(opened.deals).toHaveLength(opened.total)
      }
    const one = (await get(world, '3', '/api/v1/overview/changes?of=movedForward')).body.deals[0]
    expect(one).toMatchObject({ id: '102', title: 'Сделка 102', amount: 5, currency: 'RUB' })
    expect((await get(world, '1', '/api/v1/overview/changes?of=stolen')).status).toBe(400)
    expect((await get(world, '3', '/api/v1/overview/changes?of=won&department=x')).status).toBe(404)
  })

  test('a head is offered the departments that are shown whole, and nobody else’s', async () => {
    const world = createWorld()
    const offered = async (user: string) =>
      (await get(world, user, '/api/v1/me')).body.departments.map(({ id }: { id: string }) => id)
    for (const id of await offered('2'))
      expect((await get(world, '2', `/api/v1/overview?department=${id}`)).status).toBe(200)
    expect((await offered('2')).length).toBeGreaterThan(0)
    expect((await offered('2')).length).toBeLessThan((await offered('1')).length)
  })

  test('the rollout is for administrators and for whoever heads everybody', async () => {
    const world = createWorld()
    expect((await get(world, '1', '/api/v1/me')).body.seesCompany).toBe(true)
    for (const user of ['2', '3']) {
      expect((await get(world, user, '/api/v1/me')).body.seesCompany).toBe(false)
      for (const path of ['/api/v1/rollout', '/api/v1/rollout/deals?list=filled&id=f']) {
        const refused = await get(world, user, path)
        expect([refused.status, refused.body.code]).toEqual([403, 'not_allowed'])
      }
    }
  })

  test('a figure of the rollout opens into its deals with their cards', async () => {
    const world = createWorld()
    const { body } = await get(world, '1', '/api/v1/rollout')
    expect(body.fields[0]).toMatchObject({ id: 'f', class: 'used', homeName: null })
    expect(body.fields[0].deals).toBeUndefined()
    expect(body.mvp[0].left).toEqual([{ kind: 'field', id: 'f', name: 'Поле', deals: 4 }])
    expect(body.lint[0]).toMatchObject({ rule: 'no_lost_stage', pipelineName: 'Основная' })
    expect(body.adoption.people[0]).toMatchObject({ name: 'Елена Егорова', habitWeek: 2 })
    const filled = await get(world, '1', '/api/v1/rollout/deals?list=filled&id=f')
    expect(filled.body).toMatchObject({ total: 3, deals: [{ id: '101', title: 'Сделка 101' }] })
    expect(body.pipelineUse[0]).toMatchObject({ id: 'p', name: 'Основная', class: 'used', openNow: 4 })
    expect(body.pipelineUse[0].openDeals).toBeUndefined()
    const open = await get(world, '1', '/api/v1/rollout/deals?list=open&id=p')
    expect(open.body).toMatchObject({ total: 4, deals: [{ id: '101' }] })
    const last = await get(world, '1', '/api/v1/rollout/deals?list=last&id=p')
    expect(last.body).toMatchObject({ total: 1, deals: [{ id: '103' }] })
    const unknown = await get(world, '1', '/api/v1/rollout/deals?list=filled&id=nothing')
    expect([unknown.status, unknown.body.code]).toEqual([404, 'row_not_found'])
  })

  test('an admin sees deals that nobody owns', async () => {
    const { body } = await get(createWorld(), '1', '/api/v1/deals?flagged=true')
    expect(body.map((deal: { id: string }) => deal.id)).toContain('901')
    expect(body[0].id).toBe('101')
  })

  test.each([
    '/api/v1/employees/4',
    '/api/v1/deals?responsible=4',
    '/api/v1/deals/201',
    '/api/v1/deals/901',
    '/api/v1/evidence?metric=M09&scope=employee&id=4',
    '/api/v1/evidence?metric=M09&scope=team&id=10',
    '/api/v1/process?responsible=4',
    '/api/v1/process?department=20',
  ])('an employee is refused %s', async path => {
    const response = await get(createWorld(), '3', path)
    expect([response.status, response.body.code]).toEqual([403, 'not_visible'])
  })

  test('the evidence of the company holds only what the viewer may see', async () => {
    const world = createWorld()
    const mine = await get(world, '3', '/api/v1/evidence?metric=M09&scope=company')
    expect(mine.body.items.map((item: { ownerId: string }) => item.ownerId)).toEqual(['3', '3'])
    expect(mine.body.value).toBeCloseTo(1 / 3)
    const all = await get(world, '1', '/api/v1/evidence?metric=M09&scope=company')
    expect(all.body.total).toBe(3)
    expect(all.body.items.at(-1).path).toBe('/card/task/77?by=5')
  })

  test('filters narrow the deals and never widen them', async () => {
    const world = createWorld()
    const ids = async (query: string) =>
      (await get(world, '3', `/api/v1/deals?${query}`)).body.map((deal: { id: string }) => deal.id)
    expect(await ids('')).toEqual(['101', '102'])
    expect(await ids('flagged=true')).toEqual(['101'])
    expect(await ids('flagged=false')).toEqual(['102'])
    expect(await ids('flag=silence')).toEqual(['101'])
    expect(await ids('stage=s2')).toEqual([])
  })

  test('a fall of ten points outside the interval is a fall', async () => {
    const { body } = await get(createWorld(), '3', '/api/v1/employees/3')
    expect(body.person.delta).toBe(-10)
    expect(body.person.isFalling).toBe(true)
    expect(body.fixes[0].deals[0].id).toBe('101')
    expect(body.deals.map((deal: { id: string }) => deal.id)).toEqual(['101'])
  })

  test('one department is shown whole or not at all', async () => {
    const world = createWorld()
    const own = await get(world, '2', '/api/v1/overview?department=10')
    expect([own.body.score.value, own.body.people.length]).toEqual([72, 2])
    expect((await get(world, '1', '/api/v1/overview?department=20')).body.score.value).toBeNull()
    expect((await get(world, '2', '/api/v1/overview?department=20')).body.code).toBe('not_visible')
    expect((await get(world, '3', '/api/v1/overview?department=10')).body.code).toBe('not_visible')
    expect((await get(world, '1', '/api/v1/overview?department=99')).body.code).toBe('department_not_found')
  })

  test('everybody who works in the branch is an employee, deals or not', async () => {
    const ids = async (user: string) =>
      (await get(createWorld(), user, '/api/v1/employees')).body
        .map((one: { id: string }) => one.id)
        .toSorted()
    expect(await ids('1')).toEqual(['1', '2', '3', '4', '5'])
    expect(await ids('2')).toEqual(['2', '3', '4'])
    expect(await ids('3')).toEqual(['3'])
  })

  test('works before any snapshot exists', async () => {
    const world = createWorld()
    world.hasSnapshot = false
    expect((await get(world, '1', '/api/v1/sync')).status).toBe(200)
    expect((await get(world, '1', '/api/v1/me')).body.hasSnapshot).toBe(false)
    const overview = await get(world, '1', '/api/v1/overview')
    expect([overview.status, overview.body.code]).toEqual([409, 'no_snapshot_yet'])
    const employees = await get(world, '1', '/api/v1/employees')
    expect(employees.body).toHaveLength(5)
    z.array(schema.personSchema).parse(employees.body)
    expect((await get(world, '1', '/api/v1/settings')).status).toBe(200)
  })

  test('an unchanged answer is 304', async () => {
    const world = createWorld()
    const bearer = `Bearer ${await sessionOf(world, '1')}`
    const first = await request(world.app).get('/api/v1/deals').set('Authorization', bearer)
    const { etag } = first.headers
    await request(world.app)
      .get('/api/v1/deals')
      .set('Authorization', bearer)
      .set('If-None-Match', String(etag))
      .expect(304)
  })

  test('only an administrator changes settings, and only into valid ones', async () => {
    const world = createWorld()
    const patch = async (user: string, body: object) =>
      request(world.app)
        .patch('/api/v1/settings')
        .set('Authorization', `Bearer ${await sessionOf(world, user)}`)
        .send(body)
    expect((await patch('2', { digest: { heads: false } })).body.code).toBe('not_allowed')
    expect((await patch('1', { calendar: { timeZone: 'Mars/Base' } })).status).toBe(400)
    expect((await patch('1', { calendar: { timeZone: '+05:30' } })).status).toBe(400)
    expect((await patch('1', { nonsense: 1 })).body.code).toBe('invalid_value')
    const done = await patch('1', { digest: { heads: false } })
    expect(done.body.settings.digest).toEqual({ heads: false, employees: true, crmTasksAllowed: false })
  })

  test('days away, and who is not counted, are told of those whom the viewer may see', async () => {
    const world = createWorld()
    const away = (userId: string) => ({ userId, from: '2026-11-02', to: '2026-11-06' })
    await request(world.app)
      .patch('/api/v1/settings')
      .set('Authorization', `Bearer ${await sessionOf(world, '1')}`)
      .send({ absences: [away('3'), away('4'), away('5')], excludedUsers: ['4', '5'] })
    const told = async (user: string) => {
      const { settings } = (await get(world, user, '/api/v1/settings')).body
      return [settings.absences.map((one: { userId: string }) => one.userId), settings.excludedUsers]
    }
    expect(await told('3')).toEqual([['3'], []])
    expect(await told('2')).toEqual([['3', '4'], ['4']])
    expect(await told('1')).toEqual([
      ['3', '4', '5'],
      ['4', '5'],
    ])
  })

  test('a person sees the own preview, a head the branch’s', async () => {
    const world = createWorld()
    const ids = async (user: string) =>
      (await get(world, user, '/api/v1/digest/preview')).body.map((one: { userId: string }) => one.userId)
    expect(await ids('3')).toEqual(['3'])
    expect(await ids('2')).toEqual(['2', '3'])
    expect(await ids('1')).toEqual(['2', '3', '5'])
  })

  test('preferences are the viewer’s own', async () => {
    const world = createWorld()
    const token = await sessionOf(world, '3')
    const saved = await request(world.app)
      .patch('/api/v1/preferences')
      .set('Authorization', `Bearer ${token}`)
      .send({ language: 'en', theme: 'light' })
    expect(saved.body).toMatchObject({ language: 'en', theme: 'light', channels: ['crm', 'widget'] })
    expect((await get(world, '3', '/api/v1/me')).body).toMatchObject({ language: 'en', theme: 'light' })
    expect((await get(world, '4', '/api/v1/me')).body).toMatchObject({ language: 'en', theme: 'dark' })
  })

  test('messages are switched off by a signed address, by pressing or posting and never by looking', async () => {
    const world = createWorld()
    const path = '/api/v1/digest/unsubscribe?token=good'
    const isOn = async () => (await get(world, '3', '/api/v1/preferences')).body.digest
    const page = await request(world.app).get(path).set('Accept-Language', 'ru')
    expect([page.status, page.type, await isOn()]).toEqual([200, 'text/html', true])
    expect(page.text).toContain('<form method="post">')
    for (const forged of ['', 'bad', 'x'.repeat(3000)]) {
      const refused = await request(world.app).post(`/api/v1/digest/unsubscribe?token=${forged}`)
      expect([refused.status, refused.body.code]).toEqual([400, 'unsubscribe_invalid'])
    }
    expect(await isOn()).toBe(true)
    // What a mail program sends by itself.
    const done = await request(world.app).post(path).type('form').send({ 'List-Unsubscribe': 'One-Click' })
    expect([done.status, await isOn()]).toEqual([200, false])
  })

  test('a chat is linked only where the server has a bot', async () => {
    const world = createWorld()
    const token = await sessionOf(world, '3')
    const asked = await request(world.app)
      .post('/api/v1/preferences/telegram')
      .set('Authorization', `Bearer ${token}`)
    expect([asked.status, asked.body.code]).toEqual([404, 'telegram_off'])
  })
})
