import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import qs from 'qs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DEAL } from '../../src/sandbox/bitrix24/state/dictionaries.ts'
import { EMPLOYEE, type Loose, stagePortal } from './portal.ts'

const portal = stagePortal(5)
let server: Server
let handler = ''
let heard: { path: string; type: string; body: Loose }[] = []

beforeAll(async () => {
  server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', chunk => chunks.push(chunk))
    req.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      heard.push({
        path: req.url ?? '',
        type: req.headers['content-type'] ?? '',
        body: qs.parse(text, { depth: 6 }),
      })
      res.end('ok')
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  portal.sandbox.bitrix24.setAppOrigin(origin)
  handler = `${origin}/bitrix24/events`
  for (const event of [
    'ONCRMDEALADD',
    'ONCRMDEALUPDATE',
    'ONCRMDEALDELETE',
    'ONCRMDEALMOVETOCATEGORY',
    'ONTASKADD',
    'ONAPPUNINSTALL',
    'ONAPPUPDATE',
    'ONAPPINSTALL',
  ])
    await portal.ask('event.bind', { event, handler })
})
afterAll(() => server.close())
beforeEach(() => {
  heard = []
})
const settled = async () => {
  await portal.site.events.settled()
  return heard
}

describe('events', () => {
  test('arrive as forms, with the token of whoever acted', async () => {
    portal.site.acts.updateItem(DEAL, 1, { stageId: 'WORK' }, EMPLOYEE)
    const [event] = await settled()
    expect(event?.type).toBe('application/x-www-form-urlencoded')
    expect(event?.body).toMatchObject({
      event: 'ONCRMDEALUPDATE',
      data: { FIELDS: { ID: '1' } },
      auth: {
        member_id: portal.site.portal.memberId,
        application_token: portal.site.installed()!.applicationToken,
        domain: portal.site.portal.domain,
      },
    })
    const who = await fetch(
      `${portal.site.portal.clientEndpoint}profile?auth=${event!.body.auth.access_token}`,
    )
    expect(((await who.json()) as Loose).result.ID).toBe(String(EMPLOYEE))
  })

  test('carry no token when a robot acted', async () => {
    portal.site.acts.updateItem(DEAL, 1, { title: 'Робот был здесь' }, null)
    const [event] = await settled()
    expect(event?.body.auth).not.toHaveProperty('access_token')
    expect(event?.body.auth.application_token).toBeTruthy()
  })

  test('come for changes made through REST as well, and not for saves without a change', async () => {
    await portal.ask('crm.item.update', { entityTypeId: 2, id: 2, fields: { title: 'Иначе' } })
    await portal.ask('crm.item.update', { entityTypeId: 2, id: 2, fields: { title: 'Иначе' } })
    expect((await settled()).map(({ body }) => body.event)).toEqual(['ONCRMDEALUPDATE'])
  })

  test('say where a deal went when it changes the pipeline', async () => {
    portal.site.acts.updateItem(DEAL, 3, { categoryId: 3 }, EMPLOYEE)
    const moved = (await settled()).find(({ body }) => body.event === 'ONCRMDEALMOVETOCATEGORY')
    expect(moved?.body.data.FIELDS).toEqual({ ID: '3', CATEGORY_ID: '3', STAGE_ID: 'C3:NEW' })
  })

  test('write the word undefined where a task has no fields', async () => {
    portal.site.acts.addTask({ title: 'Дело', responsibleId: EMPLOYEE }, EMPLOYEE)
    const [event] = await settled()
    expect(event?.body.data).toMatchObject({
      FIELDS_BEFORE: 'undefined',
      FIELDS_AFTER: { ID: expect.any(String) },
    })
  })

  test('can be lost, doubled, renamed, forged and sent in bursts', async () => {
    const { temper } = portal.site.portal
    temper.events = 'off'
    portal.site.acts.updateItem(DEAL, 1, { title: 'Потеряно' }, EMPLOYEE)
    expect(await settled()).toEqual([])
    temper.events = 'on'
    temper.eventCopies = 2
    temper.eventNames = 'camel'
    portal.site.acts.updateItem(DEAL, 1, { title: 'Дважды' }, EMPLOYEE)
    expect((await settled()).map(({ body }) => body.event)).toEqual(['onCrmDealUpdate', 'onCrmDealUpdate'])
    temper.eventCopies = 1
    temper.eventNames = 'upper'
    heard = []
    portal.site.sendEvent('ONCRMDEALUPDATE', { FIELDS: { ID: 1 } }, { application_token: 'forged' })
    expect((await settled())[0]?.body.auth.application_token).toBe('forged')
    heard = []
    for (let n = 0; n < 300; n++) portal.site.sendEvent('ONCRMDEALUPDATE', { FIELDS: { ID: n } })
    expect(await settled()).toHaveLength(300)
  })

  test('are refused for unknown names and doubled bindings, and can be unbound', async () => {
    expect((await portal.ask('event.bind', { event: 'ONNONSENSE', handler })).body['error']).toBe(
      'ERROR_EVENT_NOT_FOUND',
    )
    const again = await portal.ask('event.bind', { event: 'ONCRMDEALADD', handler })
    expect(again.body['error_description']).toContain('Unable to set event handler')
    expect((await portal.ask('event.unbind', { event: 'ONTASKADD', handler })).body['result']).toEqual({
      count: 1,
    })
    const bound = (await portal.ask('event.get')).body['result'] as Loose[]
    expect(bound.map(row => row.event)).not.toContain('ONTASKADD')
  })
})

