import { onScopeDispose, type Ref, ref, shallowRef, watch } from 'vue'
import { type ApiError, asApiError } from './session/api-error.ts'

/** A quick answer needs no skeleton; a slow one deserves words. */
const SKELETON_AFTER_MS = 150
const WORDS_AFTER_MS = 5000

export type Load<T> = {
  data: Ref<T | null>
  error: Ref<ApiError | null>
  phase: Ref<'quiet' | 'skeleton' | 'slow' | 'done'>
  reload(): Promise<void>
}

/** Loads once, and again whenever `on` changes. A late answer to an old question is dropped. */
export const useLoad = <T>(load: () => Promise<T>, on?: () => unknown): Load<T> => {
  const data = shallowRef<T | null>(null)
  const error = shallowRef<ApiError | null>(null)
  const phase = ref<'quiet' | 'skeleton' | 'slow' | 'done'>('quiet')
  let turn = 0
  let timers: ReturnType<typeof setTimeout>[] = []
  const stopTimers = (): void => {
    for (const timer of timers) clearTimeout(timer)
    timers = []
  }
  const reload = async (): Promise<void> => {
    const mine = ++turn
    stopTimers()
    error.value = null
    phase.value = 'quiet'
    timers = [
      setTimeout(() => {
        phase.value = 'skeleton'
      }, SKELETON_AFTER_MS),
      setTimeout(() => {
        phase.value = 'slow'
      }, WORDS_AFTER_MS),
    ]
    try {
      const loaded = await load()
      if (mine === turn) data.value = loaded
    } catch (problem) {
      if (mine === turn) {
        data.value = null
        error.value = asApiError(problem)
      }
    }
    if (mine !== turn) return
    stopTimers()
    phase.value = 'done'
  }
  if (on !== undefined) watch(on, reload)
  onScopeDispose(() => {
    turn = -1
    stopTimers()
  })
  void reload()
  return { data, error, phase, reload }
}
