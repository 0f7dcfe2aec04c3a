import type { EvidenceItem } from '../../snapshot/document.ts'
import { dealItem, instant, lastWeekByOwner } from '../deal-evidence.ts'
import type { Ledger } from '../evidence.ts'
import { type Metric, type MetricContext, shareMeasure } from '../metric.ts'
import { FEWEST_PROVEN, GRACE_MS, isProven, type Proof, proofOf, proofsOf } from '../stage-rules.ts'
import { Tally } from '../tally.ts'
import { stageKey } from '../world.ts'

/**
 * Does a deal hold what its stage says? Judged every working day for open deals, and once, on the first working
 * day that ends a day or more after the win, for deals that were won.
 */
export const stageEvidence: Metric = {
  id: 'M23',
  pillar: 'process',
  measures: [shareMeasure('M23', 'A', 0.85, 0.3)],
  version: '2',
  formula:
    'deal-days on a stage whose proof (proposal: document or message; invoice: invoice; meeting: meeting held; won: payment or signed document) was there before the move or within 24 hours / deal-days on stages with a rule; a won deal counts once',
  caveats: [
    'rules are proposed from the names of stages until they are written in the settings',
    'a kind of proof that fewer than 5 deals of a pipeline hold is not asked for there until the rules are written',
    'whether a document is signed is not told by the CRM',
  ],
  needs: ['activities'],
  score: { weight: 0.6, over: 'day', isShare: true },
  // Calls, messages, documents and invoices carry their dates.
  isKnownForPast: () => true,
  minutesPerFix: null,
  start: context => {
    const { window, world } = context
    const isProposed = (world.settings.stageRules ?? null) === null
    // By pipeline and kind of proof.
    const tallies = new Map<string, Tally>()
    const seen = new Map<string, number>()
    const ledgers = new Map<string, Ledger>()
    const tallyOf = (kind: string): Tally => {
      const known = tallies.get(kind) ?? new Tally()
      tallies.set(kind, known)
      return known
    }
    const show = (owner: string, at: number, kind: string, item: EvidenceItem): void => {
      const known = ledgers.get(kind) ?? context.ledger()
      ledgers.set(kind, known)
      known.show(owner, at, item)
    }
    const rules = new Map(
      [...world.stages].flatMap(([key, stage]) => {
        const proof = proofOf(stage, world)
        return proof === null ? [] : [[key, proof] as const]
      }),
    )
    return {
      addDeal: deal => {
        if (!deal.isReal || rules.size === 0) return
        const proofs = proofsOf(deal.dossier)
        const last = deal.stays.at(-1)
        for (const proof of Object.keys(proofs) as Proof[])
          if (last !== undefined && proofs[proof] <= world.asOf) {
            const kind = stageKey(last.pipelineId, proof)
            seen.set(kind, (seen.get(kind) ?? 0) + 1)
          }
        const ruled = (stage: { pipelineId: string; stageId: string }): Proof | undefined =>
          rules.get(stageKey(stage.pipelineId, stage.stageId))

        const due = deal.eligibleDays.filter(
          day => ruled(day.stay) !== undefined && day.stay.from + GRACE_MS <= day.end,
        )
        for (const { owner, index, stay } of due) {
          const proof = ruled(stay)!
          tallyOf(stageKey(stay.pipelineId, proof)).add(
            owner,
            index,
            isProven(proofs, proof, stay) ? 1 : 0,
            1,
          )
        }
        for (const [owner, days] of lastWeekByOwner(deal, due)) {
          const { stay, end } = days.at(-1)!
          const proof = ruled(stay)!
          show(
            owner,
            end,
            stageKey(stay.pipelineId, proof),
            itemOf(deal, proof, isProven(proofs, proof, stay), stay.from),
          )
        }

        const won = last
        if (won === undefined || won.outcome !== 'won') return
        const proof = ruled(won)
        const index = judgedOn(won.from + GRACE_MS, context)
        const owner = deal.ownerAt(won.from)
        if (proof === undefined || index < 0 || owner === null) return
        const isHeld = isProven(proofs, proof, won)
        const kind = stageKey(won.pipelineId, proof)
        tallyOf(kind).add(owner, index, isHeld ? 1 : 0, 1)
        if (index >= window.sevenFrom) show(owner, won.from, kind, itemOf(deal, proof, isHeld, won.from))
      },
      finish: () => {
        const numbers = new Tally()
        const ledger = context.ledger()
        const isKept = (kind: string): boolean => !isProposed || (seen.get(kind) ?? 0) >= FEWEST_PROVEN
        for (const [kind, tally] of tallies) if (isKept(kind)) numbers.merge(tally)
        for (const [kind, shown] of ledgers) if (isKept(kind)) ledger.merge(shown)
        const offReason =
          rules.size === 0
            ? 'no_rules'
            : [...rules].some(([key, proof]) => isKept(stageKey(world.stages.get(key)!.pipelineId, proof)))
              ? null
              : 'no_proofs'
        return [{ measure: 'M23', numbers, evidence: ledger, offReason }]
      },
    }
  },
}

/**
 * Index of the working day that an instant is judged on: its own, else the next one, so that a win before days off
 * counts like any other in a score of working days. @returns −1 = outside of the window, or not yet
 */
const judgedOn = (at: number, { window, world }: MetricContext): number => {
  if (at < window.from || at > window.until) return -1
  const { workingTime } = world
  let day = workingTime.dayOf(at)
  while (day <= window.lastDay && !workingTime.isWorkday(day)) day++
  return day > window.lastDay ? -1 : day - window.firstDay
}

const itemOf = (
  deal: Parameters<typeof dealItem>[0],
  proof: Proof,
  isHeld: boolean,
  from: number,
): EvidenceItem =>
  dealItem(deal, isHeld, isHeld ? `proven_${proof}` : `unproven_${proof}`, { date: instant(from) })
