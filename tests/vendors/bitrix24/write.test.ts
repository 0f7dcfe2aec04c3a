import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { planBindings } from '../../../src/vendors/bitrix24/register.ts'
import { messageBody } from '../../../src/vendors/bitrix24/write.ts'
import { connectTo } from './bench.ts'
import { type FakePortal, Refused, type Row, startFakePortal } from './fake-portal.ts'
import { dealRow, taskRow } from './rows.ts'

let portal: FakePortal
beforeEach(async () => {
  portal = await startFakePortal()
})
afterEach(() => portal.close())

describe('a message', () => {
  const lines = [
    {
      text: 'Сделка [url=http://evil]x[/url]',
      link: { label: 'Open [now]', url: 'https://p.example.com/?a[b]=1' },
    },
    { text: 'Plain', link: { label: 'bad', url: 'javascript:alert(1)' } },
  ]

  test('cannot be given markup or links by what people typed', () => {
    const { bb, text } = messageBody({ userId: '1', lines, tag: 't', dueAt: null })
    expect(bb).toBe(
      'Сделка (url=http://evil)x(/url) [url=https://p.example.com/?a%5Bb%5D=1]Open (now)[/url][br]Plain',
    )
    expect(text.split('\n')).toHaveLength(2)
  })

  test('goes out once, in a single call, under its tag', async () => {
    const sent: Row[] = []
    portal.methods['im.notify.system.add'] = params => {
      sent.push(params)
      return 5
    }
    const { connected } = connectTo(portal)
    expect(await connected.notify({ userId: '17', lines, tag: 'digest|17', dueAt: null })).toBe('5')
    expect(sent).toMatchObject([{ USER_ID: '17', TAG: 'digest|17' }])
    expect(portal.requests).toEqual(['im.notify.system.add'])
    portal.methods['im.notify.system.add'] = () => false
    expect(await connected.notify({ userId: '17', lines, tag: 'digest|17', dueAt: null })).toBeNull()
  })
})

describe('a change in the CRM', () => {
  let fields: Row[]
  let item: Row
  beforeEach(() => {
    fields = []
    item = dealRow(5)
    portal.methods['crm.item.get'] = () => ({ item })
    portal.methods['crm.deal.userfield.list'] = () => fields
    portal.methods['crm.deal.userfield.add'] = params => {
      const { FIELD_NAME } = params['fields'] as Row
      fields.push({ FIELD_NAME: `UF_CRM_${String(FIELD_NAME)}` })
      return fields.length
    }
    portal.methods['crm.item.update'] = params => {
      Object.assign(item, params['fields'])
      return { item }
    }
  })
  const updates = () => portal.commands.filter(({ method }) => method === 'crm.item.update').length

  test('of the mark is written only when it differs, and makes its field once', async () => {
    const { connected } = connectTo(portal)
    const mark = (from: string | null, to: string | null) =>
      connected.apply({ kind: 'mark', dealId: '5', from, to })
    await mark(null, null)
    expect([updates(), fields]).toEqual([0, []])
    await mark(null, 'red')
    await mark(null, 'red')
    expect(item['UF_CRM_PLANERKA_FLAG']).toBe('red')
    expect(updates()).toBe(1)
    await mark('red', null)
    expect(item['UF_CRM_PLANERKA_FLAG']).toBe('')
    expect(fields).toEqual([{ FIELD_NAME: 'UF_CRM_PLANERKA_FLAG' }])
  })

  const nextStep = {
    kind: 'task',
    dealId: '5',
    responsibleId: '17',
    title: 'Next step',
    dueAt: new Date('2026-08-20T15:00:00Z'),
  } as const
  const addTask = (params: Row): Row => {
    const given = params['fields'] as Row
    const row = taskRow(900 + portal.tables.tasks.length, {
      title: given['TITLE'],
      responsibleId: String(given['RESPONSIBLE_ID']),
      ufCrmTask: given['UF_CRM_TASK'],
      deadline: given['DEADLINE'],
    })
    portal.tables.tasks.push(row)
    return row
  }

  test('that adds a task finds the one that is there already', async () => {
    portal.methods['tasks.task.add'] = params => ({ task: addTask(params) })
    const { connected } = connectTo(portal)
    expect(await connected.apply(nextStep)).toBe('900')
    expect(await connected.apply(nextStep)).toBe('900')
    expect(portal.tables.tasks).toMatchObject([{ ufCrmTask: ['D_5'], deadline: '2026-08-20T15:00:00+00:00' }])
  })

  test('that adds a task whose answer is lost looks before anything is written twice', async () => {
    portal.methods['tasks.task.add'] = params => ({ task: addTask(params) })
    portal.fault = ({ method }) => (method === 'tasks.task.add' ? 'truncate' : null)
    const { connected } = connectTo(portal)
    expect(await connected.apply(nextStep)).toBe('900')
    expect(portal.tables.tasks).toHaveLength(1)
  })

  test('that adds a task which was certainly not made says so', async () => {
    portal.methods['tasks.task.add'] = () => {
      throw new Refused(500, 'INTERNAL_SERVER_ERROR')
    }
    await expect(connectTo(portal).connected.apply(nextStep)).rejects.toMatchObject({ kind: 'unavailable' })
    expect(portal.requests.filter(method => method === 'tasks.task.add')).toHaveLength(1)
  })

  test('that closes a task does it once, by whichever method the portal has', async () => {
    portal.tables.tasks.push(taskRow(8))
    portal.methods['tasks.task.update'] = params => {
      Object.assign(portal.tables.tasks[0] ?? {}, { status: String((params['fields'] as Row)['STATUS']) })
      return true
    }
    const { connected } = connectTo(portal)
    await connected.apply({ kind: 'closeTask', taskId: '8' })
    const before = portal.requests.length
    await connected.apply({ kind: 'closeTask', taskId: '8' })
    expect(portal.tables.tasks[0]?.['status']).toBe('5')
    expect(portal.requests.length - before).toBe(1)
  })
})

