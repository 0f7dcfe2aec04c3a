import { type Bridge, openInTab } from './bridge.ts'

/** The page opened outside of any CRM: everything works except what only a CRM can do. */
export const standaloneBridge = (): Bridge => ({
  ready: async () => {},
  ticket: async () => null,
  resize: () => {},
  openPath: openInTab,
  installFinish: async () => {},
  onTheme: () => {},
})
