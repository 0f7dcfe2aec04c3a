import { DAY, HOUR, MINUTE } from '../../clock.ts'
import { addUser } from '../bitrix24/people.ts'
import { DEAL, stageIdOf } from '../bitrix24/state/dictionaries.ts'
import type { Portal } from '../bitrix24/state/portal.ts'
import { seededRandom } from '../random.ts'

export type DenseScale = {
  deals: number
  /** History rows per deal, the creation included. */
  moves: number
  activitiesPerDeal: number
  tasks: number
  users: number
  /** Share of ids in use; the rest are gaps left by deletions. */
  density: number
  seed: number
}

export const DENSE_DEFAULT: DenseScale = {
  deals: 10_000,
  moves: 5,
  activitiesPerDeal: 1.5,
  tasks: 10_000,
  users: 40,
  density: 1,
  seed: 1,
}

const STAGES = ['NEW', 'PREPARATION', 'PREPAYMENT_INVOICE', 'EXECUTING', 'FINAL_INVOICE'] as const

/** A portal of any size without a story in it, for benchmarks: ids dense or gappy, a year of time. */
export const fillDense = (portal: Portal, scale: Partial<DenseScale> = {}): void => {
  const { deals, moves, activitiesPerDeal, tasks, users, density, seed } = { ...DENSE_DEFAULT, ...scale }
  const random = seededRandom(seed)
  const now = portal.now()
  portal.departments.add({ name: portal.title, sort: 100, parentId: null, headId: 1 })
  for (let n = 0; n < users; n++)
    addUser(portal, {
      name: `Имя${n + 1}`,
      lastName: `Фамилия${n + 1}`,
      isAdmin: n === 0,
      departments: [1],
      position: 'Менеджер',
    })
  portal.dictionaries.addCategory({ id: 0, entityTypeId: DEAL, name: 'Общая', sort: 10, isDefault: true }, [
    { id: 'NEW', name: 'Новая' },
    { id: 'PREPARATION', name: 'Подготовка документов' },
    { id: 'PREPAYMENT_INVOICE', name: 'Счёт на предоплату' },
    { id: 'EXECUTING', name: 'В работе' },
    { id: 'FINAL_INVOICE', name: 'Финальный счёт' },
    { id: 'WON', name: 'Сделка успешна', semantic: 'S' },
    { id: 'LOSE', name: 'Сделка провалена', semantic: 'F' },
  ])
  const gap = density >= 1 ? 0 : 1 / density - 1
  const history: {
    at: number
    dealId: number
    stageId: string
    semantic: 'P' | 'S' | 'F'
    typeId: number
  }[] = []
  const year = 365 * DAY
  for (let n = 0; n < deals; n++) {
    if (gap > 0 && random.chance(0.2)) portal.deals.skip(Math.round(gap * 5))
    const createdTime = now - year + Math.floor((((n + 1) / (deals + 1)) * year) / 1000) * 1000
    const userId = random.int(1, users)
    let at = createdTime
    const path: string[] = []
    const steps = Math.max(1, moves)
    for (let step = 0; step < steps; step++) {
      const isLast = step === steps - 1
      const code =
        isLast && steps > 1 && random.chance(0.8)
          ? random.chance(0.4)
            ? 'WON'
            : 'LOSE'
          : STAGES[Math.min(step, STAGES.length - 1)]!
      path.push(code)
    }
    const last = path.at(-1)!
    const semantic = last === 'WON' ? 'S' : last === 'LOSE' ? 'F' : 'P'
    const deal = portal.deals.add({
      title: `Сделка ${n + 1}`,
      typeId: 'SALE',
      categoryId: 0,
      stageId: last,
      semantic,
      previousStageId: path.at(-2) ?? '',
      assignedById: userId,
      createdBy: userId,
      updatedBy: userId,
      movedBy: userId,
      lastActivityBy: userId,
      createdTime,
      updatedTime: createdTime,
      movedTime: createdTime,
      lastActivityTime: createdTime,
      begindate: createdTime - (createdTime % DAY),
      closedate: createdTime - (createdTime % DAY) + 60 * DAY,
      opportunity: random.int(10, 900) * 1000,
      currencyId: portal.currency,
      companyId: random.int(1, 5000),
      contactId: random.int(1, 8000),
      sourceId: 'WEB',
      comments: '',
      isRecurring: false,
      isReturnCustomer: false,
      parentId2: null,
      custom: {},
    })
    for (const [step, code] of path.entries()) {
      if (step > 0) at = Math.min(now - MINUTE, at + Math.floor(random.logNormal(4 * DAY, 0.9) / 1000) * 1000)
      const kind = code === 'WON' ? 'S' : code === 'LOSE' ? 'F' : 'P'
      history.push({
        at,
        dealId: deal.id,
        stageId: stageIdOf(DEAL, 0, code),
        semantic: kind,
        typeId: kind !== 'P' ? 3 : step === 0 ? 1 : 2,
      })
    }
    deal.movedTime = at
    deal.updatedTime = at
    deal.lastActivityTime = at
  }
  history.sort((a, b) => a.at - b.at)
  for (const row of history) {
    if (gap > 0 && random.chance(0.2)) portal.dealHistory.skip(Math.round(gap * 5))
    portal.dealHistory.add({
      typeId: row.typeId,
      ownerId: row.dealId,
      createdTime: row.at,
      categoryId: 0,
      stageId: row.stageId,
      semantic: row.semantic,
    })
  }
  const dealRows = portal.deals.rows
  const activities = Math.round(deals * activitiesPerDeal)
  for (let n = 0; n < activities; n++) {
    const deal = dealRows[Math.floor((n / activities) * dealRows.length)]!
    const created = Math.min(now - MINUTE, deal.createdTime + random.int(0, 20) * DAY)
    const isCall = random.chance(0.5)
    const isOpen = deal.semantic === 'P' && random.chance(0.5)
    portal.activities.add({
      ownerTypeId: DEAL,
      ownerId: deal.id,
      typeId: isCall ? 2 : 6,
      providerId: isCall ? 'VOXIMPLANT_CALL' : 'CRM_TODO',
      providerTypeId: isCall ? 'CALL' : 'TODO',
      direction: isCall ? random.int(1, 2) : 0,
      status: isOpen && !isCall ? 1 : 2,
      responsibleId: deal.assignedById,
      authorId: deal.assignedById,
      editorId: deal.assignedById,
      created,
      lastUpdated: created,
      startTime: created,
      endTime: created + random.int(1, 20) * MINUTE,
      deadline: isCall ? null : created + 3 * DAY,
      isIncomingChannel: false,
      associatedEntityId: 0,
      subject: isCall ? 'Звонок' : 'Связаться с клиентом',
      description: '',
    })
  }
  for (let n = 0; n < tasks; n++) {
    const deal = dealRows[Math.floor((n / tasks) * dealRows.length)]
    const created = now - year + Math.floor(((n / tasks) * year) / 1000) * 1000
    const isClosed = random.chance(0.8)
    portal.tasks.add({
      title: `Задача ${n + 1}`,
      description: '',
      status: isClosed ? 5 : 2,
      responsibleId: random.int(1, users),
      createdBy: random.int(1, users),
      createdDate: created,
      changedDate: isClosed ? created + 5 * HOUR : created,
      changedBy: 1,
      activityDate: created,
      closedDate: isClosed ? created + 5 * HOUR : null,
      closedBy: isClosed ? 1 : 0,
      deadline: created + 2 * DAY,
      groupId: 0,
      tags: [],
      crm: deal ? [`D_${deal.id}`] : [],
      changes: [],
    })
  }
}
