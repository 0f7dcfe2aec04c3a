import type { B24Frame } from '@bitrix24/b24jssdk'
import { type Bridge, openInTab, within } from './bridge.ts'

const PATIENCE_MS = 10_000
/** Width of the CRM's own slider for a card. */
const SLIDER_WIDTH = 1640

/**
 * The SDK is a chunk of its own and is asked for only when a portal frames us: the parent window leaves
 * `domain|protocol|session` in our name. The session of the widget does not wait for it.
 */
export const bitrix24Bridge = (): Bridge => {
  let frame: Promise<B24Frame> | null = null
  const connect = (): Promise<B24Frame> => {
    frame ??= within(
      PATIENCE_MS,
      import('@bitrix24/b24jssdk').then(sdk => sdk.initializeB24Frame()),
    )
    return frame
  }
  return {
    ready: async () => {
      await connect().catch(() => undefined)
    },
    ticket: async () => null,
    resize: height => {
      void connect()
        .then(b24 => b24.parent.resizeWindow(document.documentElement.clientWidth, height))
        .catch(() => undefined)
    },
    openPath: (path, origin) => {
      void connect()
        .then(b24 => b24.slider.openPath(b24.slider.getUrl(path), SLIDER_WIDTH))
        .catch(() => openInTab(path, origin))
    },
    installFinish: async () => {
      const b24 = await connect()
      // Outside of install mode the SDK rejects, and there is nothing to finish.
      if (b24.isInstallMode) await within(PATIENCE_MS, b24.installFinish())
    },
    onTheme: () => {},
  }
}
