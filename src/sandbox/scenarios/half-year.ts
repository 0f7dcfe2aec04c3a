import { type Clock, DAY } from '../../clock.ts'
import { DEAL, INVOICE, stageIdOf } from '../bitrix24/state/dictionaries.ts'
import type { Portal } from '../bitrix24/state/portal.ts'
import type { FieldValue, ItemRow } from '../bitrix24/state/rows.ts'
import { type Random, seededRandom } from '../random.ts'
import { type Company, type Employee, hirePeople } from './company-people.ts'
import { INVOICE_CATEGORY, PIPELINES, type PipelineStory, setUpCrm } from './company-pipelines.ts'
import { city, dealTitle, decisionMaker } from './company-words.ts'
import { type DealStory, type Pace, progressAt, tellDeal } from './deal-story.ts'
import { type ActivityTrace, activityTraces, type TaskTrace, taskTrace, taskTraces } from './deal-traces.ts'
import { habit, PERSONAS, type Persona } from './personas.ts'
import { WorkingDays } from './working-days.ts'

const HISTORY_DAYS = 186
const ROLLOUT_DAYS_AGO = 56

type Told = {
  pipeline: PipelineStory
  owner: Employee
  persona: Persona
  story: DealStory
  byRobot: boolean
  activities: ActivityTrace[]
  tasks: TaskTrace[]
}

export type HalfYearOptions = {
  seed?: number
  /** How many deals come, as a share of the company's own flow; 1 by default. */
  flow?: number
  /** Until when the story is told; the portal's own clock by default. */
  clock?: Clock
}

/**
 * A supplier's half-year up to now: four departments, four pipelines, people who took to the CRM and people
 * who did not, and a rollout eight weeks ago after which most of them do better.
 */
export const fillHalfYear = (portal: Portal, options: HalfYearOptions = {}): void => {
  const random = seededRandom(options.seed ?? 20_260)
  const now = Math.floor((options.clock ?? portal.clock).now().getTime() / 1000) * 1000
  const company = hirePeople(portal, now)
  setUpCrm(portal)
  const days = new WorkingDays(now, HISTORY_DAYS, portal.offsetMinutes)
  const pace: Pace = {
    now: days.nowPosition,
    rolloutAt: days.nextMonday(days.positionOf(now - ROLLOUT_DAYS_AGO * DAY), 60, portal.offsetMinutes),
    mondayAfter: position => days.nextMonday(position, random.int(5, 55), portal.offsetMinutes),
  }
  const flow = options.flow ?? 1
  const told = PIPELINES.flatMap(pipeline =>
    tellPipeline(random, company, { ...pipeline, perDay: pipeline.perDay * flow }, days, pace),
  )
  const ids = writeDeals(portal, random, told, days, pace, company)
  writeHistory(portal, told, ids, days)
  writeActivities(portal, told, ids)
  writeTasks(portal, random, told, ids, company, days, pace)
  writeInvoices(portal, random, told, ids, days, pace)
  touchDeals(portal)
}

const ownerFor = (random: Random, team: Employee[], position: number, leftAt: number): Employee => {
  const able = team.filter(employee => !employee.isGone || position < leftAt)
  return random.weighted(able.map(employee => [employee, employee.isHead ? 0.35 : 1] as const))
}

const tellPipeline = (
  random: Random,
  company: Company,
  pipeline: PipelineStory,
  days: WorkingDays,
  pace: Pace,
): Told[] => {
  const team = company.teams[pipeline.team]
  const head = team.find(employee => employee.isHead)!
  const told: Told[] = []
  const leftAt = pace.now - 28
  for (let at = random.unit(); at < pace.now; at += -Math.log(1 - random.unit()) / pipeline.perDay) {
    const owner = ownerFor(random, team, at, leftAt)
    const persona = PERSONAS[owner.persona]
    const story = tellDeal(random, pipeline, persona, pace, at)
    const teller = {
      random,
      days,
      pace,
      persona,
      ownerId: owner.id,
      robotId: company.robotId,
      headId: head.id,
    }
    told.push({
      pipeline,
      owner,
      persona,
      story,
      byRobot: random.chance(0.3),
      activities: activityTraces(teller, story),
      tasks: taskTraces(teller, story, 0.16),
    })
  }
  return told
}

const amountOf = (random: Random, { amount, spread }: PipelineStory): number => {
  const raw = random.logNormal(amount, spread)
  const step = raw > 1_000_000 ? 50_000 : raw > 100_000 ? 5_000 : 500
  return Math.max(step, Math.round(raw / step) * step)
}

const optionOf = (portal: Portal, random: Random, fieldName: string): number =>
  random.pick(portal.dictionaries.fieldsOf(DEAL).find(field => field.fieldName === fieldName)!.options).id