describe('the life of an application', () => {
  test('opens the installer until installFinish, then the page; nothing is told before', async () => {
    const other = await portal.sandbox.bitrix24.addPortal({
      name: 'fresh',
      fill: fresh => {
        fresh.users.add({ ...portal.site.portal.users.rows[0]!, id: 1 })
      },
    })
    const first = await other.install()
    expect(first.frame.url).toContain('/bitrix24/install?DOMAIN=')
    expect(heard[0]?.body).toMatchObject({
      member_id: other.portal.memberId,
      status: 'F',
      PLACEMENT: 'DEFAULT',
    })
    expect(JSON.parse(heard[0]?.body.PLACEMENT_OPTIONS)).toHaveProperty('URI')
    const { access } = other.tokensOf(1)
    await fetch(`${other.portal.clientEndpoint}event.bind`, {
      method: 'POST',
      body: new URLSearchParams({ event: 'ONAPPINSTALL', handler, auth: access }),
    })
    heard = []
    other.finishInstall()
    await other.events.settled()
    expect(heard[0]?.body).toMatchObject({ event: 'ONAPPINSTALL', data: { INSTALLED: 'Y' } })
    expect(heard[0]?.body.auth.refresh_token).toBeTruthy()
    expect((await other.open()).frame.url).toContain('/bitrix24/app?DOMAIN=')
  })

  test('an update brings a new application token and takes the handlers away', async () => {
    const before = portal.site.installed()!.applicationToken
    portal.site.updateApp()
    const [event] = await settled()
    expect(event?.body).toMatchObject({ event: 'ONAPPUPDATE', data: { VERSION: '2', PREVIOUS_VERSION: '1' } })
    expect(event?.body.auth.application_token).not.toBe(before)
    expect((await portal.ask('event.get')).body['result']).toEqual([])
  })

  test('an uninstall kills the tokens first and is told without any', async () => {
    await portal.ask('event.bind', { event: 'ONAPPUNINSTALL', handler })
    const { access } = portal.site.tokensOf(1)
    portal.site.uninstall(true)
    const [event] = await settled()
    expect(event?.body).toMatchObject({ event: 'ONAPPUNINSTALL', data: { CLEAN: '1' } })
    expect(event?.body.auth).not.toHaveProperty('access_token')
    const answer = await fetch(`${portal.site.portal.clientEndpoint}profile?auth=${access}`)
    expect(answer.status).toBe(401)
  })
})
