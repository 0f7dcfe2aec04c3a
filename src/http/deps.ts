import type { PortalAddress } from '../records/portal.ts'
import type { Department, Field, Pipeline, Stage, User } from '../records/records.ts'
import type { Settings } from '../records/settings.ts'
import type { Score, SnapshotParts } from '../snapshot/document.ts'
import type { ObjectionRow, PauseRow } from '../store/deal-marks.ts'
import type { Store } from '../store/open-store.ts'
import type { FrameUser, InboundRequest, Vendor, VendorId } from '../vendors/vendor.ts'
import type { OwnDigest, Preferences, SyncState } from './api-schema.ts'

/** What http asks of the other rooms, and nothing more: tests stand in for exactly this. */

export type InstallationStatus = 'active' | 'reauth_required' | 'suspended' | 'uninstalled'

export type Installation = {
  id: string
  vendor: VendorId
  portalKey: string
  address: PortalAddress
  status: InstallationStatus
  appCode: string | null
  currency: string | null
  settings: Settings
  installedAt: Date
}

export type Viewer = {
  userId: string
  name: string
  role: 'employee' | 'head' | 'admin'
  /** User ids whose data this person may see. */
  sees: string[]
}

export type Installations = {
  /** @throws AppError 4xx, VendorError */
  install(
    vendor: Vendor,
    req: InboundRequest,
  ): Promise<{ installation: Installation; userId: string; isAdmin: boolean; language: string | null }>
  openFrame(vendor: Vendor, req: InboundRequest): Promise<{ installation: Installation; user: FrameUser }>
  receive(vendor: Vendor, req: InboundRequest): Promise<{ installationId: string | null }>
  disconnect(vendor: Vendor, req: InboundRequest): Promise<void>
  find(id: string): Promise<Installation | null>
  list(): Promise<Installation[]>
  viewer(id: string, userId: string, isAdmin: boolean): Promise<Viewer>
  patchSettings(id: string, patch: unknown, changedBy: string): Promise<Settings>
  changeSettings(id: string, patchOf: (now: Settings) => unknown, changedBy: string): Promise<Settings>
}

export type SnapshotInfo = {
  asOf: Date
  builtAt: Date
  rulesVersion: string
  coverage: number | null
  isReconstructed: boolean
}

/** One week of the 12-week series; `scores` by `scope:scopeId`. */
export type WeekScores = {
  from: string
  asOf: string | null
  isPartial: boolean
  rulesVersion?: string | null
  scores: ReadonlyMap<string, Score>
}

/** What changed between two snapshots, as sets of deals with who answers for them. */
export type Change = {
  dealId: string
  title: string
  responsibleId: string | null
  amount: number | null
  currency: string | null
}
export type Changes = {
  since: Date
  movedForward: Change[]
  won: Change[]
  cleared: Change[]
  newRed: Change[]
}

/** Stored snapshots, read through a cache of parsed parts. */
export type Snapshots = {
  /** Newest first. */
  list(installationId: string): Promise<SnapshotInfo[]>
  latest(installationId: string): Promise<SnapshotInfo | null>
  at(installationId: string, asOf: Date): Promise<SnapshotInfo | null>
  /** The newest at or before the instant that is not older than a week. */
  before(installationId: string, asOf: Date): Promise<SnapshotInfo | null>
  part<K extends keyof SnapshotParts>(
    installationId: string,
    asOf: Date,
    name: K,
  ): Promise<SnapshotParts[K] | null>
  /** Twelve weeks up to `asOf`, oldest first. */
  weeks(installationId: string, asOf: Date): Promise<WeekScores[]>
  changes(installationId: string, asOf: Date): Promise<Changes | null>
}

/** `isGone`: history mentions it, the CRM lists it no more. */
type Listed<Row> = Row & { isGone?: boolean }

export type DirectoryView = {
  users: Listed<User>[]
  departments: Department[]
  pipelines: Listed<Pipeline>[]
  stages: Listed<Stage>[]
  fields: Listed<Field>[]
}

export type StoredPreferences = Omit<Preferences, 'telegramAvailable' | 'crmEmail' | 'channels'>

export type MoveRow = {
  dealId: string
  fromPipelineId: string | null
  fromStageId: string | null
  toPipelineId: string
  toStageId: string
  at: Date
  responsibleId: string | null
  movedBy: string | null
}

/** Everything else that is stored about a portal. */
export type PortalData = {
  directory(installationId: string): Promise<DirectoryView>
  preferences(installationId: string, userId: string): Promise<StoredPreferences>
  savePreferences(installationId: string, userId: string, patch: Partial<StoredPreferences>): Promise<void>
  /** How deals are called and what they are worth now; those that the CRM no longer has are left out. */
  dealTitles(
    installationId: string,
    dealIds: readonly string[],
  ): Promise<ReadonlyMap<string, { title: string; amount: number | null; currency: string | null }>>
  storedRows(installationId: string): Promise<Record<string, number>>
  settingsLog(installationId: string): Promise<{ at: Date; changedBy: string; change: unknown }[]>
  moves(installationId: string, asOf: Date): AsyncIterable<MoveRow>
  sync(installationId: string): Promise<SyncState>
}

export type { ObjectionRow, PauseRow }

/** What people say about single deals. */
export type Marks = Store['dealMarks']

/** The metrics' own facts, for screens and the catalogue. */
export type MetricInfo = {
  metric: string
  pillar: Score['pillars'][number]['pillar'] | null
  unit: string
  payClass: 'A' | 'B' | 'C'
  target: number | null
  floor?: number | null
  lessIsBetter: boolean
  version: string
  formula: string
  caveats: readonly string[]
  needs: readonly string[]
}

/** Messages to one person: the one in the widget, and the chat that may take it. */
export type Messages = {
  ownDigest(given: {
    installationId: string
    userId: string
    isAdmin: boolean
    language: 'ru' | 'en'
    asOf: Date
  }): Promise<Pick<OwnDigest, 'role' | 'lines'> | null>
  /** null = the server has no bot. @throws AppError 503 `telegram_unavailable` */
  inviteToTelegram:
    | ((installationId: string, userId: string) => Promise<{ url: string; expiresAt: Date }>)
    | null
  unlinkTelegram(installationId: string, userId: string): Promise<void>
  /** Whose messages a signed address switches off. */
  readUnsubscribe(token: string): Promise<{ installationId: string; userId: string } | null>
  switchOff(installationId: string, userId: string): Promise<void>
}

export type DigestMessage = {
  userId: string
  name: string
  role: 'head' | 'employee'
  channel: string
  text: string
  dealIds: string[]
}
