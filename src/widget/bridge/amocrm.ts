import { type Bridge, within } from './bridge.ts'

const PATIENCE_MS = 10_000

/**
 * Talks with the widget's script in the parent window. Messages are data only:
 *
 * frame → script: `{ from: 'planerka', type: 'height', height }`, `{ …, type: 'open', path }`,
 * `{ …, type: 'ticket', view }`;
 * script → frame: `{ to: 'planerka', type: 'ticket', ticket }`, `{ …, type: 'theme', theme }`.
 *
 * The script's origin is the origin of the page that framed us; anything else that speaks is not heard.
 */
export const amocrmBridge = (window: Window, parentOrigin: string, view: string | null): Bridge => {
  const listeners = new Set<(message: Record<string, unknown>) => void>()
  window.addEventListener('message', event => {
    if (event.origin !== parentOrigin || event.source !== window.parent) return
    const message: unknown = event.data
    if (typeof message !== 'object' || message === null || !('to' in message) || message.to !== 'planerka')
      return
    for (const listener of listeners) listener(message as Record<string, unknown>)
  })
  const tell = (message: Record<string, unknown>): void =>
    window.parent.postMessage({ from: 'planerka', ...message }, parentOrigin)
  const answer = (type: string): Promise<Record<string, unknown>> =>
    within(
      PATIENCE_MS,
      new Promise(resolve => {
        const listener = (message: Record<string, unknown>): void => {
          if (message['type'] !== type) return
          listeners.delete(listener)
          resolve(message)
        }
        listeners.add(listener)
      }),
    )
  return {
    darkGround: 'navy',
    // The script made this frame, so it is there already.
    ready: async () => {},
    ticket: async () => {
      const reply = answer('ticket')
      tell({ type: 'ticket', view: view ?? 'overview' })
      return reply.then(
        ({ ticket }) => (typeof ticket === 'string' ? ticket : null),
        () => null,
      )
    },
    resize: height => tell({ type: 'height', height }),
    // The script opens paths of its own CRM only, and knows which.
    openPath: path => tell({ type: 'open', path }),
    installFinish: async () => {},
    onTheme: listener => {
      listeners.add(({ type, theme }) => {
        if (type === 'theme' && (theme === 'light' || theme === 'dark')) listener(theme)
      })
    },
  }
}
