import { HOUR, MINUTE, SECOND } from '../../clock.ts'

/**
 * Time windows instead of deep pages: deep pages are slow, drift under the reader and have been seen to end
 * early. The first window is everything; one that turns out too full is continued from the last date seen
 * when its rows came sorted by date, and cut in half when they did not. Ends are inclusive, in milliseconds.
 */
export type Window = { from: number; to: number }

/** Pages of one window at most: past this the vendor has been seen to end a pass before its end. */
export const MAX_PAGES = 75
/** Pages that a window should hold: deep enough to waste little, shallow enough to stay exact. */
const TARGET_PAGES = 50

/** The next window's length, from how full the last one was; never more than four times longer. */
export const nextLength = (length: number, pages: number): number =>
  Math.max(MINUTE, Math.round(length * (pages <= 1 ? 4 : Math.min(4, TARGET_PAGES / pages))))

/** A window as two, or nothing when it is one second already. */
export const halved = ({ from, to }: Window): Window[] => {
  const middle = from + Math.floor((to - from) / 2 / SECOND) * SECOND
  return to - from < SECOND
    ? []
    : [
        { from, to: middle },
        { from: middle + SECOND, to: Math.max(to, middle + SECOND) },
      ]
}

/** Bounds as the vendor takes them, in seconds. */
export const bounds = ({ from, to }: Window): { from: number; to: number } => ({
  from: Math.floor(from / SECOND),
  to: Math.ceil(to / SECOND),
})

/** Follows the dates of rows as they come, to tell whether the vendor sorts them. */
export const createOrderWatch = () => {
  let isRising = true
  let isFalling = true
  let last: number | null = null
  return {
    see(rows: unknown[], key: string): void {
      for (const row of rows) {
        const date = Number((row as Record<string, unknown> | null)?.[key])
        if (!Number.isFinite(date)) isRising = isFalling = false
        if (last !== null && date < last) isRising = false
        if (last !== null && date > last) isFalling = false
        last = date
      }
    },
    /** What is left of a window when reading stopped; null = the rows were not sorted, nobody knows. */
    rest({ from, to }: Window): Window | null {
      if (last === null || isRising === isFalling) return null
      const seen = last * SECOND
      if (isRising) return seen > from ? { from: seen, to } : null
      return seen < to ? { from, to: seen } : null
    },
    isSorted: (): boolean => isRising || isFalling,
  }
}

/** Events become visible minutes after their date; records are re-read with less. */
export const EVENT_OVERLAP = HOUR
export const RECORD_OVERLAP = 10 * MINUTE
