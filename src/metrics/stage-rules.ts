import type { Dossier } from '../records/facts.ts'
import type { StageRule } from '../records/settings.ts'
import { touchOf } from './touch.ts'
import type { StageFact, World } from './world.ts'

/** What a stage asks to be seen in the CRM before a deal may be said to stand on it (M23). */
export type Proof = StageRule['proof']

/** Proof may follow the move by so long: people write things down afterwards. */
export const GRACE_MS = 24 * 3_600_000

/** A kind of proof that fewer deals of a pipeline hold is not kept there at all: nobody lacks it. */
export const FEWEST_PROVEN = 5

/** Words of stage names that tell what a deal there must have; the first that fits holds. */
const WORDS: readonly (readonly [RegExp, Proof])[] = [
  [/(^|[^\p{L}])(сч[её]т|оплат|инвойс|invoice|payment|bill)/iu, 'invoice'],
  [/(^|[^\p{L}])(договор|контракт|подпис|contract|agreement|sign)/iu, 'document'],
  [/(^|[^\p{L}])(кп($|[^\p{L}])|коммерческ|предложени|proposal|offer|quot)/iu, 'message'],
  [/(^|[^\p{L}])(встреч|показ|демо|презентац|meeting|demo|presentation)/iu, 'meeting'],
]

/**
 * The rules that M23 starts with until somebody writes them: a won deal has a payment or a signed document, and a
 * stage whose name speaks of a proposal, an invoice, a contract or a meeting has that.
 */
export const proposedProof = (stage: Pick<StageFact, 'name' | 'outcome'>): Proof | null => {
  if (stage.outcome === 'won') return 'payment'
  if (stage.outcome === 'lost') return null
  return WORDS.find(([words]) => words.test(stage.name))?.[1] ?? null
}

/** The rule of a stage as written in the settings, or the proposed one where nobody wrote any. */
export const proofOf = (stage: StageFact, world: Pick<World, 'settings'>): Proof | null => {
  const rules = world.settings.stageRules
  if (rules === null || rules === undefined) return proposedProof(stage)
  return (
    rules.find(rule => rule.pipelineId === stage.pipelineId && rule.stageId === stage.stageId)?.proof ?? null
  )
}

/** Proof of each kind that a deal holds, with the instant of the earliest. Robots prove nothing. */
export type Proofs = Readonly<Record<Proof, number>>

const NEVER = Number.POSITIVE_INFINITY

/** @returns for each kind the instant of the deal's earliest proof of it; infinity where there is none */
export const proofsOf = ({ activities, invoices }: Pick<Dossier, 'activities' | 'invoices'>): Proofs => {
  const first = { message: NEVER, document: NEVER, invoice: NEVER, payment: NEVER, meeting: NEVER }
  const note = (kind: Proof, at: number): void => {
    if (at < first[kind]) first[kind] = at
  }
  for (const activity of activities) {
    if (activity.actorClass === 'robot') continue
    if (activity.kind === 'document') note('document', activity.createdAt)
    else if (activity.kind === 'message' || activity.kind === 'email') note('message', activity.createdAt)
    else if (activity.kind === 'meeting') note('meeting', touchOf(activity)?.at ?? NEVER)
  }
  for (const { createdAt, movedAt, outcome } of invoices) {
    note('invoice', createdAt)
    if (outcome === 'won' && movedAt !== null) note('payment', movedAt)
  }
  // A document does for a proposal, a signed one for a payment.
  first.message = Math.min(first.message, first.document)
  first.payment = Math.min(first.payment, first.document)
  return first
}

/** True when the proof was there before the deal came to the stage, or within a day after. */
export const isProven = (proofs: Proofs, proof: Proof, stay: { from: number }): boolean =>
  proofs[proof] <= stay.from + GRACE_MS
