import type { TrustMark } from '../snapshot/document.ts'
import type { Measured } from './measured.ts'

/** Integrity stands beside the score and never subtracts from it (4.4, rule 4). */
const TRUST_METRICS: ReadonlySet<string> = new Set(['M18', 'M22', 'M25', 'M26', 'M27', 'M28', 'M29'])

/** Fewer cases than these are no pattern. */
const MIN_CASES = 5
const MIN_BURST_CASES = 12

/**
 * `look`: one sign is above its limit; `review`: two are, or one is above twice its limit. That many authors
 * are unknown is nobody's doing and asks for a look only.
 */
export const trustOf = (
  measured: readonly Measured[],
  people: readonly string[],
  from: number,
  to: number,
  /** The CRM told authors throughout these days; before the installation some cannot. */
  isAuthorTold: boolean,
): { trust: TrustMark; reasons: string[] } => {
  const reasons: string[] = []
  let isHeavy = false
  let own = 0
  for (const { metric, measure, numbers, offReason, signals } of measured) {
    if (!TRUST_METRICS.has(measure.id) || numbers === null || offReason !== null || measure.target === null)
      continue
    const { value, sample } = numbers.read(people, from, to)
    const least = metric.id === 'M26' ? MIN_BURST_CASES : MIN_CASES
    if (value === null || sample < least || value <= measure.target) continue
    if (metric.id === 'M25' && !isAuthorTold) continue
    if (signals !== null && !people.some(who => signals.has(who))) continue
    reasons.push(metric.id)
    if (metric.id === 'M25') continue
    own++
    if (value > 2 * measure.target) isHeavy = true
  }
  return { trust: own >= 2 || isHeavy ? 'review' : reasons.length > 0 ? 'look' : 'clear', reasons }
}
