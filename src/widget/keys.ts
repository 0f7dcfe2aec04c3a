import { onScopeDispose } from 'vue'
import { useShell } from './shell.ts'

/** A box that was just ticked takes no letters. */
const isBox = (target: HTMLElement): boolean =>
  target instanceof HTMLInputElement && ['checkbox', 'radio'].includes(target.type)

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  !isBox(target) &&
  (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))

/**
 * Single-letter keys by the place on the keyboard (`KeyJ`, `BracketLeft`), so they work in a Russian
 * layout. Off in inputs, under an open dialog, with modifiers, and when the user switched them off.
 */
export const useKeys = (keys: Readonly<Record<string, () => void>>): void => {
  const shell = useShell()
  const listener = (event: KeyboardEvent): void => {
    if (!shell.hasKeys.value || event.ctrlKey || event.metaKey || event.altKey) return
    if (isTyping(event.target) || document.querySelector('[role="dialog"]') !== null) return
    const action = keys[event.code]
    if (action === undefined) return
    event.preventDefault()
    action()
  }
  window.addEventListener('keydown', listener)
  onScopeDispose(() => window.removeEventListener('keydown', listener))
}
