import { hash } from 'node:crypto'
import type { Settings } from '../records/settings.ts'
import { RULES_VERSION } from './document.ts'

/**
 * The version of the rules behind a snapshot. Targets and thresholds that people have accepted are rules, too: with
 * other ones a new series begins.
 */
export const rulesVersionOf = ({ targets, stale }: Pick<Settings, 'targets' | 'stale'>): string => {
  const own = [...Object.entries(targets), ...Object.entries(stale.loosened)].sort(([a], [b]) =>
    a < b ? -1 : 1,
  )
  return own.length === 0
    ? RULES_VERSION
    : `${RULES_VERSION}+${hash('sha256', JSON.stringify(own), 'hex').slice(0, 6)}`
}
