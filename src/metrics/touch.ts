import type { ActivityFact, Dossier } from '../records/facts.ts'
import type { ActorClass } from '../records/records.ts'
import type { WorkingTime } from './working-time.ts'

export type TouchKind = 'call' | 'message' | 'meeting' | 'document' | 'invoice' | 'payment'

/** Something that really happened between the company and its customer (metrics 4.2). */
export type Touch = {
  at: number
  /** When it could be known: a reply makes an earlier message a touch. Never before `at`. */
  knownAt: number
  kind: TouchKind
  /** Whose work it was; null when nobody's or unknown: it then counts for the deal only. */
  by: string | null
  actorClass: ActorClass
  /** The customer took part: resets the silence clock (M14). */
  isTwoWay: boolean
  /** The customer's own message: it moves the deal, but answers nobody (M16). */
  isIncoming?: boolean
}

/** Shorter calls are not talks (4.2). */
export const MIN_TALK_SECONDS = 30
/** A message is a touch when the customer answers within so many working days (4.2). */
export const REPLY_DAYS = 3

/** Clocks of a telephone exchange and of a CRM differ by less: what was to begin later than this was only planned. */
const PLANNED_AHEAD_MS = 5 * 60_000

/**
 * A call with talk of 30 s or longer that was held; null of any other activity. A planned one has a length from the start:
 * it is a talk once a person has completed it, and then it took place when it was completed at the latest.
 */
export const talkOf = (activity: ActivityFact): { at: number; until: number; knownAt: number } | null => {
  const { kind, createdAt, completedAt, isAutoCompleted } = activity
  const seconds = activity.durationSeconds ?? 0
  if (kind !== 'call' || seconds < MIN_TALK_SECONDS) return null
  const startAt = activity.startAt ?? createdAt
  if (startAt <= createdAt + PLANNED_AHEAD_MS)
    return {
      at: Math.min(startAt, createdAt),
      until: Math.max(activity.endAt ?? 0, startAt + seconds * 1000),
      knownAt: createdAt,
    }
  if (completedAt === null || isAutoCompleted) return null
  const at = Math.min(startAt, completedAt)
  return { at, until: at + seconds * 1000, knownAt: completedAt }
}

/**
 * Substantive touches of a deal that could be known at `asOf`, ascending by `at`: a call with talk ≥ 30 s; an
 * incoming message, or an outgoing one answered within 3 working days; a meeting held; a document or invoice
 * issued; a payment. What a robot wrote never counts, nor what the CRM completed by itself.
 */
export const touchesOf = (dossier: Dossier, workingTime: WorkingTime, asOf: number): Touch[] => {
  const touches: Touch[] = []
  const sent: ActivityFact[] = []
  for (const activity of dossier.activities) {
    const touch = touchOf(activity)
    if (touch !== null) touches.push(touch)
    else if (isMessage(activity) && activity.direction === 'out' && activity.actorClass !== 'robot')
      sent.push(activity)
  }
  if (sent.length > 0) touches.push(...answered(sent, touches, workingTime))
  for (const invoice of dossier.invoices) {
    const base = { by: invoice.responsibleId, actorClass: 'unknown' as const, isTwoWay: false }
    touches.push({ ...base, kind: 'invoice', at: invoice.createdAt, knownAt: invoice.createdAt })
    if (invoice.outcome === 'won' && invoice.movedAt !== null)
      touches.push({ ...base, kind: 'payment', at: invoice.movedAt, knownAt: invoice.movedAt })
  }
  return touches.filter(touch => touch.knownAt <= asOf).sort((a, b) => a.at - b.at)
}

/**
 * The touch that an activity is by itself; null when it is none, or only a reply could make it one.
 * The customer's own act counts whoever recorded it: calls and chats come in through integrations.
 */
export const touchOf = (activity: ActivityFact): Touch | null => {
  const { kind, direction, actorClass } = activity
  const by = actorClass === 'person' ? (activity.authorId ?? activity.responsibleId) : null
  const happenedAt = Math.min(activity.startAt ?? activity.createdAt, activity.createdAt)
  const logged = { by, actorClass, at: happenedAt, knownAt: activity.createdAt }
  const isFromCustomer = direction === 'in'
  if (kind === 'call') {
    const talk = isFromCustomer || actorClass !== 'robot' ? talkOf(activity) : null
    return talk && { by, actorClass, at: talk.at, knownAt: talk.knownAt, kind: 'call', isTwoWay: true }
  }
  if (isMessage(activity))
    return isFromCustomer ? { ...logged, kind: 'message', isTwoWay: true, isIncoming: true } : null
  if (actorClass === 'robot') return null
  if (kind === 'document') return { ...logged, kind: 'document', isTwoWay: false }
  if (kind === 'meeting' && activity.completedAt !== null && !activity.isAutoCompleted) {
    const heldAt = activity.endAt ?? activity.startAt ?? activity.completedAt
    const at = Math.min(heldAt, activity.completedAt)
    return { ...logged, kind: 'meeting', isTwoWay: true, at, knownAt: activity.completedAt }
  }
  return null
}

const isMessage = (activity: ActivityFact): boolean =>
  activity.kind === 'message' || activity.kind === 'email'

/** Outgoing messages that the customer answered in time, known since the answer. */
const answered = (
  sent: readonly ActivityFact[],
  touches: readonly Touch[],
  workingTime: WorkingTime,
): Touch[] => {
  const replies = touches.filter(touch => touch.kind === 'message').sort((a, b) => a.at - b.at)
  const found: Touch[] = []
  for (const message of sent) {
    const at = message.createdAt
    const reply = replies.find(candidate => candidate.at > at)
    if (reply === undefined || workingTime.days(at, reply.at) > REPLY_DAYS) continue
    found.push({
      at,
      knownAt: Math.max(at, reply.knownAt),
      kind: 'message',
      by: message.actorClass === 'person' ? (message.authorId ?? message.responsibleId) : null,
      actorClass: message.actorClass,
      isTwoWay: true,
    })
  }
  return found
}
