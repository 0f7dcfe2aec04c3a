import { describe, expect, test } from 'vitest'
import { FIRST, PIPELINE, SECOND_STAGE, stageAccount, THIRD } from './account.ts'

describe('lists of an account', () => {
  const stage = stageAccount(120)
  const leads = async (query: string) => {
    const { status, body } = await stage.ask(`leads?${query}`)
    return status === 204 ? [] : body._embedded['leads']!
  }

  test('come in pages that name the next one, and end without', async () => {
    const first = (await stage.ask('leads?limit=100&order[id]=asc')).body
    expect(first._embedded['leads']).toHaveLength(100)
    expect(first._links?.next?.href).toContain('page=2')
    const second = (await stage.ask('leads?limit=100&page=2&order[id]=asc')).body
    expect(second._embedded['leads']).toHaveLength(20)
    expect(second._links?.next).toBeUndefined()
    const third = await stage.ask('leads?limit=100&page=3')
    expect(third).toMatchObject({ status: 204, text: '' })
  })

  test('fall back to fifty rows when more than the most is asked for', async () => {
    expect(await leads('limit=251')).toHaveLength(50)
    expect(await leads('limit=250')).toHaveLength(120)
    expect((await stage.ask('events?limit=101')).body._embedded['events']).toHaveLength(50)
    expect((await stage.ask('events?limit=100')).body._embedded['events']).toHaveLength(100)
  })

  test('take ids, instants from both ends, pipelines and stage pairs', async () => {
    const { rows } = stage.account.leads
    const [a, b, c] = [rows[3]!, rows[4]!, rows[5]!]
    expect((await leads(`filter[id][]=${a.id}&filter[id][]=${c.id}`)).map(row => row['id'])).toEqual([
      a.id,
      c.id,
    ])
    const between = await leads(
      `filter[created_at][from]=${a.createdAt}&filter[created_at][to]=${c.createdAt}`,
    )
    expect(between.map(row => row['id'])).toEqual([a.id, b.id, c.id])
    expect(await leads(`limit=250&filter[pipeline_id]=${PIPELINE}`)).toHaveLength(120)
    expect(await leads('filter[pipeline_id]=7')).toHaveLength(0)
    const pair = (status: number) =>
      `filter[statuses][0][pipeline_id]=${PIPELINE}&filter[statuses][0][status_id]=${status}`
    expect(await leads(`limit=250&${pair(FIRST)}`)).toHaveLength(120)
    expect(await leads(pair(THIRD))).toHaveLength(0)
    expect((await stage.ask(`leads?filter[statuses][0][status_id]=${FIRST}`)).status).toBe(400)
    expect((await leads('order[id]=desc&limit=1'))[0]?.['id']).toBe(rows.at(-1)!.id)
  })

  test('keep deleted leads in the recycle bin only', async () => {
    const { account, site } = stage
    const lead = account.leads.rows[7]!
    site.acts.deleteLead(lead.id, { userId: lead.responsibleId })
    expect(await leads(`filter[id]=${lead.id}`)).toEqual([])
    expect((await stage.ask(`leads/${lead.id}`)).status).toBe(204)
    const [gone] = await leads('with=only_deleted')
    expect(gone).toMatchObject({ id: lead.id, is_deleted: true })
    expect(gone).not.toHaveProperty('status_id')
  })

  test('end too early or come in no order when told to', async () => {
    const { temper } = stage.account
    temper.prematureEnds = 1
    expect((await stage.ask('leads?limit=50&page=2')).status).toBe(204)
    expect((await stage.ask('leads?limit=50&page=2')).status).toBe(200)
    temper.isShuffled = true
    const ids = [...(await leads('limit=100')), ...(await leads('limit=100&page=2'))].map(row => row['id'])
    temper.isShuffled = false
    expect(new Set(ids).size).toBe(119)
    expect(ids).not.toEqual(ids.toSorted())
  })

  test('show ordinary users what their rights let them see', async () => {
    const [admin, head, employee] = stage.account.users.rows
    const seen = async (userId: number) => {
      const { body } = await stage.ask('leads?limit=250', { token: stage.tokenOf(userId) })
      return new Set(body._embedded['leads']!.map(row => row['responsible_user_id']))
    }
    expect(await seen(employee!.id)).toEqual(new Set([employee!.id]))
    expect(await seen(head!.id)).toEqual(new Set([head!.id, employee!.id]))
    expect((await seen(admin!.id)).size).toBe(3)
    for (const path of ['users', `users/${admin!.id}`, 'roles', 'webhooks'])
      expect((await stage.ask(path, { token: stage.tokenOf(head!.id) })).status).toBe(403)
    const asEmployee = await stage.ask('leads?limit=250', {
      headers: { 'x-context-user-id': String(employee!.id) },
    })
    expect(new Set(asEmployee.body._embedded['leads']!.map(row => row['responsible_user_id']))).toEqual(
      new Set([employee!.id]),
    )
  })
})

