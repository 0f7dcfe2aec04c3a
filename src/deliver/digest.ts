import { DateTime } from 'luxon'
import { DAY } from '../clock.ts'
import type { User } from '../records/records.ts'
import type { Settings } from '../records/settings.ts'
import type { CompanySummary, DealRow, Score } from '../snapshot/document.ts'
import type { ScreenTarget } from '../vendors/vendor.ts'
import type { Language } from './digest-words.ts'
import * as words from './digest-words.ts'

/** A link is a path inside the CRM; whoever sends it makes it absolute. */
export type DigestLine = { text: string; link: DigestLink | null }
/** `target`: the screen of ours that the path leads to; absent = a page of the CRM. */
export type DigestLink = { label: string; path: string; target?: ScreenTarget }

export type Digest = {
  userId: string
  name: string
  role: 'head' | 'employee'
  lines: DigestLine[]
  /** Deals that the message speaks of, the most urgent first; it names as many as fit. */
  dealIds: string[]
}

export type Sees = ReadonlySet<string> | 'all'

export type DigestReader = {
  user: Pick<User, 'id' | 'name'>
  role: 'head' | 'employee'
  language: Language
  /** Teams whose own score this person answers for; empty = the company's. */
  teams: readonly string[]
  /** Whose deals and score this person may see. `all` includes deals that nobody owns. */
  sees: Sees
}

export type DigestChanges = { movedForward: number; won: number; cleared: number; newRed: number }

export type DigestFacts = {
  asOf: Date
  settings: Settings
  summary: CompanySummary
  scores: readonly Score[]
  /** Points of a score (by `scope:scopeId`) against four weeks earlier. */
  deltaOf(scope: Score['scope'], scopeId: string): number | null
  deals: readonly DealRow[]
  /** Changes against the snapshot a week earlier among deals of these people; null = no such snapshot. */
  changesOf(sees: Sees): DigestChanges | null
  cardPath(dealId: string): string
  appPath(view: string, params?: Record<string, string>): string
}

const MAX_LINES = 5
/** Talking through one person at the planerka, and clearing one deal, in minutes. */
const MINUTES_PER_PERSON = 3
const MINUTES_PER_DEAL = 2
const PARTIAL_WEEKS = 12

/** A link to a screen of ours. */
const screen = (
  facts: DigestFacts,
  label: string,
  view: string,
  params: Record<string, string> = {},
): DigestLink => ({ label, path: facts.appPath(view, params), target: { view, params } })

/** What is at stake if nothing happens: amount × (1 − chance to win); deals without an amount come last. */
const atRisk = (deal: DealRow): number => (deal.amount ?? 0) * (1 - (deal.winChance ?? 0))

const byUrgency = (a: DealRow, b: DealRow): number =>
  Number(b.level === 'red') - Number(a.level === 'red') ||
  atRisk(b) - atRisk(a) ||
  b.ageDays - a.ageDays ||
  a.dealId.localeCompare(b.dealId)

const sumOf = (deals: readonly DealRow[]): Record<string, number> => {
  const total: Record<string, number> = {}
  for (const { amount, currency } of deals)
    if (amount !== null) total[currency ?? ''] = (total[currency ?? ''] ?? 0) + amount
  return total
}

const visible = (facts: DigestFacts, sees: Sees): DealRow[] =>
  facts.deals.filter(deal => sees === 'all' || (deal.responsibleId !== null && sees.has(deal.responsibleId)))

/** When the next planerka is, in words; null when none is set. */
const nextPlanerka = (facts: DigestFacts, language: Language): string | null => {
  const { planerka, calendar } = facts.settings
  if (!planerka) return null
  const now = DateTime.fromJSDate(facts.asOf, { zone: calendar.timeZone })
  const [hour = 0, minute = 0] = planerka.time.split(':').map(Number)
  let ahead = (planerka.weekday - now.weekday + 7) % 7
  if (ahead === 0 && now.hour * 60 + now.minute >= hour * 60 + minute) ahead = 7
  return words.moment(language, ahead, planerka.weekday, planerka.time)
}

/** Local last working day of the week: the day on which a clean week is worth a word. */
const isLastWorkday = (facts: DigestFacts): boolean => {
  const { workdays, timeZone } = facts.settings.calendar
  return DateTime.fromJSDate(facts.asOf, { zone: timeZone }).weekday === Math.max(...workdays)
}

const message = (reader: DigestReader, lines: DigestLine[], deals: readonly DealRow[]): Digest => ({
  userId: reader.user.id,
  name: reader.user.name,
  role: reader.role,
  lines,
  dealIds: deals.map(({ dealId }) => dealId),
})

