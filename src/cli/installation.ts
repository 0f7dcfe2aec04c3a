/** An installation as the admin API tells of it. */
export type Installation = { id: string; vendor: string; portal: string; status: string; sync: SyncReport }

type SyncReport = {
  phase: string
  progress: number
  run: string | null
  outcome: string | null
  lastFinishedAt: string | null
  lastError: string | null
  counts: Record<string, number>
  rejected: number
  requests: number
}
