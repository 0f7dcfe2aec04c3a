import type { Bridge } from '../../bridge/bridge.ts'
import type { I18n } from '../../i18n/index.ts'
export const mountInstall = (_root: string, _words: I18n, _bridge: Bridge): void => {}
