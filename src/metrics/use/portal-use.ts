import type { Dossier } from '../../records/facts.ts'
import type {
  AutomationUse,
  FieldUseRow,
  LintFinding,
  MvpScopeRow,
  PipelineUseRow,
  StageUseRow,
} from '../../snapshot/document.ts'
import type { PortalHistory } from '../history/stays.ts'
import { FEWEST_PROVEN, GRACE_MS, isProven, proofOf, proofsOf } from '../stage-rules.ts'
import { countedPeople, stageKey, type World } from '../world.ts'
import { collectAutomation } from './automation.ts'
import { type Bunching, collectBunching } from './bunching.ts'
import { collectFieldUse } from './field-use.ts'
import { lintOf } from './lint.ts'
import { collectMvpScope } from './mvp-scope.ts'
import { collectPipelineUse } from './pipeline-use.ts'
import { measureStageUse, type ProofShare, STAGE_DAYS } from './stage-use.ts'
import { collectStandingDeals } from './standing-deals.ts'

const DAY = 86_400_000

/** What one pass over every deal, living or closed long ago, says about the set-up of the portal. */
export type PortalUse = {
  fields: readonly FieldUseRow[]
  pipelines: readonly PipelineUseRow[]
  stages: readonly StageUseRow[]
  mvp: readonly MvpScopeRow[]
  automation: AutomationUse
  lint: readonly LintFinding[]
  bunching: Bunching
}

export type PortalUseCollector = {
  /** @param dossier already cut at the world's `asOf` */
  add(dossier: Dossier): void
  /** @param history the same deals' moves */
  finish(history: PortalHistory): PortalUse
}

/** Counts the use of fields, stages and robots while deals stream by, in memory for sums and a few samples. */
export const collectPortalUse = (world: World): PortalUseCollector => {
  const since = world.asOf - STAGE_DAYS * DAY
  const fields = collectFieldUse(world)
  const pipelines = collectPipelineUse(world)
  const mvp = collectMvpScope(world)
  const automation = collectAutomation(world)
  const bunching = collectBunching(world)
  const standing = collectStandingDeals(world)
  const proofs = collectProofs(world)
  const titles = new Map<string, string>()
  const people = countedPeople(world).size
  return {
    add: dossier => {
      const last = dossier.moves.at(-1)
      const movedAt = last?.at ?? dossier.createdAt
      fields.add(dossier)
      pipelines.add(dossier)
      // What was closed more than half a year ago has nothing to say but how its fields and pipelines were used.
      if (movedAt < since && last !== undefined && last.outcome !== 'open') return
      if (movedAt >= since) {
        titles.set(dossier.id, dossier.title)
        proofs.add(dossier)
      }
      mvp.add(dossier)
      automation.add(dossier)
      bunching.add(dossier)
      standing.add(dossier)
    },
    finish: history => {
      const fieldRows = fields.finish()
      const stages = measureStageUse(history, world, id => titles.get(id) ?? id, proofs.finish())
      return {
        fields: fieldRows,
        pipelines: pipelines.finish(),
        stages,
        mvp: mvp.finish(fieldRows),
        automation: automation.finish(people),
        lint: lintOf({ world, fields: fieldRows, stages, standing: standing.finish() }),
        bunching: bunching.finish(),
      }
    },
  }
}

/** Entries of the last half year to stages that ask for proof. */
const collectProofs = (world: World) => {
  const since = world.asOf - STAGE_DAYS * DAY
  const shares = new Map<string, ProofShare>()
  for (const [key, stage] of world.stages) {
    const proof = proofOf(stage, world)
    if (proof !== null) shares.set(key, { proof, held: 0, entries: 0 })
  }
  const isProposed = (world.settings.stageRules ?? null) === null
  return {
    add: (dossier: Dossier): void => {
      if (dossier.isTemplate || shares.size === 0) return
      let proofs: ReturnType<typeof proofsOf> | null = null
      dossier.moves.forEach((move, index) => {
        if (move.at < since || move.at + GRACE_MS > world.asOf) return
        const key = stageKey(move.pipelineId, move.stageId)
        const share = shares.get(key)
        const before = dossier.moves[index - 1]
        if (
          share === undefined ||
          (before?.pipelineId === move.pipelineId && before.stageId === move.stageId)
        )
          return
        proofs ??= proofsOf(dossier)
        share.entries++
        if (isProven(proofs, share.proof as keyof typeof proofs, { from: move.at })) share.held++
      })
    },
    /** What nobody in a pipeline keeps is not asked for there until somebody writes the rule. */
    finish: () => {
      if (!isProposed) return shares
      const held = new Map<string, number>()
      const kindOf = (key: string, { proof }: ProofShare): string =>
        stageKey(world.stages.get(key)!.pipelineId, proof)
      for (const [key, share] of shares)
        held.set(kindOf(key, share), (held.get(kindOf(key, share)) ?? 0) + share.held)
      return new Map(
        [...shares].filter(([key, share]) => (held.get(kindOf(key, share)) ?? 0) >= FEWEST_PROVEN),
      )
    },
  }
}
