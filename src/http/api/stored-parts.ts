import { notFound } from '../../errors.ts'
import type { DealRow, Score } from '../../snapshot/document.ts'
import type { PortalData, SnapshotInfo, Snapshots } from '../deps.ts'
import type { ApiContext } from './context.ts'
import type { Facts } from './people-views.ts'

/** Parts of stored snapshots as the operations read them. */
export const storedParts = ({ snapshots, data }: { snapshots: Snapshots; data: PortalData }) => {
  /** A stored part, or what stands for it when the snapshot was built without it. */
  const rowsOf = async <
    K extends 'deals' | 'scores' | 'metrics' | 'stages' | 'process' | 'variants' | 'catalogue',
  >(
    installationId: string,
    snapshot: SnapshotInfo,
    name: K,
  ) => (await snapshots.part(installationId, snapshot.asOf, name)) ?? []

  const factsOf = async ({ installation, viewer }: ApiContext, snapshot: SnapshotInfo): Promise<Facts> => {
    const [summary, scores, deals, weeks, directory] = await Promise.all([
      snapshots.part(installation.id, snapshot.asOf, 'summary'),
      rowsOf(installation.id, snapshot, 'scores'),
      rowsOf(installation.id, snapshot, 'deals'),
      snapshots.weeks(installation.id, snapshot.asOf),
      data.directory(installation.id),
    ])
    if (!summary) throw notFound('snapshot_not_found', 'This snapshot has no summary; build it again')
    const excluded = new Set(installation.settings.excludedUsers)
    return {
      snapshot,
      summary,
      scores: scores as Score[],
      deals: deals as DealRow[],
      weeks,
      directory,
      excluded,
      viewerId: viewer.userId,
    }
  }

  const offReasons = async (installationId: string, snapshot: SnapshotInfo) =>
    new Map((await rowsOf(installationId, snapshot, 'catalogue')).map(state => [state.metric, state]))

  return { rowsOf, factsOf, offReasons }
}

/** What there is to say of a portal that has no snapshot yet. */
export const withoutSnapshot = (context: ApiContext, directory: Facts['directory']): Facts => ({
  snapshot: {
    asOf: new Date(0),
    builtAt: new Date(0),
    rulesVersion: '',
    coverage: null,
    isReconstructed: false,
  },
  summary: {
    openDeals: 0,
    openAmount: {},
    redDeals: 0,
    amberDeals: 0,
    redAmount: {},
    redShare: null,
    isAmnesty: false,
    historyStart: null,
    actorsKnownSince: context.installation.installedAt.toISOString(),
    weekFrom: '1970-01-01',
    weekTo: '1970-01-01',
    dataUntil: null,
  },
  scores: [],
  deals: [],
  weeks: [],
  directory,
  excluded: new Set(context.installation.settings.excludedUsers),
  viewerId: context.viewer.userId,
})
