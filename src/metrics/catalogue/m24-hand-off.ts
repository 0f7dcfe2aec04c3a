import { dealItem, instant } from '../deal-evidence.ts'
import { type Metric, shareMeasure } from '../metric.ts'
import { Tally } from '../tally.ts'

const TAKE_UP_DAYS = 2
/** So many deals given to one person on one day are an administrator's reassignment. */
const BULK_HAND_OFFS = 20

/** A deal that came back to former owners so often in the window plays ping-pong. */
const PING_PONG_RETURNS = 2

/** Shared by the hand-offs of one deal. */
type Returns = { count: number }

type HandOff = {
  owner: string
  index: number
  isTaken: boolean
  /** To somebody who had the deal before. */
  isReturn: boolean
  returns: Returns
  show: () => void
}

/** Is a deal that changed hands taken up by its new owner? */
export const handOff: Metric = {
  id: 'M24',
  pillar: null,
  measures: [shareMeasure('M24', 'B', 0.8, 0.2)],
  version: '1',
  formula: 'owner changes with an activity or touch by the new owner within 2 working days / owner changes',
  caveats: [
    'owners are compared from the first sync on where the CRM keeps no history',
    'bulk reassignment left out',
    'ping-pong, a deal that came back to former owners twice or more in the window, is told by the items and changes no number',
  ],
  needs: ['activities', 'tasks'],
  score: null,
  isKnownForPast: can => can.pastActors,
  minutesPerFix: null,
  start: context => {
    const { window, world } = context
    const groups = new Map<string, HandOff[]>()
    const ledger = context.ledger()
    return {
      addDeal: deal => {
        if (!deal.isReal) return
        const { versions } = deal.dossier
        const returns: Returns = { count: 0 }
        for (let at = 1; at < versions.length; at++) {
          const [before, after] = [versions[at - 1]!, versions[at]!]
          const owner = after.responsibleId
          const index = window.indexOf(after.observedAt)
          if (index < 0 || owner === before.responsibleId || !deal.isCounted(owner)) continue
          const until = world.workingTime.add(after.observedAt, TAKE_UP_DAYS)
          const isTaken =
            deal.touches.some(
              touch => touch.by === owner && touch.at >= after.observedAt && touch.at <= until,
            ) ||
            deal.dossier.activities.some(
              item =>
                item.authorId === owner && item.createdAt >= after.observedAt && item.createdAt <= until,
            )
          if (!isTaken && until > world.asOf) continue
          const isReturn = versions.slice(0, at - 1).some(({ responsibleId }) => responsibleId === owner)
          const key = `${owner}\u0000${index}`
          const show = (): void => {
            if (index < window.sevenFrom) return
            const fact = isTaken ? 'taken_up' : 'not_taken_up'
            const date = instant(after.observedAt)
            ledger.show(
              owner,
              after.observedAt,
              returns.count < PING_PONG_RETURNS
                ? dealItem(deal, isTaken, fact, { date })
                : dealItem(deal, isTaken, `${fact}_ping_pong`, { date, returns: returns.count }),
            )
          }
          const group = groups.get(key)
          const handOff = { owner, index, isTaken, isReturn, returns, show }
          if (group === undefined) groups.set(key, [handOff])
          else group.push(handOff)
        }
      },
      finish: () => {
        const tally = new Tally()
        const single = [...groups.values()].filter(group => group.length < BULK_HAND_OFFS).flat()
        for (const { isReturn, returns } of single) if (isReturn) returns.count++
        for (const { owner, index, isTaken, show } of single) {
          tally.add(owner, index, isTaken ? 1 : 0, 1)
          show()
        }
        return [{ measure: 'M24', numbers: tally, evidence: ledger }]
      },
    }
  },
}
