import { createApp } from 'vue'
import DealPanel from './screens/deal/DealPanel.vue'
import { type Shell, shellKey } from './shell.ts'

const JITTER_PX = 8
const SETTLE_MS = 100

/** The panel in a deal's card: Vue and roles only, no kit, fitted to its content. */
export const mountCard = (root: string, shell: Shell): void => {
  const id = shell.me.start.params['id'] ?? ''
  document.body.style.background = 'var(--pl-surface)'
  createApp(DealPanel, { id }).provide(shellKey, shell).use(shell.words).mount(root)
  const element = document.querySelector(root)
  if (element === null) return
  let height = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  // Small changes are ignored, or the frame and the observer would chase each other.
  new ResizeObserver(() => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      const wanted = Math.ceil(element.getBoundingClientRect().height)
      if (Math.abs(wanted - height) < JITTER_PX) return
      height = wanted
      shell.bridge.resize(wanted)
    }, SETTLE_MS)
  }).observe(element)
}
