import { type Clock, stopwatch } from '../clock.ts'
import { notFound } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { Source, World } from '../metrics/world.ts'
import { packPart } from '../store/packed-part.ts'
import { startAdoption } from './adoption-weeks.ts'
import { type Computed, computeSnapshots } from './compute.ts'
import { curveOf } from './curve-rows.ts'
import { startFlagChecks } from './flag-day.ts'
import { rulesVersionOf } from './rules-version.ts'
import type { Portal, SnapshotStore, StoredSnapshot } from './source.ts'
import { startTheatre } from './theatre-quarters.ts'

export type { Source }

export type BuildInput = {
  store: SnapshotStore
  installationId: string
  /** What the vendor can tell at all; calls are told unless said otherwise. */
  can: Omit<World['can'], 'calls'> & { calls?: boolean }
  /** Sources that the first reading has not come to the end of. */
  unread?: ReadonlySet<Source>
  /** Since when authors are recovered from events; the installation's own day when left out. */
  installedAt?: Date
  log: Logger
  clock: Clock
}

/** Items of evidence kept per person and measure, in a snapshot and in each week of a history. */
const EVIDENCE_LIMIT = 500
const HISTORY_EVIDENCE_LIMIT = 100

/**
 * Computes and stores the snapshot for one instant. It uses nothing that happened later, so the nightly run, a
 * past day and a test are the same call; built again from the same base it is the same to the letter.
 */
export const buildSnapshot = async (input: BuildInput & { asOf: Date }): Promise<StoredSnapshot> => {
  const [stored] = await buildSnapshots({ ...input, asOfs: [input.asOf], evidenceLimit: EVIDENCE_LIMIT })
  return stored!
}

/** Many instants in one read of the base; oldest first. */
export const buildSnapshots = async (
  input: BuildInput & { asOfs: readonly Date[]; evidenceLimit?: number },
): Promise<StoredSnapshot[]> => {
  const { store, installationId, log } = input
  const elapsed = stopwatch()
  const [portal, directory, start] = await Promise.all([
    loadPortal(input),
    store.facts.directory(installationId),
    store.facts.historyStart(installationId),
  ])
  const worlds = {
    directory,
    portal,
    can: pickCan(input.can),
    historyStart: start === null ? null : Number(start),
    asOfs: input.asOfs.map(Number).toSorted((a, b) => a - b),
    ...(input.unread === undefined ? {} : { unread: input.unread }),
  }
  const saved: StoredSnapshot[] = []
  const computed = computeSnapshots({
    stream: {
      dossiers: () => store.facts.dossiers(installationId),
      loose: () => store.facts.loose(installationId),
    },
    worlds,
    evidenceLimit: input.evidenceLimit ?? HISTORY_EVIDENCE_LIMIT,
    onProgress: (pass, deals) => {
      if (deals % PROGRESS_DEALS === 0)
        log.debug({ installationId, pass, deals, ms: Math.round(elapsed()) }, 'deals read for a snapshot')
    },
  })
  const adoption = startAdoption({ store, installationId, portal })
  const theatre = startTheatre({ store, installationId, portal })
  const checkFlags = await startFlagChecks(store, installationId)
  for await (const one of computed) {
    const snapshot = storedOf(one, input.clock)
    await checkFlags(one)
    const { curve, use } = await adoption(snapshot, one.parts)
    one.parts.curves = one.parts.curves?.with(await packPart(curveOf(curve)))
    if (one.parts.rollout !== undefined) one.parts.rollout.adoption = use
    if (!snapshot.isReconstructed) one.parts.theatre = await theatre(snapshot)
    await store.snapshots.save(installationId, snapshot, one.parts)
    if (snapshot.isFirstLook !== true) await store.snapshots.dropFirstLooks?.(installationId, snapshot.asOf)
    saved.push(snapshot)
    const { openDeals, redDeals } = one.parts.summary
    const ms = Math.round(elapsed())
    log.info({ installationId, asOf: snapshot.asOf.toISOString(), openDeals, redDeals, ms }, 'snapshot saved')
  }
  return saved
}

const PROGRESS_DEALS = 25_000

/** @throws AppError `installation_not_found` */
export const loadPortal = async ({ store, installationId, installedAt }: BuildInput): Promise<Portal> => {
  const portal = await store.installations.find(installationId)
  if (portal === null) throw notFound('installation_not_found', 'There is no such installation')
  return installedAt === undefined ? portal : { ...portal, installedAt }
}

/** A vendor's `can` says more than metrics ask. */
const pickCan = ({
  pastActors,
  deadlineHistory,
  invoices,
  calls = true,
}: BuildInput['can']): World['can'] => ({
  pastActors,
  deadlineHistory,
  invoices,
  calls,
})

const storedOf = ({ world, outcome }: Computed, clock: Clock): StoredSnapshot => ({
  asOf: new Date(world.asOf),
  builtAt: clock.now(),
  rulesVersion: rulesVersionOf(world.settings),
  isFirstLook: (world.unread?.size ?? 0) > 0,
  coverage: outcome.coverage,
  isReconstructed: outcome.isReconstructed,
})
