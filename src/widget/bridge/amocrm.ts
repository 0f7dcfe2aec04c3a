import { type Bridge, within } from './bridge.ts'

const PATIENCE_MS = 10_000

/**
 * Talks with the widget's script in the parent window. Messages are data only:
 *
 * frame → script: `{ from: 'planerka', type: 'height', height }`, `{ …, type: 'open', path }`,
 * `{ …, type: 'ticket', view }`;
 * script → frame: `{ to: 'planerka', type: 'ticket', ticket }`.
 *
 * The script's origin is the origin of the page that framed us; anything else that speaks is not heard.
 * The CRM reloads its page to change the theme, and the frame with it.
 */
export const amocrmBridge = (window: Window, parentOrigin: string): Bridge => {
  const waiting = new Set<(ticket: string | null) => void>()
  window.addEventListener('message', event => {
    if (event.origin !== parentOrigin || event.source !== window.parent) return
    const message = event.data as { to?: unknown; type?: unknown; ticket?: unknown } | null
    if (typeof message !== 'object' || message?.to !== 'planerka' || message.type !== 'ticket') return
    for (const take of waiting) take(typeof message.ticket === 'string' ? message.ticket : null)
    waiting.clear()
  })
  const tell = (message: Record<string, unknown>): void =>
    window.parent.postMessage({ from: 'planerka', ...message }, parentOrigin)
  return {
    ready: async () => {},
    ticket: async () => {
      const answer = new Promise<string | null>(resolve => waiting.add(resolve))
      tell({ type: 'ticket', view: 'overview' })
      return within(PATIENCE_MS, answer).catch(() => null)
    },
    resize: height => tell({ type: 'height', height }),
    openPath: path => tell({ type: 'open', path }),
    installFinish: async () => {},
    onTheme: () => {},
  }
}
