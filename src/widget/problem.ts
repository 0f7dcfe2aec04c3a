import { createApp } from 'vue'
import type { I18n } from './i18n/index.ts'
import Problem from './parts/BootProblem.vue'
import { asApiError } from './session/api-error.ts'

/** What the frame shows when even the session did not open: never an empty page. */
export const showProblem = async (root: string, words: Promise<I18n>, error: unknown): Promise<void> => {
  console.warn(error instanceof Error ? error.message : 'the widget did not start')
  const { code } = asApiError(error)
  createApp(Problem, { code })
    .use(await words)
    .mount(root)
}
