import type { Clock } from '../../clock.ts'
import { MAX_PAUSES, NORMAL_DAYS, OBJECTION_DAYS } from '../../metrics/standstill.ts'
import { WorkingTime } from '../../metrics/working-time.ts'
import type { DealRow } from '../../snapshot/document.ts'
import type { DealCard, DealView, PauseReason } from '../api-schema.ts'
import type { Installation, Marks, ObjectionRow, PauseRow } from '../deps.ts'
import type { Names } from './views.ts'

/** What people have said about deals up to now, looked up by deal: snapshots follow the next time one is built. */
export type LiveMarks = {
  pauseOf(dealId: string): PauseRow | null
  pausesOf(dealId: string): readonly PauseRow[]
  /** The objection to the flag of the stay in which the deal is. */
  objectionOf(deal: Pick<DealRow, 'dealId' | 'enteredAt'>): ObjectionRow | null
  objectionsOf(dealId: string): readonly ObjectionRow[]
  now: Date
  workingTime: Pick<WorkingTime, 'add'>
}

/** Reads the marks of a portal as they are now. */
export const liveMarksOf =
  ({ marks, clock }: { marks: Marks; clock: Clock }) =>
  async ({ id, settings }: Installation, dealIds?: readonly string[]): Promise<LiveMarks> => {
    const now = clock.now()
    const found = await marks.ofDeals(id, dealIds)
    const first = found.objections.reduce(
      (least, { openedAt }) => Math.min(least, openedAt.getTime()),
      now.getTime(),
    )
    return liveMarks(
      found,
      now,
      new WorkingTime(settings.calendar, first, now.getTime() + NORMAL_DAYS * 3 * 86_400_000),
    )
  }

const liveMarks = (
  marks: Awaited<ReturnType<Marks['ofDeals']>>,
  now: Date,
  workingTime: Pick<WorkingTime, 'add'>,
): LiveMarks => {
  const pauses = Map.groupBy(marks.pauses, ({ dealId }) => dealId)
  const objections = Map.groupBy(marks.objections, ({ dealId }) => dealId)
  return {
    now,
    workingTime,
    pausesOf: dealId => pauses.get(dealId) ?? [],
    pauseOf: dealId =>
      pauses.get(dealId)?.find(({ until, endedAt }) => endedAt === null && until > now) ?? null,
    objectionsOf: dealId => objections.get(dealId) ?? [],
    objectionOf: ({ dealId, enteredAt }) =>
      objections.get(dealId)?.find(({ stayFrom }) => stayFrom.getTime() === Date.parse(enteredAt)) ?? null,
  }
}

const holdsUntil = (objection: ObjectionRow, marks: LiveMarks): Date | null => {
  if (objection.answer === 'stands') return null
  const from = objection.answeredAt ?? objection.openedAt
  const days = objection.answer === 'normal' ? NORMAL_DAYS : OBJECTION_DAYS
  const until = new Date(marks.workingTime.add(from.getTime(), days))
  return until > marks.now ? until : null
}

/** Why a flag does not count just now, whatever the last snapshot knew. */
export const holdOf = (deal: DealRow, marks: LiveMarks): 'paused' | 'disputed' | 'normal' | null => {
  if (marks.pauseOf(deal.dealId) !== null) return 'paused'
  const objection = marks.objectionOf(deal)
  if (objection === null || holdsUntil(objection, marks) === null) return null
  return objection.answer === 'normal' ? 'normal' : 'disputed'
}

type MarkFields = Pick<DealView, 'pause' | 'objection' | 'pausesLeft'>

/** The marks of a deal as its views carry them. */
export const markFields = (deal: DealRow, names: Names, marks: LiveMarks | null): MarkFields => {
  if (marks === null) return { pause: null, objection: null, pausesLeft: MAX_PAUSES }
  const pause = marks.pauseOf(deal.dealId)
  const objection = marks.objectionOf(deal)
  return {
    pausesLeft: Math.max(0, MAX_PAUSES - marks.pausesOf(deal.dealId).length),
    pause:
      pause === null
        ? null
        : {
            id: pause.pauseId,
            until: pause.until.toISOString(),
            reason: pause.reason as PauseReason,
            madeBy: pause.madeBy,
            madeByName: names.user(pause.madeBy),
          },
    objection:
      objection === null
        ? null
        : {
            state: objection.answer ?? 'open',
            openedBy: objection.openedBy,
            openedByName: names.user(objection.openedBy),
            openedAt: objection.openedAt.toISOString(),
            answeredBy: objection.answeredBy,
            answeredByName: names.user(objection.answeredBy),
            answeredAt: objection.answeredAt?.toISOString() ?? null,
            holdsUntil: holdsUntil(objection, marks)?.toISOString() ?? null,
          },
  }
}

/** Who did what about a deal's flag, newest first. */
export const journalOf = (dealId: string, names: Names, marks: LiveMarks): DealCard['journal'] => {
  const entry = (
    at: Date,
    by: string,
    what: DealCard['journal'][number]['what'],
    more: { until?: Date; reason?: string } = {},
  ): DealCard['journal'][number] => ({
    at: at.toISOString(),
    by,
    byName: names.user(by),
    what,
    until: more.until?.toISOString() ?? null,
    reason: (more.reason as PauseReason | undefined) ?? null,
  })
  const pauses = marks
    .pausesOf(dealId)
    .flatMap(({ madeAt, madeBy, until, reason, endedAt, endedBy }) => [
      entry(madeAt, madeBy, 'paused', { until, reason }),
      ...(endedAt === null ? [] : [entry(endedAt, endedBy ?? madeBy, 'pause_ended')]),
    ])
  const objections = marks
    .objectionsOf(dealId)
    .flatMap(({ openedAt, openedBy, answeredAt, answeredBy, answer }) => {
      const answered =
        answeredAt === null || answer === null ? [] : [entry(answeredAt, answeredBy ?? openedBy, answer)]
      // A head's own word is opened and answered at once: it was never an objection.
      const isOwnWord =
        answeredAt !== null && answeredAt.getTime() === openedAt.getTime() && answeredBy === openedBy
      return isOwnWord ? answered : [entry(openedAt, openedBy, 'objected'), ...answered]
    })
  return [...pauses, ...objections].toSorted((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))
}
