import { createApp } from 'vue'
import type { Bridge } from '../../bridge/bridge.ts'
import type { I18n } from '../../i18n/index.ts'
import InstallScreen from './InstallScreen.vue'

/** The installer's frame: something to read from the first moment, then the CRM reloads us as the app. */
export const mountInstall = (root: string, words: I18n, bridge: Bridge): void => {
  createApp(InstallScreen, { bridge }).use(words).mount(root)
}
