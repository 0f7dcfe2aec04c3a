import { hash } from 'node:crypto'
import type { Settings } from '../records/settings.ts'
import { RULES_VERSION } from './document.ts'

/**
 * The version of the rules behind a snapshot. Targets and thresholds that people have accepted are rules, too, and
 * so are the proof that stages ask for and the designs in force: with other ones a new series begins.
 */
export const rulesVersionOf = ({
  targets,
  stale,
  stageRules,
  designs,
}: Pick<Settings, 'targets' | 'stale' | 'stageRules' | 'designs'>): string => {
  const proofs = (stageRules ?? []).map(({ pipelineId, stageId, proof }) => [
    `proof ${pipelineId}/${stageId}`,
    proof,
  ])
  // Written rules replace the proposed ones even when they ask for nothing.
  const chosen = stageRules === null || stageRules === undefined ? [] : [['proof', ''], ...proofs]
  const drawn = Object.entries(designs).map(([id, versions]) => [
    `design ${id}`,
    versions
      .at(-1)
      ?.edges?.map(edge => edge.join('>'))
      .sort() ?? null,
  ])
  const own = [
    ...Object.entries(targets),
    ...Object.entries(stale.loosened),
    ...chosen,
    ...drawn.filter(([, edges]) => edges !== null),
  ].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
  return own.length === 0
    ? RULES_VERSION
    : `${RULES_VERSION}+${hash('sha256', JSON.stringify(own), 'hex').slice(0, 6)}`
}
