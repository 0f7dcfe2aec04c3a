import type { FlagKind } from '../../snapshot/document.ts'
import type { ChangedDeals, Overview, PersonView } from '../api-schema.ts'
import type { Change, Changes } from '../deps.ts'
import { deltaOf, type Facts, peopleViews, scoreKey, scoreView, weekViews } from './people-views.ts'
import { canSee, type Names, type Sees, totals } from './views.ts'

const FALL_POINTS = 5
const LOW_SCORE = 60
const SETTLED_WEEKS = 6

const needHelp = (people: readonly PersonView[], weeksSinceStart: number | null): string[] =>
  people
    .filter(
      ({ score, delta, isFalling: falls }) =>
        (falls && delta !== null && delta <= -FALL_POINTS) ||
        (score.value !== null && score.value < LOW_SCORE && (weeksSinceStart ?? 0) > SETTLED_WEEKS),
    )
    .toSorted((a, b) => (a.delta ?? 0) - (b.delta ?? 0))
    .slice(0, 2)
    .map(({ id }) => id)

const seenOf = (changes: readonly Change[], sees: Sees): Change[] =>
  changes.filter(({ responsibleId }) => canSee(sees, responsibleId))

/** Deals shown at most; how many there are is told beside them. */
const SHOWN = 200

/** The deals behind one count of what changed, those of most money first. */
export const changedDeals = (
  changes: readonly Change[],
  sees: Sees,
  names: Names,
  cardPath: (dealId: string) => string,
): ChangedDeals => {
  const seen = seenOf(changes, sees)
  const deals = seen
    .toSorted((a, b) => (b.amount ?? 0) - (a.amount ?? 0) || (a.dealId < b.dealId ? -1 : 1))
    .slice(0, SHOWN)
    .map(({ dealId, title, responsibleId, amount, currency }) => ({
      id: dealId,
      title,
      path: cardPath(dealId),
      ownerName: names.user(responsibleId),
      amount,
      currency,
    }))
  return { total: seen.length, deals }
}

const changesView = (changes: Changes | null, sees: Sees): Overview['changes'] => {
  if (changes === null) return null
  const seen = (list: Change[]) => totals(seenOf(list, sees))
  return {
    since: changes.since.toISOString(),
    movedForward: seen(changes.movedForward),
    won: seen(changes.won),
    cleared: seen(changes.cleared),
    newRed: seen(changes.newRed),
  }
}

const FLAGS: readonly FlagKind[] = ['age', 'silence', 'promise']

export const overviewView = (
  facts: Facts,
  viewer: {
    sees: Sees
    isHead: boolean
    /** Teams whose score is meant, the first that has one. */
    teams: readonly string[]
    /** One branch was asked for: the company's score is no stand-in. */
    isBranch: boolean
  },
  portal: { rolloutStartedOn: string | null; installedOn: string; changes: Changes | null },
): Overview => {
  const { summary, snapshot } = facts
  const seen = facts.deals.filter(deal => canSee(viewer.sees, deal.responsibleId))
  const team = facts.scores.find(({ scope, scopeId }) => scope === 'team' && viewer.teams.includes(scopeId))
  const shown = team ?? (viewer.isBranch ? undefined : facts.scores.find(({ scope }) => scope === 'company'))
  const weeks = weekViews(facts.weeks, shown ? scoreKey(shown.scope, shown.scopeId) : '')
  const people = peopleViews(facts, viewer.sees)
  const started = portal.rolloutStartedOn
  const weeksSinceStart =
    started === null ? null : Math.floor((snapshot.asOf.getTime() - Date.parse(started)) / 604_800_000)
  return {
    asOf: snapshot.asOf.toISOString(),
    builtAt: snapshot.builtAt.toISOString(),
    weekFrom: summary.weekFrom,
    weekTo: summary.weekTo,
    score: scoreView(shown),
    scope: shown?.scope === 'team' || viewer.isBranch ? 'team' : 'company',
    scopeId: shown?.scope === 'team' ? shown.scopeId : viewer.isBranch ? (viewer.teams[0] ?? '') : '',
    delta: deltaOf(weeks),
    weeks,
    rolloutStartedOn: started,
    installedOn: portal.installedOn,
    isAmnesty: summary.isAmnesty,
    amnestyUntil: summary.amnestyUntil ?? null,
    unread: (summary.unread ?? []) as Overview['unread'],
    paused: totals(seen.filter(({ clocks }) => clocks.hold?.kind === 'paused')),
    historyStart: summary.historyStart,
    actorsKnownSince: summary.actorsKnownSince,
    dataUntil: summary.dataUntil,
    openDeals: seen.length,
    people,
    red: totals(seen.filter(({ level }) => level === 'red')),
    amber: totals(seen.filter(({ level }) => level === 'amber')),
    needHelp: viewer.isHead && !summary.isAmnesty ? needHelp(people, weeksSinceStart) : [],
    reasons: FLAGS.map(flag => {
      const flagged = seen.filter(deal => deal.level !== 'none' && deal.clocks.flags.includes(flag))
      return {
        flag,
        red: flagged.filter(({ level }) => level === 'red').length,
        amber: flagged.filter(({ level }) => level === 'amber').length,
        amount: totals(flagged).amount,
      }
    }),
    changes: changesView(portal.changes, viewer.sees),
  }
}