const cleanWeek = (facts: DigestFacts, reader: DigestReader): Digest | null =>
  isLastWorkday(facts) ? message(reader, [{ text: words.cleanWeek(reader.language), link: null }], []) : null

/** Whole weeks between the portal's earliest history row and `asOf`. */
const weeksOfHistory = ({ asOf, summary }: DigestFacts): number | null =>
  summary.historyStart === null
    ? null
    : Math.floor((asOf.getTime() - Date.parse(summary.historyStart)) / (7 * DAY))

const dealLines = (facts: DigestFacts, language: Language, deals: readonly DealRow[]): DigestLine[] =>
  deals.map(deal => ({
    text: words.dealLine(language, deal),
    link: { label: words.labels.open[language], path: facts.cardPath(deal.dealId) },
  }))

const forEmployee = (facts: DigestFacts, reader: DigestReader): Digest | null => {
  const { language, user } = reader
  const mine = facts.deals.filter(deal => deal.responsibleId === user.id)
  const todo = mine.filter(({ level }) => level !== 'none').toSorted(byUrgency)
  if (todo.length === 0) return mine.length === 0 ? null : cleanWeek(facts, reader)
  const list = screen(facts, words.labels.list[language], 'stale')
  // The greeting and at most four lines: the fourth says how many more there are.
  const shown = todo.slice(0, todo.length > MAX_LINES - 1 ? MAX_LINES - 2 : MAX_LINES - 1)
  const rest = todo.length - shown.length
  const greeting = words.employeeGreeting(language, {
    name: user.name,
    when: nextPlanerka(facts, language),
    items: todo.length,
    minutes: todo.length * MINUTES_PER_DEAL,
  })
  return message(
    reader,
    [
      { text: greeting, link: rest > 0 ? null : list },
      ...dealLines(facts, language, shown),
      ...(rest > 0 ? [{ text: words.moreDeals(language, rest), link: list }] : []),
    ],
    todo,
  )
}

/** The branch's own score where there is one, otherwise the company's. */
const teamScore = (facts: DigestFacts, reader: DigestReader): Score | undefined =>
  facts.scores.find(({ scope, scopeId }) => scope === 'team' && reader.teams.includes(scopeId)) ??
  facts.scores.find(({ scope }) => scope === 'company')

const forHead = (facts: DigestFacts, reader: DigestReader): Digest | null => {
  const { language } = reader
  const team = visible(facts, reader.sees)
  const red = team.filter(({ level }) => level === 'red').toSorted(byUrgency)
  const changes = facts.changesOf(reader.sees)
  const hasChanges = changes !== null && Object.values(changes).some(count => count > 0)
  if (red.length === 0 && !hasChanges) return team.length === 0 ? null : cleanWeek(facts, reader)

  const score = teamScore(facts, reader)
  const when = nextPlanerka(facts, language)
  const talks = new Set(red.map(({ responsibleId }) => responsibleId)).size
  const weeks = weeksOfHistory(facts)
  const state = words.teamLine(language, {
    score: score?.value ?? null,
    delta: score ? facts.deltaOf(score.scope, score.scopeId) : null,
    isAmnesty: facts.summary.isAmnesty,
  })
  const head: DigestLine[] = [
    ...(weeks !== null && weeks < PARTIAL_WEEKS
      ? [{ text: words.partialLine(language, weeks), link: null }]
      : []),
    {
      text: `${state} ${words.redLine(language, red.length, sumOf(red))}`,
      link: screen(facts, words.labels.overview[language], 'overview'),
    },
    ...(changes !== null && hasChanges
      ? [
          {
            text: words.changesLine(language, changes),
            link: screen(facts, words.labels.redDeals[language], 'stale', { level: 'red' }),
          },
        ]
      : []),
  ]
  const tail: DigestLine[] =
    when === null || talks === 0
      ? []
      : [
          {
            text: words.planerkaLine(language, when, talks * MINUTES_PER_PERSON),
            link: screen(facts, words.labels.agenda[language], 'planerka'),
          },
        ]
  const room = MAX_LINES - head.length - tail.length
  return message(reader, [...head, ...dealLines(facts, language, red.slice(0, room)), ...tail], red)
}

/**
 * One person's digest at `asOf`; null when there is nothing to do and nothing to say.
 * Pure: the same facts give the same text.
 */
export const digestFor = (facts: DigestFacts, reader: DigestReader): Digest | null =>
  reader.role === 'head' ? forHead(facts, reader) : forEmployee(facts, reader)

/** The message as plain text, as it reads in a channel without mark-up. `origin` makes links absolute. */
export const digestText = (lines: readonly DigestLine[], origin: string): string =>
  lines
    .map(({ text, link }) =>
      link === null ? text : `${text} ${link.label}: ${new URL(link.path, origin).href}`,
    )
    .join('\n')