/** Fields filled by habit; some nobody ever fills, one died with the old program. */
const customOf = (portal: Portal, random: Random, deal: Told, fills: number): Record<string, FieldValue> => {
  const custom: Record<string, FieldValue> = {}
  const put = (name: string, share: number, value: () => FieldValue): void => {
    if (random.chance(share)) custom[name] = value()
  }
  put('UF_CRM_PRODUCT_GROUP', 0.25 + fills * 0.7, () => optionOf(portal, random, 'UF_CRM_PRODUCT_GROUP'))
  put('UF_CRM_DELIVERY_CITY', 0.1 + fills * 0.85, () => (random.chance(0.06) ? '-' : city(random)))
  put('UF_CRM_DECISION_MAKER', fills * 0.9, () => decisionMaker(random))
  if (deal.story.stays.length > 2)
    put('UF_CRM_PAYMENT_TERMS', fills, () => optionOf(portal, random, 'UF_CRM_PAYMENT_TERMS'))
  if (deal.pipeline.team === 'key')
    put('UF_CRM_TENDER_NUMBER', fills * 0.6, () => `31${random.int(10_000, 99_999)}`)
  if (deal.pipeline.team === 'service') custom['UF_CRM_WARRANTY'] = random.chance(0.3)
  put('UF_CRM_COMPETITOR', 0.012, () => 'есть')
  if (deal.story.createdAt < 25) put('UF_CRM_OLD_CODE', 0.4, () => `К-${random.int(1000, 9999)}`)
  if (deal.story.isLost)
    put('UF_CRM_LOSS_REASON', fills * 0.95, () => optionOf(portal, random, 'UF_CRM_LOSS_REASON'))
  return custom
}

const writeDeals = (
  portal: Portal,
  random: Random,
  told: Told[],
  days: WorkingDays,
  pace: Pace,
  company: Company,
): Map<Told, ItemRow> => {
  told.sort((a, b) => a.story.createdAt - b.story.createdAt)
  const rows = new Map<Told, ItemRow>()
  for (const deal of told) {
    const { pipeline, story, owner, persona } = deal
    // Deletions leave gaps between ids.
    if (random.chance(0.02)) portal.deals.skip(random.int(1, 3))
    const last = story.stays.at(-1)!
    const previous = story.stays.at(-2)
    const createdTime = days.at(story.createdAt)
    const movedTime = days.at(last.from)
    const isForeign = random.chance(pipeline.foreignShare)
    const amount = amountOf(random, pipeline)
    const fills = habit(persona.fills, progressAt(pace, story.createdAt))
    const createdBy = deal.byRobot ? company.robotId : owner.id
    let expected = story.createdAt + random.logNormal(22, 0.5)
    // A date that has gone by is moved by those who look at their deals.
    if (expected < days.nowPosition && random.chance(habit(persona.punctual, 1)))
      expected = days.nowPosition + random.logNormal(6, 0.5)
    const closePosition = story.isWon || story.isLost ? last.from : expected
    const closedate = days.ahead(closePosition)
    rows.set(
      deal,
      portal.deals.add({
        title: dealTitle(random, pipeline.team),
        typeId: pipeline.team === 'service' ? 'SERVICE' : 'SALE',
        categoryId: pipeline.categoryId,
        stageId: stageIdOf(DEAL, pipeline.categoryId, last.stage.id),
        semantic: last.stage.semantic ?? 'P',
        previousStageId: previous ? stageIdOf(DEAL, pipeline.categoryId, previous.stage.id) : '',
        assignedById: owner.id,
        createdBy,
        updatedBy: story.stays.length > 1 ? owner.id : createdBy,
        movedBy: story.stays.length > 1 ? owner.id : createdBy,
        lastActivityBy: createdBy,
        createdTime,
        updatedTime: Math.max(createdTime, movedTime),
        movedTime,
        lastActivityTime: createdTime,
        begindate: createdTime - (createdTime % DAY),
        closedate: closedate - (closedate % DAY),
        opportunity:
          story.stays.length === 1 && random.chance(0.5) ? 0 : isForeign ? Math.round(amount / 90) : amount,
        currencyId: isForeign ? (random.chance(0.6) ? 'EUR' : 'USD') : portal.currency,
        companyId: random.int(1, 400),
        contactId: random.int(1, 700),
        sourceId: deal.byRobot ? 'WEB' : random.pick(['CALL', 'EMAIL', 'RECOMMENDATION', 'TRADE_SHOW']),
        comments: '',
        isRecurring: random.chance(0.002),
        isReturnCustomer: random.chance(0.35),
        parentId2: null,
        custom: customOf(portal, random, deal, fills),
      }),
    )
  }
  return rows
}

const writeHistory = (portal: Portal, told: Told[], ids: Map<Told, ItemRow>, days: WorkingDays): void => {
  const moves = told.flatMap(deal =>
    deal.story.stays.map((stay, index) => ({ at: days.at(stay.from), deal, stay, index })),
  )
  moves.sort((a, b) => a.at - b.at)
  for (const { at, deal, stay, index } of moves) {
    const semantic = stay.stage.semantic ?? 'P'
    const { categoryId } = deal.pipeline
    portal.dealHistory.add({
      typeId: semantic !== 'P' ? 3 : index === 0 ? 1 : 2,
      ownerId: ids.get(deal)!.id,
      createdTime: at,
      categoryId,
      stageId: stageIdOf(DEAL, categoryId, stay.stage.id),
      semantic,
    })
  }
}

