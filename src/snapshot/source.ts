import type { Dossier, LooseItems } from '../records/facts.ts'
import type { Department, Field, Pipeline, Stage, User } from '../records/records.ts'
import type { Settings } from '../records/settings.ts'
import type { StorableParts } from '../store/snapshots.ts'
import type { SnapshotParts } from './document.ts'

/** What a snapshot asks of the store, and nothing more: tests stand in for exactly this. */

/** People, places and fields, those included that the CRM no longer lists but history mentions. */
export type FactDirectory = {
  users: readonly (User & { isGone?: boolean })[]
  departments: readonly Department[]
  pipelines: readonly (Pipeline & { isGone?: boolean })[]
  stages: readonly (Stage & { isGone?: boolean })[]
  fields: readonly (Field & { isGone?: boolean })[]
  lossReasons?: readonly { id: string; name: string }[]
}

export type StoredSnapshot = {
  asOf: Date
  builtAt: Date
  rulesVersion: string
  coverage: number | null
  isReconstructed: boolean
  /** Built before everything was read for the first time; a whole snapshot replaces it. */
  isFirstLook?: boolean
}

export type SnapshotStore = {
  installations: { find(installationId: string): Promise<Portal | null> }
  facts: {
    directory(installationId: string): Promise<FactDirectory>
    /** Every deal with all that hangs on it, in order of id; called twice per build. */
    dossiers(installationId: string): AsyncIterable<Dossier | readonly Dossier[]>
    loose(installationId: string): AsyncIterable<LooseItems>
    /** The portal's earliest history row. */
    historyStart(installationId: string): Promise<Date | number | null>
  }
  snapshots: {
    /** In the place of an earlier one of the same instant, all of it or nothing. */
    save(installationId: string, snapshot: StoredSnapshot, parts: StorableParts): Promise<void>
    part<K extends keyof SnapshotParts>(
      installationId: string,
      asOf: Date,
      name: K,
    ): Promise<SnapshotParts[K] | null>
    /** Newest first. */
    list(installationId: string): Promise<StoredSnapshot[]>
    dropFirstLooks?(installationId: string, before: Date): Promise<void>
  }
  /** What heads have said about flags. */
  dealMarks?: {
    ofDeals(
      installationId: string,
    ): Promise<{ objections: { dealId: string; answeredAt: Date | null; answer: string | null }[] }>
  }
}

/** What an installation says of itself. */
export type Portal = { settings: Settings; currency: string | null; installedAt: Date }
