import type { Account } from './amocrm/account/account.ts'
import { statusValue } from './amocrm/account/event-feed.ts'
import { isClosed, LOST, WON } from './amocrm/account/rows.ts'
import type { LogCase } from './event-log.ts'
import type { ImportCounts, ImportOptions } from './import-log.ts'

const PIPELINE = 6_950_551

const lowered = (names: readonly string[] = []): Set<string> =>
  new Set(names.map(name => name.trim().toLowerCase()))

const rights = (isAdmin: boolean) =>
  ({ view: isAdmin ? 'A' : 'M', edit: 'A', add: 'A', delete: 'D', export: 'D' }) as const

/**
 * Turns an event log into an account: each case a lead, each activity a stage of one pipeline in the order of
 * first appearance, each resource a user. This CRM keeps no history but status changes: the first activity is
 * the stage that a lead is created on, each later one an event made by its resource. A status cannot really
 * change into itself; an immediate repeat is written down all the same, as an event whose both sides are
 * equal, so that no row of the log is lost. Instants are whole seconds here, and event ids keep the order
 * within one. Activities that mean won (or lost) all become the pipeline's one won (or lost) stage.
 */
export const importLogLeads = (
  account: Account,
  cases: readonly LogCase[],
  options: ImportOptions = {},
): ImportCounts => {
  const won = lowered(options.won)
  const lost = lowered(options.lost)
  if (account.groups.length === 0) account.groups.push({ id: 0, name: 'Отдел продаж' })
  const hire = (name: string, isAdmin: boolean): number =>
    account.users.add({
      name,
      email: '',
      lang: 'ru',
      groupId: 0,
      roleId: null,
      isAdmin,
      isFree: false,
      isActive: true,
      leads: rights(isAdmin),
    }).id
  if (account.users.rows.length === 0) hire('Администратор', true)
  const people = new Map<string, number>()
  const personOf = (resource: string): number => {
    if (resource === '') return 0
    const id = people.get(resource) ?? hire(resource, false)
    people.set(resource, id)
    return id
  }

  const stages = new Map<string, number>()
  const open: { id: number; name: string }[] = []
  for (const { events } of cases)
    for (const { activity } of events) {
      if (stages.has(activity)) continue
      const word = activity.toLowerCase()
      if (won.has(word)) stages.set(activity, WON)
      else if (lost.has(word)) stages.set(activity, LOST)
      else {
        const id = PIPELINE + 10 + open.length
        open.push({ id, name: activity })
        stages.set(activity, id)
      }
    }
  account.addPipeline({ id: PIPELINE, name: options.pipelineName ?? 'Воронка', sort: 1, isMain: true }, open)

  const seconds = (at: number): number => Math.floor(at / 1000)
  const used = cases
    .filter(({ events }) => events.length > 0)
    .toSorted((a, b) => a.events[0]!.at - b.events[0]!.at)
  const moves: { at: number; leadId: number; by: number; before: number; after: number }[] = []
  for (const log of used) {
    const first = log.events[0]!
    const last = log.events.at(-1)!
    const createdAt = seconds(first.at)
    const statusId = stages.get(last.activity)!
    const amount = log.events.findLast(event => event.amount !== null)?.amount ?? 0
    const createdBy = personOf(first.resource)
    const responsibleId = personOf(last.resource) || account.admin.id
    const lead = account.leads.add({
      name: log.id,
      price: Math.round(amount),
      responsibleId,
      statusId,
      pipelineId: PIPELINE,
      lossReasonId: null,
      createdBy,
      updatedBy: personOf(last.resource),
      createdAt,
      updatedAt: seconds(log.events.reduce((at, event) => Math.max(at, event.at), first.at)),
      closedAt: isClosed(statusId) ? seconds(last.at) : null,
      isDeleted: false,
      tagIds: [],
      contactId: null,
      companyId: null,
      fields: {},
    })
    account.events.add({ type: 'lead_added', entityId: lead.id, entityType: 'lead', createdBy, createdAt })
    for (const [index, event] of log.events.entries())
      if (index > 0)
        moves.push({
          at: seconds(event.at),
          leadId: lead.id,
          by: personOf(event.resource),
          before: stages.get(log.events[index - 1]!.activity)!,
          after: stages.get(event.activity)!,
        })
  }
  // Sorting is stable: events of one case in one second stay in their order.
  moves.sort((a, b) => a.at - b.at)
  for (const { at, leadId, by, before, after } of moves)
    account.events.add({
      type: 'lead_status_changed',
      entityId: leadId,
      entityType: 'lead',
      createdBy: by,
      createdAt: at,
      before: statusValue(PIPELINE, before),
      after: statusValue(PIPELINE, after),
    })
  return { deals: used.length, moves: used.length + moves.length, stages: stages.size, users: people.size }
}
