import type { Account } from '../amocrm/account/account.ts'
import { statusValue } from '../amocrm/account/event-feed.ts'
import { isClosed, LOST, WON } from '../amocrm/account/rows.ts'
import { seededRandom } from '../random.ts'
import { DENSE_DEFAULT, type DenseScale } from './dense.ts'

const PIPELINE = 6_950_551
const DAY = 86_400
const YEAR = 365 * DAY
const OPEN = 5

/** An account of any size without a story in it, for benchmarks: a year of time. */
export const fillDenseLeads = (account: Account, scale: Partial<DenseScale> = {}): void => {
  const { deals, moves, activitiesPerDeal, tasks, users, seed } = { ...DENSE_DEFAULT, ...scale }
  const random = seededRandom(seed)
  const now = account.now()
  account.groups.push({ id: 0, name: 'Отдел продаж' })
  const people = Array.from(
    { length: users },
    (_, n) =>
      account.users.add({
        name: `Имя${n + 1} Фамилия${n + 1}`,
        email: `user${n + 1}@dense.example`,
        lang: 'ru',
        groupId: 0,
        roleId: null,
        isAdmin: n === 0,
        isFree: false,
        isActive: true,
        leads: { view: n === 0 ? 'A' : 'M', edit: 'A', add: 'A', delete: 'D', export: 'D' },
      }).id,
  )
  account.addPipeline(
    { id: PIPELINE, name: 'Продажи', sort: 1, isMain: true },
    Array.from({ length: OPEN }, (_, n) => ({ id: PIPELINE + 10 + n, name: `Этап ${n + 1}` })),
  )
  const events: {
    at: number
    leadId: number
    by: number
    before: number | null
    after: number
    note?: number
  }[] = []
  for (let n = 0; n < deals; n++) {
    const createdAt = now - YEAR + Math.floor(((n + 1) / (deals + 1)) * YEAR)
    const by = random.pick(people)
    const path: number[] = []
    for (let step = 0; step < Math.max(1, moves); step++) {
      const isLast = step === moves - 1 && moves > 1
      path.push(
        isLast && random.chance(0.8)
          ? random.chance(0.4)
            ? WON
            : LOST
          : PIPELINE + 10 + Math.min(step, OPEN - 1),
      )
    }
    const statusId = path.at(-1)!
    const lead = account.leads.add({
      name: `Сделка ${n + 1}`,
      price: random.int(10, 900) * 1000,
      responsibleId: by,
      statusId,
      pipelineId: PIPELINE,
      lossReasonId: null,
      createdBy: by,
      updatedBy: by,
      createdAt,
      updatedAt: createdAt,
      closedAt: null,
      isDeleted: false,
      tagIds: [],
      contactId: null,
      companyId: null,
      fields: {},
    })
    let at = createdAt
    events.push({ at, leadId: lead.id, by, before: null, after: path[0]! })
    for (let step = 1; step < path.length; step++) {
      at = Math.min(now - 60, at + Math.floor(random.logNormal(4 * DAY, 0.9)))
      events.push({ at, leadId: lead.id, by, before: path[step - 1]!, after: path[step]! })
    }
    lead.updatedAt = at
    lead.closedAt = isClosed(statusId) ? at : null
  }
  for (let n = 0; n < Math.round(deals * activitiesPerDeal); n++) {
    const lead = account.leads.rows[Math.floor(n / activitiesPerDeal)] ?? account.leads.rows[0]!
    const at = Math.min(now - 60, lead.createdAt + random.int(0, 20) * DAY)
    const note = account.notes.add({
      entity: 'leads',
      entityId: lead.id,
      createdBy: lead.responsibleId,
      updatedBy: lead.responsibleId,
      createdAt: at,
      updatedAt: at,
      responsibleId: lead.responsibleId,
      noteType: 'call_out',
      params: { duration: random.int(10, 600) },
    })
    events.push({ at, leadId: lead.id, by: lead.responsibleId, before: null, after: 0, note: note.id })
  }
  events.sort((a, b) => a.at - b.at)
  for (const { at, leadId, by, before, after, note } of events)
    account.events.add({
      type: note !== undefined ? 'outgoing_call' : before === null ? 'lead_added' : 'lead_status_changed',
      entityId: leadId,
      entityType: 'lead',
      createdBy: by,
      createdAt: at,
      ...(note !== undefined
        ? { after: [{ note: { id: note } }] }
        : before === null
          ? {}
          : { before: statusValue(PIPELINE, before), after: statusValue(PIPELINE, after) }),
    })
  for (let n = 0; n < tasks; n++) {
    const lead = account.leads.rows[Math.floor((n / tasks) * account.leads.rows.length)]
    const createdAt = now - YEAR + Math.floor((n / tasks) * YEAR)
    const isCompleted = random.chance(0.8)
    account.tasks.add({
      createdBy: random.pick(people),
      updatedBy: people[0]!,
      createdAt,
      updatedAt: Math.min(now, isCompleted ? createdAt + 5 * 3600 : createdAt),
      responsibleId: random.pick(people),
      entityId: lead?.id ?? null,
      entityType: lead ? 'leads' : null,
      typeId: 1,
      text: `Задача ${n + 1}`,
      resultText: null,
      isCompleted,
      completeTill: createdAt + 2 * DAY,
    })
  }
}
