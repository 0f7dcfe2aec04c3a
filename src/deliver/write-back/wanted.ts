import { DateTime } from 'luxon'
import { endOfWork } from '../../records/local-time.ts'
import type { User } from '../../records/records.ts'
import type { Calendar, Settings } from '../../records/settings.ts'
import type { DealRow } from '../../snapshot/document.ts'
import type { LastWords } from './change.ts'
import type { Wanted } from './plan.ts'
import { markOf, stepTitle } from './words.ts'

/** What the write-back of a portal is set to. */
export type WriteBackChoice = {
  marks: boolean
  tasks: boolean
  /** Deals of this level and above are written about. */
  level: 'red' | 'amber'
}

export const choiceOf = (settings: Settings, by: 'tag' | 'field'): WriteBackChoice => ({
  marks: settings.writeBack[by],
  tasks: settings.writeBack.nextStepTask,
  // Settings of before there was a choice.
  level: settings.writeBack.level ?? 'red',
})

/** End of the next working day: whoever gets the task this morning has a day for it. */
export const stepDueAt = (now: Date, calendar: Calendar): Date => {
  const { timeZone, workdays, holidays } = calendar
  let day = DateTime.fromJSDate(now, { zone: timeZone }).startOf('day')
  for (let step = 0; step < 400; step += 1) {
    day = day.plus({ days: 1 })
    if (workdays.includes(day.weekday) && !holidays.includes(day.toISODate() ?? '')) break
  }
  return endOfWork(day, calendar).toJSDate()
}

export type WantedInput = {
  /** Money at risk first. */
  deals: readonly DealRow[]
  users: readonly (Pick<User, 'id' | 'isActive'> & { isGone?: boolean })[]
  settings: Settings
  choice: WriteBackChoice
  last: LastWords
  now: Date
  /** A person's choice from a list, instead of the settings'. */
  byHand?: { action: 'mark' | 'task'; dealIds: ReadonlySet<string>; title: string | null }
}

/** What each deal should carry of ours. */
export const wantedOf = (input: WantedInput): Wanted[] => {
  const { settings, choice, last, byHand } = input
  const excluded = new Set(settings.excludedUsers)
  const canWork = new Set(
    input.users
      .filter(user => user.isActive && user.isGone !== true && !excluded.has(user.id))
      .map(({ id }) => id),
  )
  const dueAt = stepDueAt(input.now, settings.calendar).toISOString()
  return input.deals.flatMap(deal => {
    const { dealId, level, responsibleId } = deal
    if (level === 'none') return []
    const mark = last.marks.get(dealId)
    const task = last.tasks.get(dealId)
    const isChosen = byHand?.dealIds.has(dealId) ?? false
    const isReached = choice.level === 'amber' || level === 'red'
    const isMarked = byHand?.action === 'mark' ? isChosen : isReached || mark?.isByHand === true
    const asksStep = isReached && deal.clocks.promise !== null
    const isAsked = byHand?.action === 'task' ? isChosen : asksStep || task?.isByHand === true
    const responsible = responsibleId !== null && canWork.has(responsibleId) ? responsibleId : null
    const title = byHand?.title ?? task?.task?.title ?? stepTitle(deal.title, settings.language)
    return [
      {
        dealId,
        mark: isMarked ? markOf(level, settings.language) : null,
        task: isAsked && responsible !== null ? { title, responsibleId: responsible, dueAt } : null,
      },
    ]
  })
}