describe('leads that are written', () => {
  const stage = stageAccount(3)

  test('gain and lose tags without touching the others, and fields by their option', async () => {
    const lead = stage.account.leads.rows[0]!
    const patch = (item: Record<string, unknown>) =>
      stage.ask('leads', { method: 'PATCH', body: [{ id: lead.id, ...item }] })
    await patch({ tags_to_add: [{ name: 'Застряла' }, { name: 'Важная' }] })
    expect((await patch({ tags_to_delete: [{ name: 'Застряла' }] })).status).toBe(200)
    const made = await stage.ask('leads/custom_fields', {
      method: 'POST',
      body: [
        {
          name: 'Риск',
          type: 'select',
          code: 'RISK',
          is_api_only: true,
          enums: [{ value: 'Да', sort: 1, code: 'yes' }],
        },
      ],
    })
    const [field] = made.body._embedded['custom_fields'] as { id: number; enums: { id: number }[] }[]
    await patch({
      custom_fields_values: [{ field_id: field!.id, values: [{ enum_id: field!.enums[0]!.id }] }],
    })
    const shown = (await stage.ask(`leads/${lead.id}`)).body
    expect(shown._embedded['tags']!.map(tag => tag['name'])).toEqual(['Важная'])
    expect(shown['custom_fields_values']).toMatchObject([{ field_id: field!.id, values: [{ value: 'Да' }] }])
    await patch({ custom_fields_values: [{ field_id: field!.id, values: null }] })
    expect((await stage.ask(`leads/${lead.id}`)).body['custom_fields_values']).toBeNull()
  })

  test('are refused whole when one of them is wrong', async () => {
    const [a, b] = stage.account.leads.rows
    const { status, type, body } = await stage.ask('leads', {
      method: 'PATCH',
      body: [
        { id: a!.id, name: 'Другое имя' },
        { id: b!.id, status_id: 999 },
      ],
    })
    expect(status).toBe(400)
    expect(type).toContain('problem+json')
    expect(body['validation-errors']).toMatchObject([{ request_id: '1', errors: [{ path: 'status_id' }] }])
    expect(a!.name).not.toBe('Другое имя')
    expect((await stage.ask('leads', { method: 'PATCH', body: { id: a!.id } })).status).toBe(400)
    expect((await stage.ask('leads', { method: 'PATCH', body: Array(251).fill({ id: a!.id }) })).status).toBe(
      422,
    )
  })

  test('leave the integration beside the author in the feed', async () => {
    const lead = stage.account.leads.rows[1]!
    await stage.ask('leads', { method: 'PATCH', body: [{ id: lead.id, status_id: SECOND_STAGE }] })
    const { body } = await stage.ask('events?filter[type]=lead_status_changed')
    expect(body._embedded['events']![0]).toMatchObject({
      entity_id: lead.id,
      created_by: stage.account.admin.id,
      oauth_client_uuid: stage.sandbox.amocrm.integration.clientId,
      value_before: [{ lead_status: { id: FIRST, pipeline_id: PIPELINE } }],
      value_after: [{ lead_status: { id: SECOND_STAGE, pipeline_id: PIPELINE } }],
    })
  })
})
