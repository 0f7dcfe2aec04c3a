import { amocrmBridge } from './amocrm.ts'
import { bitrix24Bridge } from './bitrix24.ts'
import type { Bridge, PageFacts } from './bridge.ts'
import { standaloneBridge } from './standalone.ts'

const originOf = (address: string): string | null => {
  try {
    return new URL(address).origin
  } catch {
    return null
  }
}

/** Chooses the bridge by the vendor that the server vouched for and by the window that framed us. */
export const pickBridge = (page: PageFacts, window: Window): Bridge => {
  const isFramed = window.parent !== window
  if (page.vendor === 'bitrix24' && isFramed && window.name.split('|').length >= 3) return bitrix24Bridge()
  const parentOrigin = originOf(window.document.referrer)
  if ((page.vendor === 'amocrm' || page.vendor === 'kommo') && isFramed && parentOrigin !== null)
    return amocrmBridge(window, parentOrigin, page.view)
  return standaloneBridge()
}
