import { hash } from 'node:crypto'
import type { Settings } from '../records/settings.ts'
import { RULES_VERSION } from './document.ts'

/**
 * The version of the rules behind a snapshot. Targets and thresholds that people have accepted are rules, too, and
 * so is the proof that stages ask for: with other ones a new series begins.
 */
export const rulesVersionOf = ({
  targets,
  stale,
  stageRules,
}: Pick<Settings, 'targets' | 'stale' | 'stageRules'>): string => {
  const proofs = (stageRules ?? []).map(({ pipelineId, stageId, proof }) => [
    `proof ${pipelineId}/${stageId}`,
    proof,
  ])
  // Written rules replace the proposed ones even when they ask for nothing.
  const chosen = stageRules === null || stageRules === undefined ? [] : [['proof', ''], ...proofs]
  const own = [...Object.entries(targets), ...Object.entries(stale.loosened), ...chosen].sort(([a], [b]) =>
    String(a) < String(b) ? -1 : 1,
  )
  return own.length === 0
    ? RULES_VERSION
    : `${RULES_VERSION}+${hash('sha256', JSON.stringify(own), 'hex').slice(0, 6)}`
}
