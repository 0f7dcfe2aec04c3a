import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import type { WriteBackRun } from '../../../http/api-schema.ts'
import { asApiError } from '../../session/api-error.ts'
import { useShell } from '../../shell.ts'

/** Something that was written, or would be. */
export type Written = {
  kind: 'mark' | 'task' | 'closeTask'
  before: string | null
  after: string | null
  dueAt: string | null
}

/** How changes, states and failures of write-back are said. */
export const useWriteBackWords = () => {
  const { t, te } = useI18n()
  const { format } = useShell()
  const side = (text: string | null): string => text ?? t('writeBack.none')
  return {
    before: (change: Written): string => side(change.before),
    after: computed(() => (change: Written): string => {
      if (change.kind === 'closeTask') return t('writeBack.closed')
      if (change.dueAt === null) return side(change.after)
      return `${side(change.after)}, ${t('writeBack.due', { date: format.value.instant(change.dueAt) })}`
    }),
    why: (problem: unknown): string => {
      const { code } = asApiError(problem)
      const key = `writeBack.codes.${code}`
      return te(key) ? t(key) : t('writeBack.codes.other', { code })
    },
    note: (note: string | null, error: string | null): string =>
      note !== null && te(`writeBack.notes.${note}`) ? t(`writeBack.notes.${note}`) : (error ?? ''),
  }
}

const POLL_MS = 1500
const PATIENCE = 400

/** Asks until a run has nothing left to write or to take back. */
export const watchRun = async (
  load: () => Promise<WriteBackRun[]>,
  batchId: string,
  seen: (runs: WriteBackRun[]) => void,
): Promise<WriteBackRun | null> => {
  for (let look = 0; look < PATIENCE; look += 1) {
    const runs = await load()
    seen(runs)
    const run = runs.find(each => each.batchId === batchId)
    if (run === undefined || run.waiting === 0) return run ?? null
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
  return null
}
