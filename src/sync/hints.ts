import { randomUUID } from 'node:crypto'
import { HOUR } from '../clock.ts'
import type { RecordKind } from '../records/records.ts'
import type { WaitingCrmEvent } from '../store/crm-events.ts'
import { readDirectory, stageWatch } from './directory.ts'
import { createPatience, patiently } from './patience.ts'
import type { Run, SyncDeps } from './run.ts'

const BATCH = 500
const ACTORS_AT_ONCE = 4

/**
 * Works off the hints that events left: who acted is asked once and the token dropped; the records they
 * name are read again, many at a time. Hints change nothing themselves: what the CRM shows is stored.
 * @returns how many hints were worked off
 */
export const runHints = async (
  deps: SyncDeps,
  given: { installationId: string; signal: AbortSignal; withDirectory: boolean },
): Promise<number> => {
  const { store, installations, clock } = deps
  const { installationId: id, signal } = given
  const log = deps.log.child({ installationId: id })
  const installation = await installations.load(id)
  const vendor = installations.vendorOf(installation)
  const portal = await installations.portal(id, { signal })
  const run: Run = {
    installation,
    runId: `hints-${randomUUID()}`,
    vendor,
    portal,
    store,
    clock,
    log,
    signal,
    patience: () => createPatience({ clock, signal, onWait: () => {} }),
    enter: async () => {},
    rejected: () => {},
  }
  if (given.withDirectory) await readDirectory(run)

  let done = 0
  for (;;) {
    signal.throwIfAborted()
    const events = await store.crmEvents.waiting(id, BATCH)
    if (events.length === 0) return done
    await resolveActors(deps, run, events)
    // What came back of our own writes is neither news nor anybody's work.
    const echoes = new Set(await store.crmEvents.dropEchoes(id))
    await readAgain(
      run,
      events.filter(({ eventId }) => !echoes.has(Number(eventId))),
    )
    const since = new Date(Math.min(...events.map(({ at }) => at.getTime())) - HOUR)
    await store.creditMoves(id, since)
    await store.creditEdits(id, dealsOf(events), since)
    await store.crmEvents.handled(
      id,
      events.map(({ eventId }) => eventId),
    )
    done += events.length
    log.info({ hints: events.length }, 'hints worked off')
  }
}

const dealsOf = (events: readonly WaitingCrmEvent[]): string[] => [
  ...new Set(events.filter(({ entity }) => entity === 'deal').map(({ entityId }) => entityId)),
]

/** One question per token, however many events carry it. */
const resolveActors = async (deps: SyncDeps, run: Run, events: readonly WaitingCrmEvent[]): Promise<void> => {
  const { installations } = deps
  const { store, portal, installation } = run
  const byToken = new Map<string, number[]>()
  for (const { eventId, sealedActorToken } of events) {
    if (sealedActorToken === null) continue
    const token = installations.openActorToken(installation.id, sealedActorToken)
    byToken.set(token, [...(byToken.get(token) ?? []), eventId])
  }
  const waiting = [...byToken]
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [token, eventIds] = next
      const userId = await patiently(run.patience(), () => portal.whoIs(token))
      for (const eventId of eventIds) await store.crmEvents.resolveActor(installation.id, eventId, userId)
    }
  }
  await Promise.all(Array.from({ length: ACTORS_AT_ONCE }, lane))
}

const readAgain = async (run: Run, events: readonly WaitingCrmEvent[]): Promise<void> => {
  const { store, portal, installation, clock, vendor, log } = run
  const dirty = new Map<Exclude<RecordKind, 'stageMove'>, Set<string>>()
  for (const { entity, entityId } of events) {
    const ids = dirty.get(entity) ?? new Set()
    dirty.set(entity, ids.add(entityId))
  }
  const stages = await stageWatch(run)
  for (const [kind, ids] of dirty) {
    const { records, rejected, missing } = await patiently(run.patience(), () => portal.fetch(kind, [...ids]))
    stages.look(records)
    await store.savePage(installation.id, {
      feed: null,
      runId: run.runId,
      records,
      rejected,
      seenAt: clock.now(),
      diffDeadlines: !vendor.can.deadlineHistory,
    })
    const gone = await store.markDeleted(installation.id, kind, missing, clock.now())
    if (gone > 0) log.info({ kind, gone }, 'records the CRM no longer shows')
  }
  if (stages.sawUnknown()) await readDirectory(run)
}
