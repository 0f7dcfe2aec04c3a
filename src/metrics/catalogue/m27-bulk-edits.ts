import { instant } from '../deal-evidence.ts'
import { Authors, type Metric, shareMeasure } from '../metric.ts'
import { actsOf } from '../person-acts.ts'
import { DistinctDeals } from '../tally.ts'

const SESSION_MS = 10 * 60_000
const BULK_DEALS = 8

type Edit = { at: number; index: number; dealId: string; isCosmetic: boolean; title: string }

/** Many deals edited within minutes, with nobody spoken to. */
export const bulkEdits: Metric = {
  id: 'M27',
  pillar: null,
  measures: [shareMeasure('M27', 'C', 0.2, 0.8)],
  version: '3',
  formula:
    'distinct deals changed with more than 8 deals within 10 minutes and no touch within a working day / distinct deals changed',
  caveats: [
    'entering cards after a fair looks the same',
    'an edit is a move, a save of fields, or an activity or task set; saves of fields count where the CRM told who made them and when: some tell it only from the installation on',
  ],
  needs: ['activities', 'tasks'],
  score: null,
  isKnownForPast: can => can.pastActors,
  minutesPerFix: null,
  start: context => {
    const { window, world } = context
    const people = new Map<string, Edit[]>()
    const authors = new Authors()
    return {
      addDeal: deal => {
        for (const act of actsOf(deal, context)) {
          if (act.isTouch) continue
          authors.count(act.actorClass)
          if (act.by === null) continue
          const index = window.indexOf(act.at)
          if (index < 0) continue
          const isCosmetic = !deal.touches.some(
            ({ at }) => world.workingTime.days(Math.min(at, act.at), Math.max(at, act.at)) <= 1,
          )
          const edit = { at: act.at, index, dealId: deal.id, isCosmetic, title: deal.dossier.title }
          const own = people.get(act.by)
          if (own === undefined) people.set(act.by, [edit])
          else own.push(edit)
        }
      },
      finish: () => {
        const deals = new DistinctDeals()
        const ledger = context.ledger()
        for (const [who, edits] of people) {
          const bulk = bulkOf(edits)
          const seen = new Map<string, Edit>()
          for (const edit of edits) {
            const key = `${edit.index}\u0000${edit.dealId}`
            if (!seen.has(key) || bulk.has(edit)) seen.set(key, edit)
          }
          for (const edit of seen.values()) {
            const counts = bulk.has(edit) && edit.isCosmetic
            deals.add(who, edit.index, edit.dealId, counts)
            if (counts && edit.index >= window.sevenFrom)
              ledger.show(who, edit.at, {
                kind: 'deal',
                id: edit.dealId,
                dealId: edit.dealId,
                title: edit.title,
                counts,
                fact: 'bulk_edited',
                params: { date: instant(edit.at) },
              })
          }
        }
        return [{ measure: 'M27', numbers: deals, evidence: ledger, authors }]
      },
    }
  },
}

/** Edits inside any sliding ten minutes with more than eight distinct deals. */
const bulkOf = (edits: Edit[]): Set<Edit> => {
  edits.sort((a, b) => a.at - b.at || (a.dealId < b.dealId ? -1 : 1))
  const bulk = new Set<Edit>()
  const inside = new Map<string, number>()
  let first = 0
  for (let last = 0; last < edits.length; last++) {
    const edit = edits[last]!
    inside.set(edit.dealId, (inside.get(edit.dealId) ?? 0) + 1)
    while (edits[first]!.at < edit.at - SESSION_MS) {
      const { dealId } = edits[first++]!
      const left = inside.get(dealId)! - 1
      if (left === 0) inside.delete(dealId)
      else inside.set(dealId, left)
    }
    if (inside.size > BULK_DEALS) for (let at = first; at <= last; at++) bulk.add(edits[at]!)
  }
  return bulk
}