const writeActivities = (portal: Portal, told: Told[], ids: Map<Told, ItemRow>): void => {
  const traces = told.flatMap(deal => deal.activities.map(trace => ({ deal, trace })))
  traces.sort((a, b) => a.trace.created - b.trace.created)
  for (const { deal, trace } of traces) {
    const row = ids.get(deal)!
    portal.activities.add({ ...trace, ownerId: trace.ownerTypeId === DEAL ? row.id : row.contactId })
  }
}

const writeTasks = (
  portal: Portal,
  random: Random,
  told: Told[],
  ids: Map<Told, ItemRow>,
  company: Company,
  days: WorkingDays,
  pace: Pace,
): void => {
  const traces: { trace: TaskTrace; crm: string[] }[] = told.flatMap(deal =>
    deal.tasks.map(trace => ({ trace, crm: [`D_${ids.get(deal)!.id}`] })),
  )
  // Service and purchasing also live by tasks that hang on nothing.
  for (const team of Object.values(company.teams))
    for (const employee of team) {
      const head = team.find(({ isHead }) => isHead)!
      for (
        let at = random.unit() * 6;
        at < (employee.isGone ? pace.now - 28 : pace.now);
        at += random.logNormal(7, 0.5)
      ) {
        const teller = {
          random,
          days,
          pace,
          persona: PERSONAS[employee.persona],
          ownerId: employee.id,
          robotId: company.robotId,
          headId: head.id,
        }
        traces.push({ trace: taskTrace(teller, at, random.chance(0.5) ? head.id : employee.id), crm: [] })
      }
    }
  traces.sort((a, b) => a.trace.createdDate - b.trace.createdDate)
  for (const { trace, crm } of traces) portal.tasks.add({ ...trace, crm })
}

/** Invoices of deals that reached the money; a few hang on no deal, a few disagree with theirs. */
const writeInvoices = (
  portal: Portal,
  random: Random,
  told: Told[],
  ids: Map<Told, ItemRow>,
  days: WorkingDays,
  pace: Pace,
): void => {
  const billing = new Set(['PREPAYMENT_INVOICE', 'UC_CONTRACT', 'FINAL_INVOICE'])
  const drafts = told.flatMap(deal => {
    if (deal.pipeline.team === 'purchasing') return []
    const stay = deal.story.stays.find(({ stage }) => billing.has(stage.id))
    return stay && random.chance(0.9) ? [{ deal, at: stay.from + 0.15 }] : []
  })
  drafts.sort((a, b) => a.at - b.at)
  const { items, history } = portal.store(INVOICE)!
  for (const { deal, at } of drafts) {
    const row = ids.get(deal)!
    const createdTime = days.at(at)
    const paidAt = at + random.logNormal(3, 0.6)
    const isPaid = deal.story.isWon && days.at(paidAt) > createdTime && paidAt < days.nowPosition
    const code = isPaid ? 'P' : deal.story.isLost ? 'D' : 'S'
    const semantic = code === 'P' ? 'S' : code === 'D' ? 'F' : 'P'
    const movedTime = isPaid ? days.at(paidAt) : createdTime
    const isLinked = random.chance(habit([0.55, 0.98], progressAt(pace, at)))
    const due = days.ahead(at + 5)
    const item = items.add({
      ...row,
      id: items.lastId + 1,
      title: `Счёт № ${items.lastId + 1}`,
      typeId: '',
      categoryId: INVOICE_CATEGORY,
      stageId: stageIdOf(INVOICE, INVOICE_CATEGORY, code),
      semantic,
      previousStageId: stageIdOf(INVOICE, INVOICE_CATEGORY, 'N'),
      createdBy: deal.owner.id,
      updatedBy: deal.owner.id,
      movedBy: deal.owner.id,
      createdTime,
      updatedTime: movedTime,
      movedTime,
      lastActivityTime: createdTime,
      begindate: createdTime - (createdTime % DAY),
      closedate: due - (due % DAY),
      opportunity: random.chance(habit([0.6, 0.95], progressAt(pace, at)))
        ? row.opportunity
        : Math.round(row.opportunity * 0.8),
      parentId2: isLinked ? row.id : null,
      isRecurring: false,
      custom: {},
    })
    history.add({
      typeId: 1,
      ownerId: item.id,
      createdTime,
      categoryId: INVOICE_CATEGORY,
      stageId: stageIdOf(INVOICE, INVOICE_CATEGORY, 'N'),
      semantic: 'P',
    })
  }
}

/** Last activity and update of each deal follow from what hangs on it. */
const touchDeals = (portal: Portal): void => {
  for (const activity of portal.activities.rows) {
    const deal = activity.ownerTypeId === DEAL ? portal.deals.find(activity.ownerId) : undefined
    if (!deal) continue
    if (activity.created >= deal.lastActivityTime) {
      deal.lastActivityTime = activity.created
      deal.lastActivityBy = activity.authorId
    }
    if (activity.created > deal.updatedTime) {
      deal.updatedTime = activity.created
      deal.updatedBy = activity.authorId
    }
  }
}
