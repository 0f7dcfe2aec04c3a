/**
 * What the frame may ask of the CRM around it. Every vendor implements every function; what a vendor
 * cannot do is a quiet nothing, never a throw.
 */
export type Bridge = {
  /** The colour that the CRM's own dark theme stands on, where it is not a plain dark grey. */
  darkGround?: 'navy'
  /** Resolves when the CRM around us answers, or when waiting longer makes no sense. Never rejects. */
  ready(): Promise<void>
  /** A fresh one-time ticket for the session; null = this CRM gives only the one in the page. */
  ticket(): Promise<string | null>
  /** Asks for a frame of that height in pixels. */
  resize(height: number): void
  /** Opens a card or page of the CRM, by its path. `origin` is used where the CRM cannot be asked. */
  openPath(path: string, origin: string): void
  /** Tells the CRM that the installation is complete. Rejects when the CRM does not confirm it. */
  installFinish(): Promise<void>
  /** Listens to a change of the CRM's theme. */
  onTheme(listener: (theme: 'light' | 'dark') => void): void
}

export type PageFacts = {
  ticket: string | null
  vendor: string | null
  mode: 'install' | 'app'
  language: 'ru' | 'en'
  theme: 'light' | 'dark'
  /** Screen that the placement asks for, when the page knows it: lets the card panel skip the big chunk. */
  view: string | null
}

/** Opens an address in a new tab: what is left when the CRM cannot be asked. */
export const openInTab = (path: string, origin: string): void => {
  window.open(new URL(path, origin), '_blank', 'noopener')
}

export const within = <T>(milliseconds: number, promise: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
