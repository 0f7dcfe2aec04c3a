import { addUser } from './bitrix24/people.ts'
import { DEAL, stageIdOf } from './bitrix24/state/dictionaries.ts'
import type { Portal } from './bitrix24/state/portal.ts'
import type { Semantic } from './bitrix24/state/rows.ts'
import type { LogCase } from './event-log.ts'

export type ImportOptions = {
  /** Activities that are the won stage. */
  won?: readonly string[]
  /** Activities that are lost stages. */
  lost?: readonly string[]
  pipelineName?: string
  currency?: string
}

export type ImportCounts = { deals: number; moves: number; stages: number; users: number }

const lowerCased = (names: readonly string[] = []): Set<string> =>
  new Set(names.map(name => name.trim().toLowerCase()))

/** A stage's code: the activity in ASCII, unique. */
const codeOf = (activity: string, taken: Set<string>): string => {
  const plain =
    activity
      .normalize('NFKD')
      .toUpperCase()
      .replace(/[^A-Z0-9]+/g, '_')
      .replace(/^_+|_+$/g, '')
      .slice(0, 32) || 'STAGE'
  let code = `UC_${plain}`
  for (let n = 2; taken.has(code); n++) code = `UC_${plain}_${n}`
  taken.add(code)
  return code
}

/**
 * Turns an event log into a portal: each case a deal, each activity a stage of one pipeline in the order of
 * first appearance, each resource an employee. Every event becomes a history row, immediate repeats and equal
 * instants too; ids grow with time and, inside a case, with the order of its events.
 */
export const importLog = (
  portal: Portal,
  cases: readonly LogCase[],
  options: ImportOptions = {},
): ImportCounts => {
  const { dictionaries } = portal
  const won = lowerCased(options.won)
  const lost = lowerCased(options.lost)
  const semanticOf = (activity: string): Semantic =>
    won.has(activity.toLowerCase()) ? 'S' : lost.has(activity.toLowerCase()) ? 'F' : 'P'

  if (portal.users.rows.length === 0)
    addUser(portal, { name: 'Администратор', lastName: 'Портала', isAdmin: true, position: 'Администратор' })
  if (portal.departments.rows.length === 0)
    portal.departments.add({ name: portal.title, sort: 100, parentId: null, headId: portal.admin.id })
  const departmentId = portal.departments.rows[0]!.id
  const people = new Map<string, number>()
  const personOf = (resource: string): number => {
    if (resource === '') return portal.admin.id
    let id = people.get(resource)
    if (id === undefined) {
      id = addUser(portal, { name: resource, lastName: '', departments: [departmentId] }).id
      people.set(resource, id)
    }
    return id
  }

  const taken = new Set<string>()
  const stages = new Map<string, { code: string; semantic: Semantic }>()
  for (const { events } of cases)
    for (const { activity } of events)
      if (!stages.has(activity))
        stages.set(activity, { code: codeOf(activity, taken), semantic: semanticOf(activity) })
  const ordered = [...stages].map(([name, stage]) => ({ name, ...stage }))
  const specs = (['P', 'S', 'F'] as const).flatMap(semantic =>
    ordered
      .filter(stage => stage.semantic === semantic)
      .map(stage => ({
        id: stage.code,
        name: stage.name,
        ...(stage.semantic === 'P' ? {} : { semantic: stage.semantic }),
      })),
  )
  // A pipeline always has both ends, whether the log reaches them or not.
  if (!specs.some(stage => stage.semantic === 'S'))
    specs.push({ id: 'WON', name: 'Сделка успешна', semantic: 'S' })
  if (!specs.some(stage => stage.semantic === 'F'))
    specs.push({ id: 'LOSE', name: 'Сделка провалена', semantic: 'F' })
  dictionaries.addCategory(
    { id: 0, entityTypeId: DEAL, name: options.pipelineName ?? 'Общая', sort: 10, isDefault: true },
    specs,
  )

  const firstAt = (log: LogCase): number => log.events[0]?.at ?? 0
  const moves: { at: number; shown: number; dealId: number; activity: string; isFirst: boolean }[] = []
  const used = cases.filter(log => log.events.length > 0).toSorted((a, b) => firstAt(a) - firstAt(b))
  for (const log of used) {
    const first = log.events[0]!
    const last = log.events.at(-1)!
    const latest = log.events.reduce((at, event) => Math.max(at, event.at), first.at)
    const amount = log.events.findLast(event => event.amount !== null)?.amount ?? 0
    const stage = stages.get(last.activity)!
    const previous = log.events.at(-2)
    const deal = portal.deals.add({
      title: log.id,
      typeId: 'SALE',
      categoryId: 0,
      stageId: stageIdOf(DEAL, 0, stage.code),
      semantic: stage.semantic,
      previousStageId: previous ? stageIdOf(DEAL, 0, stages.get(previous.activity)!.code) : '',
      assignedById: personOf(last.resource),
      createdBy: personOf(first.resource),
      updatedBy: personOf(last.resource),
      movedBy: personOf(last.resource),
      lastActivityBy: personOf(first.resource),
      createdTime: first.at,
      updatedTime: latest,
      movedTime: last.at,
      lastActivityTime: first.at,
      begindate: first.at - (first.at % 86_400_000),
      closedate: latest - (latest % 86_400_000),
      opportunity: amount,
      currencyId: options.currency ?? portal.currency,
      companyId: 0,
      contactId: 0,
      sourceId: '',
      comments: '',
      isRecurring: false,
      isReturnCustomer: false,
      parentId2: null,
      custom: {},
    })
    let reached = first.at
    log.events.forEach((event, index) => {
      // A clock that went back inside a case must not put its rows out of order.
      reached = Math.max(reached, event.at)
      // REST tells nobody's name for a past move, but everyone in the log works here.
      personOf(event.resource)
      moves.push({
        at: reached,
        shown: event.at,
        dealId: deal.id,
        activity: event.activity,
        isFirst: index === 0,
      })
    })
  }
  // Sorting is stable: events of one case at one instant stay in their order.
  moves.sort((a, b) => a.at - b.at)
  for (const move of moves) {
    const { code, semantic } = stages.get(move.activity)!
    portal.dealHistory.add({
      typeId: semantic !== 'P' ? 3 : move.isFirst ? 1 : 2,
      ownerId: move.dealId,
      createdTime: move.shown,
      categoryId: 0,
      stageId: stageIdOf(DEAL, 0, code),
      semantic,
    })
  }
  return { deals: used.length, moves: moves.length, stages: stages.size, users: people.size }
}
