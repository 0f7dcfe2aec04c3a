import { type Bridge, openInTab, within } from './bridge.ts'

const PATIENCE_MS = 10_000

/**
 * Talks with the widget's script in the parent window. Messages are data only:
 *
 * frame → script: `{ planerka: 'ready' }`, `{ planerka: 'ticket' }`, `{ planerka: 'open', path }`,
 * `{ planerka: 'resize', height }`;
 * script → frame: `{ planerka: 'hello', theme? }`, `{ planerka: 'ticket', ticket }`, `{ planerka: 'theme', theme }`.
 *
 * The script's origin is the origin of the page that framed us; anything else that speaks is not heard.
 */
export const amocrmBridge = (window: Window, parentOrigin: string): Bridge => {
  const listeners = new Set<(message: Record<string, unknown>) => void>()
  window.addEventListener('message', event => {
    if (event.origin !== parentOrigin || event.source !== window.parent) return
    const message: unknown = event.data
    if (typeof message !== 'object' || message === null || !('planerka' in message)) return
    for (const listener of listeners) listener(message as Record<string, unknown>)
  })
  const tell = (message: Record<string, unknown>): void => window.parent.postMessage(message, parentOrigin)
  const answer = (word: string): Promise<Record<string, unknown>> =>
    within(
      PATIENCE_MS,
      new Promise(resolve => {
        const listener = (message: Record<string, unknown>): void => {
          if (message['planerka'] !== word) return
          listeners.delete(listener)
          resolve(message)
        }
        listeners.add(listener)
      }),
    )
  let heard = false
  return {
    ready: async () => {
      const hello = answer('hello')
      tell({ planerka: 'ready' })
      heard = await hello.then(
        () => true,
        () => false,
      )
    },
    ticket: async () => {
      const reply = answer('ticket')
      tell({ planerka: 'ticket' })
      return reply.then(
        ({ ticket }) => (typeof ticket === 'string' ? ticket : null),
        () => null,
      )
    },
    resize: height => tell({ planerka: 'resize', height }),
    openPath: (path, origin) => {
      if (heard) tell({ planerka: 'open', path })
      else openInTab(path, origin)
    },
    installFinish: async () => {},
    onTheme: listener => {
      listeners.add(message => {
        const theme = message['theme']
        if (theme === 'light' || theme === 'dark') listener(theme)
      })
    },
  }
}