describe('registration', () => {
  test('binds what is missing, takes off what is foreign or double, and leaves the rest', () => {
    const plan = planBindings(
      [
        { code: 'A', handler: 'h' },
        { code: 'B', handler: 'old' },
        { code: 'C', handler: 'h' },
        { code: 'C', handler: 'h' },
      ],
      ['A', 'B', 'C', 'D'].map(code => ({ code, handler: 'h' })),
    )
    expect(plan.unbind).toEqual([
      { code: 'B', handler: 'old' },
      { code: 'C', handler: 'h' },
    ])
    expect(plan.bind.map(({ code }) => code)).toEqual(['B', 'C', 'D'])
  })

  test('changes nothing when it is repeated, and does without what a portal does not know', async () => {
    const placements: Row[] = [{ placement: 'LEFT_MENU', handler: 'https://old.example.com/app' }]
    const events: Row[] = []
    portal.methods['placement.get'] = () => placements
    portal.methods['event.get'] = () => events
    portal.methods['placement.unbind'] = ({ PLACEMENT, HANDLER }) => {
      const at = placements.findIndex(row => row['placement'] === PLACEMENT && row['handler'] === HANDLER)
      placements.splice(at, 1)
      return { count: 1 }
    }
    portal.methods['placement.bind'] = ({ PLACEMENT, HANDLER }) => {
      if (PLACEMENT === 'CRM_ANALYTICS_MENU') throw new Refused(400, 'ERROR_PLACEMENT_NOT_FOUND')
      placements.push({ placement: PLACEMENT, handler: HANDLER })
      return true
    }
    portal.methods['event.bind'] = ({ event, handler }) => {
      if (events.some(row => row['event'] === event))
        throw new Refused(400, '', 'Unable to set event handler')
      events.push({ event, handler })
      return true
    }
    const { connected } = connectTo(portal)
    await connected.register()
    const bound = { placements: placements.length, events: events.length }
    expect(placements.map(row => row['placement'])).toEqual([
      'LEFT_MENU',
      'CRM_DEAL_LIST_TOOLBAR',
      'CRM_DEAL_DETAIL_TAB',
      'REST_APP_URI',
    ])
    expect(placements.every(row => row['handler'] === 'https://planerka.example.com/bitrix24/app')).toBe(true)
    expect(events.map(row => row['event'])).toEqual(
      expect.arrayContaining(['ONCRMDEALUPDATE', 'ONAPPUPDATE', 'ONAPPUNINSTALL', 'ONTASKDELETE']),
    )
    await connected.register()
    expect({ placements: placements.length, events: events.length }).toEqual(bound)
  })
})

describe('the person behind a token', () => {
  test('is asked of the stored portal once', async () => {
    const { connected } = connectTo(portal)
    const { access } = portal.issue('42', false)
    expect(await connected.whoIs(access)).toBe('42')
    expect(await connected.whoIs(access)).toBe('42')
    expect(await connected.whoIs('made-up')).toBeNull()
    expect(await connected.whoIs('made-up')).toBeNull()
    expect(portal.requests).toEqual(['profile', 'profile'])
    expect(portal.oauthRequests).toBe(0)
  })
})

describe('addresses inside the portal', () => {
  test('lead to cards and to our own screens', () => {
    const { vendor } = connectTo(portal)
    expect(vendor.cardPath('deal', '759')).toBe('/crm/deal/details/759/')
    expect(vendor.cardPath('task', '8', '17')).toBe('/company/personal/user/17/tasks/task/view/8/')
    expect(vendor.appPath('app.x', { view: 'stale', params: { id: '5&6' } })).toBe(
      '/marketplace/view/app.x/?params[view]=stale&params[id]=5%266',
    )
  })
})
