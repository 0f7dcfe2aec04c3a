import { DAY, MINUTE, SECOND } from '../../clock.ts'
import type { PortalSite } from '../bitrix24/site.ts'
import { DEAL } from '../bitrix24/state/dictionaries.ts'
import { seededRandom } from '../random.ts'
import { dealTitle, stepText } from './company-words.ts'

/** One thing that people in a company do every few seconds. */
const happen = (site: PortalSite, random: ReturnType<typeof seededRandom>): string => {
  const { portal, acts } = site
  const open = portal.deals.rows.filter(deal => deal.semantic === 'P')
  const deal = open.length > 0 ? random.pick(open) : undefined
  const now = portal.now()
  if (!deal || random.chance(0.12)) {
    const people = portal.users.rows.filter(
      user => user.isActive && !user.isSystem && user.departments.length > 0,
    )
    const owner = random.pick(people)
    const isRobot = random.chance(0.4)
    acts.addItem(
      DEAL,
      { title: dealTitle(random, 'sales'), assignedById: owner.id, opportunity: random.int(8, 90) * 10_000 },
      isRobot ? null : owner.id,
    )
    return 'deal added'
  }
  const owner = deal.assignedById
  if (random.chance(0.4)) {
    const stages = portal.dictionaries.stages(DEAL, deal.categoryId)
    const index = stages.findIndex(stage => stage.statusId === deal.stageId)
    const isLost = random.chance(0.12)
    const next = isLost ? stages.find(stage => stage.semantic === 'F') : stages[index + 1]
    if (next) acts.updateItem(DEAL, deal.id, { stageId: next.statusId }, random.chance(0.1) ? null : owner)
    return 'deal moved'
  }
  const planned = portal.activities.rows.findLast(
    activity => activity.ownerId === deal.id && activity.ownerTypeId === DEAL && activity.status === 1,
  )
  if (planned && random.chance(0.4)) {
    acts.updateActivity(planned.id, { status: 2, endTime: now }, owner)
    return 'step done'
  }
  if (random.chance(0.5)) {
    acts.addActivity(
      {
        ownerId: deal.id,
        typeId: 2,
        providerId: 'VOXIMPLANT_CALL',
        providerTypeId: 'CALL',
        direction: 2,
        status: 2,
        startTime: now - 3 * MINUTE,
        endTime: now - random.int(5, 90) * SECOND,
        responsibleId: owner,
        subject: 'Исходящий звонок',
      },
      owner,
    )
    return 'call made'
  }
  const deadline = now + random.int(1, 4) * DAY
  acts.addActivity(
    {
      ownerId: deal.id,
      deadline,
      startTime: deadline,
      endTime: deadline,
      responsibleId: owner,
      subject: stepText(random, true),
    },
    owner,
  )
  return 'step planned'
}

/** Makes something happen every few seconds. @returns a function that ends it */
export const live = (
  site: PortalSite,
  everyMs: number,
  tell: (what: string) => void = () => {},
): (() => void) => {
  const random = seededRandom(Math.floor(site.portal.now() / 1000))
  const timer = setInterval(() => tell(happen(site, random)), everyMs)
  timer.unref()
  return () => clearInterval(timer)
}
