import type { Random } from '../random.ts'
import type { PipelineStory, StageStory } from './company-pipelines.ts'
import { habit, type Persona } from './personas.ts'

/** One stay of a deal on a stage, in working-day positions. */
export type Stay = {
  stage: StageStory
  from: number
  /** Null = still there. */
  to: number | null
  /** The owner lost sight of the deal here. */
  isForgotten: boolean
}

export type DealStory = { stays: Stay[]; createdAt: number; isWon: boolean; isLost: boolean }

export type Pace = {
  now: number
  /** Position of the first planerka. */
  rolloutAt: number
  /** Position of the Monday-morning tidying at or after a position. */
  mondayAfter(position: number): number
}

/** 0 before the rollout, 1 three weeks later. */
export const progressAt = (pace: Pace, position: number): number =>
  Math.min(1, Math.max(0, (position - pace.rolloutAt) / 15))

const WEEK = 5
const MAX_STAYS = 40

/** When somebody at last deals with a forgotten deal: week after week, by habit. */
const tidiedAt = (random: Random, pace: Pace, persona: Persona, from: number): number => {
  for (let at = from + random.int(8, 14); at < pace.now; at += WEEK) {
    const monday = pace.mondayAfter(at)
    if (random.chance(habit(persona.tidies, progressAt(pace, monday)))) return monday
  }
  return Number.POSITIVE_INFINITY
}

/**
 * Tells the way of one deal through its pipeline: mostly forward, sometimes back or over a stage, lost with
 * the stage's own chance, forgotten with the owner's.
 */
export const tellDeal = (
  random: Random,
  pipeline: PipelineStory,
  persona: Persona,
  pace: Pace,
  createdAt: number,
): DealStory => {
  const open = pipeline.stages.filter(stage => stage.semantic === undefined)
  const won = pipeline.stages.find(stage => stage.semantic === 'S')!
  const losing = pipeline.stages.filter(stage => stage.semantic === 'F')
  const stays: Stay[] = []
  let at = createdAt
  let index = 0
  const end = (stage: StageStory, from: number): DealStory => {
    stays.push({ stage, from, to: null, isForgotten: false })
    return { stays, createdAt, isWon: stage === won, isLost: stage !== won }
  }
  for (let n = 0; n < MAX_STAYS; n++) {
    const stage = open[index]!
    const progress = progressAt(pace, at)
    const isForgotten = random.chance(pipeline.forgets * habit(persona.forgets, progress))
    // People who work in the CRM also work a little faster.
    const days = random.logNormal(stage.days ?? 2, 0.62) * (1 - 0.15 * progress)
    let leaves = isForgotten ? tidiedAt(random, pace, persona, at) : at + Math.max(0.02, days)
    // Those who do not record at once move the card when they tidy up.
    if (!isForgotten && !random.chance(habit(persona.prompt, progress)))
      leaves =
        persona.name === 'monday' && random.chance(0.7)
          ? Math.max(leaves, pace.mondayAfter(leaves))
          : leaves + random.unit() * 2.5
    if (leaves >= pace.now) {
      stays.push({ stage, from: at, to: null, isForgotten })
      return { stays, createdAt, isWon: false, isLost: false }
    }
    stays.push({ stage, from: at, to: leaves, isForgotten })
    at = leaves
    const losesHere = Math.min(0.85, ((stage.loses ?? 0.1) / persona.skill) * (isForgotten ? 5 : 1))
    if (random.chance(losesHere)) return end(index === 0 && losing[1] ? losing[1] : losing[0]!, at)
    if (index > 1 && random.chance(0.035)) index -= 1
    else if (index < open.length - 2 && random.chance(habit(persona.skips, progress))) index += 2
    else index += 1
    if (index >= open.length) return end(won, at)
  }
  return { stays, createdAt, isWon: false, isLost: false }
}
