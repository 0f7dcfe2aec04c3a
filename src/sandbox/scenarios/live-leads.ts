import { isClosed, LOST } from '../amocrm/account/rows.ts'
import type { AccountSite } from '../amocrm/site.ts'
import { type Random, seededRandom } from '../random.ts'
import { dealTitle, stepText } from './company-words.ts'

/** One thing that people in a company do every few seconds. */
const happen = ({ account, acts }: AccountSite, random: Random): string => {
  const open = account.leads.rows.filter(lead => !lead.isDeleted && !isClosed(lead.statusId))
  const lead = open.length > 0 ? random.pick(open) : undefined
  const now = account.now()
  if (!lead || random.chance(0.12)) {
    const owner = random.pick(
      account.users.rows.filter(user => user.isActive && !user.isFree && user.groupId > 0),
    )
    acts.addLead(
      { name: dealTitle(random, 'sales'), responsibleId: owner.id, price: random.int(8, 90) * 10_000 },
      { userId: random.chance(0.4) ? 0 : owner.id },
    )
    return 'lead added'
  }
  const owner = { userId: lead.responsibleId }
  if (random.chance(0.4)) {
    const stages = account.pipeline(lead.pipelineId)?.statuses ?? []
    const next = random.chance(0.12)
      ? { id: LOST }
      : stages[stages.findIndex(({ id }) => id === lead.statusId) + 1]
    if (next) acts.updateLead(lead.id, { statusId: next.id }, random.chance(0.1) ? { userId: 0 } : owner)
    return 'lead moved'
  }
  const planned = account.tasks.rows.findLast(
    task => task.entityId === lead.id && task.entityType === 'leads' && !task.isCompleted,
  )
  if (planned && random.chance(0.4)) {
    acts.updateTask(planned.id, { isCompleted: true, resultText: 'Сделано' }, owner)
    return 'task done'
  }
  if (random.chance(0.5)) {
    acts.addNote(
      { entity: 'leads', entityId: lead.id, noteType: 'call_out', params: { duration: random.int(20, 300) } },
      owner,
    )
    return 'call made'
  }
  acts.addTask(
    {
      text: stepText(random, true),
      completeTill: now + random.int(1, 4) * 86_400,
      responsibleId: lead.responsibleId,
      entityId: lead.id,
      entityType: 'leads',
    },
    owner,
  )
  return 'task planned'
}

/** Makes something happen every few seconds. @returns a function that ends it */
export const liveLeads = (
  site: AccountSite,
  everyMs: number,
  tell: (what: string) => void = () => {},
): (() => void) => {
  const random = seededRandom(site.account.now())
  const timer = setInterval(() => tell(happen(site, random)), everyMs)
  timer.unref()
  return () => clearInterval(timer)
}
