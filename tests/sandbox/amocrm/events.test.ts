import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import qs from 'qs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FIRST, SECOND_STAGE, stageAccount, THIRD } from './account.ts'

describe('the event feed', () => {
  const stage = stageAccount(4)
  const events = async (query: string) => {
    const { status, body } = await stage.ask(`events?${query}`)
    return status === 204 ? [] : body._embedded['events']!
  }

  test('shows the newest first, by ids that sort as things happened', async () => {
    const { clock, site, account } = stage
    const lead = account.leads.rows[0]!
    const who = { userId: lead.responsibleId }
    for (const statusId of [SECOND_STAGE, THIRD, FIRST]) site.acts.updateLead(lead.id, { statusId }, who)
    clock.advance(1000)
    site.acts.updateLead(lead.id, { statusId: 142 }, { userId: 0 })
    const rows = await events('filter[type]=lead_status_changed')
    expect(
      rows.map(row => (row['value_after'] as { lead_status: { id: number } }[])[0]!.lead_status.id),
    ).toEqual([142, FIRST, THIRD, SECOND_STAGE])
    const ids = rows.map(row => String(row['id']))
    expect(ids).toEqual(ids.toSorted().reverse())
    expect(ids[0]).toMatch(/^[0-9a-hjkmnp-tv-z]{26}$/)
    expect(rows[0]).toMatchObject({ created_by: 0, oauth_client_uuid: null, entity_type: 'lead' })
  })

  test('refuses what it does not know', async () => {
    const status = async (query: string) => (await stage.ask(`events?${query}`)).status
    expect(await status('filter[type]=lead_added,no_such_type')).toBe(400)
    expect(await status('filter[entity_id]=1')).toBe(400)
    expect(await status('filter[entity]=lead&filter[entity]=task&filter[entity_id]=1')).toBe(400)
    const eleven = Array.from({ length: 11 }, (_, n) => `filter[entity_id][]=${n + 1}`).join('&')
    expect(await status(`filter[entity]=lead&${eleven}`)).toBe(400)
    stage.account.temper.missingEventTypes = ['lead_added']
    expect(await status('filter[type]=lead_added')).toBe(400)
    const types = (await stage.ask('events/types')).body
    expect(types._embedded['events_types']!.some(type => type['key'] === 'lead_added')).toBe(false)
    stage.account.temper.missingEventTypes = []
  })

  test('lags behind and repeats itself when told to', async () => {
    const { account, site, clock } = stage
    const before = (await events('filter[type]=lead_status_changed')).length
    account.temper.eventLagSeconds = 600
    site.acts.updateLead(account.leads.rows[1]!.id, { statusId: THIRD }, { userId: 0 })
    expect(await events('filter[type]=lead_status_changed')).toHaveLength(before)
    clock.advance(600_000)
    expect(await events('filter[type]=lead_status_changed')).toHaveLength(before + 1)
    account.temper.duplicateEvery = 2
    expect((await events('filter[type]=lead_status_changed')).length).toBeGreaterThan(before + 1)
    Object.assign(account.temper, { duplicateEvery: 0, eventLagSeconds: 0 })
  })
})

describe('webhooks', () => {
  const stage = stageAccount(3)
  let server: Server
  const got: Record<string, unknown>[] = []
  let answer = 200

  beforeAll(async () => {
    server = createServer((req, res) => {
      let body = ''
      req.on('data', chunk => (body += chunk))
      req.on('end', () => {
        got.push(qs.parse(body))
        res.statusCode = answer
        res.end()
      })
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => void server.close())

  test('tell what happened together in one form, every value a string', async () => {
    const destination = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
    const made = await stage.ask('webhooks', {
      method: 'POST',
      body: { destination, settings: ['status_lead', 'add_task'] },
    })
    expect(made.status).toBe(201)
    const { account, site } = stage
    const [a, b] = account.leads.rows
    site.acts.updateLead(a!.id, { statusId: THIRD }, { userId: a!.responsibleId })
    site.acts.updateLead(b!.id, { statusId: 142 }, { userId: 0 })
    await site.webhooks.settled()
    expect(got).toHaveLength(1)
    expect(got[0]).toMatchObject({
      leads: {
        status: [
          {
            id: String(a!.id),
            status_id: String(THIRD),
            old_status_id: String(FIRST),
            modified_user_id: String(a!.responsibleId),
          },
          { id: String(b!.id), status_id: '142', modified_user_id: '0' },
        ],
      },
      account: { id: String(account.accountId), subdomain: 'small' },
    })
    expect(
      (await stage.ask('webhooks', { method: 'POST', body: { destination, settings: ['nope'] } })).status,
    ).toBe(400)
    expect((await stage.ask('webhooks', { method: 'DELETE', body: { destination } })).status).toBe(204)
    expect((await stage.ask('webhooks', { method: 'DELETE', body: { destination } })).status).toBe(404)
  })

  test('come again when they are not answered well', async () => {
    const destination = `http://127.0.0.1:${(server.address() as AddressInfo).port}/again`
    await stage.ask('webhooks', { method: 'POST', body: { destination, settings: ['add_task'] } })
    answer = 500
    const { account, site } = stage
    site.acts.addTask({ text: 'Позвонить', completeTill: account.now() + 3600 }, { userId: account.admin.id })
    await site.webhooks.settled()
    // The held clock sleeps at once: every retry has happened by now or follows within the next turns.
    await expect.poll(() => site.webhooks.deliveries.filter(({ url }) => url === destination).length).toBe(5)
    answer = 200
  })

  test('belong to the higher tariffs', async () => {
    stage.account.temper.hasWebhooks = false
    expect((await stage.ask('webhooks')).status).toBe(403)
    stage.account.temper.hasWebhooks = true
  })
})
