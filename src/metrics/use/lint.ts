import type { FieldUseRow, LintFinding, Severity, StageUseRow } from '../../snapshot/document.ts'
import type { World } from '../world.ts'
import { Newest } from './newest.ts'
import type { StandingDeals } from './standing-deals.ts'

/** A pipeline where fewer deals moved in half a year is judged by nothing. */
const MIN_DEALS = 20
const MAX_REQUIRED = 7
const MAX_OPEN_STAGES = 10
const MIN_STILL = 5
const MANY = 0.3
const HALF = 0.5

const ORDER: Readonly<Record<Severity, number>> = { high: 0, medium: 1, low: 2 }

type Input = {
  world: World
  fields: readonly FieldUseRow[]
  stages: readonly StageUseRow[]
  standing: StandingDeals
}

type Draft = Pick<LintFinding, 'rule' | 'severity'> &
  Partial<Pick<LintFinding, 'pipelineId' | 'stageId' | 'field' | 'params'>> & { deals?: Newest }

const NONE = new Newest()

/**
 * Faults of the set-up that a person who is no expert can have put right (R27), the gravest first. Each is a fact
 * with the stage, the field or the deals it speaks of; none is a judgement on people.
 */
export const lintOf = (input: Input): LintFinding[] =>
  [...ofDeals(input), ...ofPipelines(input), ...ofStages(input), ...ofFields(input), ...ofLosses(input)]
    .map(({ deals = NONE, ...draft }) => ({
      pipelineId: null,
      stageId: null,
      field: null,
      params: {},
      ...draft,
      deals: deals.total,
      items: deals.deals(),
    }))
    .sort((a, b) => ORDER[a.severity] - ORDER[b.severity] || b.deals - a.deals)

function* ofDeals({ world, standing }: Input): Generator<Draft> {
  const { ownerless, dismissed, onGoneStage, won } = standing
  if (ownerless.total > 0) yield { rule: 'deals_without_owner', severity: 'high', deals: ownerless }
  if (dismissed.total > 0) yield { rule: 'deals_of_dismissed', severity: 'high', deals: dismissed }
  if (onGoneStage.total > 0) yield { rule: 'deals_on_gone_stage', severity: 'high', deals: onGoneStage }
  if (won.all >= MIN_DEALS && won.withoutAmount.total >= won.all * MANY)
    yield {
      rule: 'won_without_amount',
      severity: 'medium',
      params: { share: won.withoutAmount.total / won.all },
      deals: won.withoutAmount,
    }
  for (const [key, deals] of standing.still) {
    const stage = world.stages.get(key)
    const open = standing.openOn.get(key) ?? 0
    if (stage?.isListed !== true || deals.total < MIN_STILL || deals.total < open * MANY) continue
    const { pipelineId, stageId } = stage
    yield {
      rule: 'graveyard',
      severity: 'medium',
      pipelineId,
      stageId,
      params: { share: deals.total / open },
      deals,
    }
  }
}

function* ofPipelines({ world, standing }: Input): Generator<Draft> {
  const parked = new Set(world.settings.parkedPipelines)
  const listed = [...world.pipelines.values()].filter(({ id, isListed }) => isListed && !parked.has(id))
  for (const { id: pipelineId } of listed) {
    const own = [...world.stages.values()].filter(stage => stage.pipelineId === pipelineId && stage.isListed)
    if (!own.some(({ outcome }) => outcome === 'lost'))
      yield { rule: 'no_lost_stage', severity: 'high', pipelineId }
    if (!own.some(({ outcome }) => outcome === 'won'))
      yield { rule: 'no_won_stage', severity: 'high', pipelineId }
    const open = own.filter(({ outcome }) => outcome === 'open').length
    if (open > MAX_OPEN_STAGES)
      yield { rule: 'too_many_stages', severity: 'medium', pipelineId, params: { n: open } }
    if (!standing.enteredIn.has(pipelineId) && listed.length > 1)
      yield { rule: 'idle_pipeline', severity: 'low', pipelineId }
  }
  for (const names of repeated(listed, ({ name }) => name))
    yield { rule: 'same_pipelines', severity: 'low', pipelineId: names[0]!.id, params: { n: names.length } }
}

function* ofStages({ stages }: Input): Generator<Draft> {
  for (const { pipelineId, stageId, outcome, deals, entered, byProgram, advice } of stages) {
    if (outcome !== 'open' || deals < MIN_DEALS) continue
    if (entered + byProgram === 0 && advice !== 'keep')
      yield { rule: 'empty_stage', severity: 'medium', pipelineId, stageId }
    else if (advice === 'merge_quick') yield { rule: 'passed_through', severity: 'low', pipelineId, stageId }
  }
  for (const group of Map.groupBy(stages, ({ pipelineId }) => pipelineId).values())
    for (const same of repeated(group, ({ name }) => name))
      yield {
        rule: 'same_stages',
        severity: 'medium',
        pipelineId: same[0]!.pipelineId,
        stageId: same[0]!.stageId,
        params: { n: same.length },
      }
}

function* ofFields({ fields }: Input): Generator<Draft> {
  const required = fields.filter(({ isRequired }) => isRequired)
  if (required.length > MAX_REQUIRED)
    yield { rule: 'too_many_required', severity: 'medium', params: { n: required.length } }
  for (const { field, isRequired, readers, class: kind, fill, variety, junk } of fields) {
    if (isRequired && kind === 'never') yield { rule: 'required_never_filled', severity: 'medium', field }
    else if (isRequired && kind !== 'early' && fill !== null && fill < HALF)
      yield { rule: 'required_often_empty', severity: 'low', field, params: { share: 1 - fill } }
    const isNoise = (variety ?? 1) < 0.1 || (junk ?? 0) > MANY
    if (isRequired && kind !== 'early' && kind !== 'never' && isNoise)
      yield { rule: 'required_noise', severity: 'medium', field, params: { share: junk ?? 0 } }
    if (kind === 'robot_only' && readers.length === 0)
      yield { rule: 'robot_writes_unread', severity: 'low', field }
  }
  for (const same of repeated(
    fields.filter(({ isCustom }) => isCustom),
    ({ title }) => title,
  ))
    yield { rule: 'same_fields', severity: 'medium', field: same[0]!.field, params: { n: same.length } }
}

function* ofLosses({ world, standing }: Input): Generator<Draft> {
  const { lost } = standing
  const reasons = world.lossReasons
  if (reasons === undefined || reasons.size === 0 || lost.all < MIN_DEALS) return
  if (lost.blank.total >= lost.all * MANY)
    yield {
      rule: 'losses_without_reason',
      severity: 'medium',
      params: { share: lost.blank.total / lost.all },
      deals: lost.blank,
    }
  const unused = [...reasons.keys()].filter(id => !lost.byReason.has(id))
  if (unused.length > 0 && lost.withReason >= MIN_DEALS)
    yield {
      rule: 'unused_loss_reasons',
      severity: 'low',
      params: {
        n: unused.length,
        names: unused
          .slice(0, 5)
          .map(id => reasons.get(id)!)
          .join(', '),
      },
    }
}

const repeated = <Item>(items: readonly Item[], nameOf: (item: Item) => string): Item[][] => [
  ...Map.groupBy(items, item => nameOf(item).trim().toLowerCase().replace(/\s+/g, ' '))
    .values()
    .filter(group => group.length > 1),
]
