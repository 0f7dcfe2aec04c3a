import type { DealVersion } from '../../records/facts.ts'

/** A change of a fact that the vendor dated. */
export type DatedChange = {
  fact: 'responsible' | 'amount'
  at: number
  before: string | null
  after: string | null
}

type Known<Value> = { at: number; value: Value }

/** Evidence of one fact's value, ascending; before all of it stands what the earliest evidence implies. */
const timelineOf = <Value>(
  changes: readonly DatedChange[],
  versions: readonly DealVersion[],
  read: (text: string | null) => Value,
  pick: (version: DealVersion) => Value,
): { before: Value; known: Known<Value>[] } => {
  const known = [
    ...changes.map(change => ({ at: change.at, value: read(change.after) })),
    ...versions.map(version => ({ at: version.observedAt, value: pick(version) })),
  ].sort((a, b) => a.at - b.at)
  const [first] = changes
  const isChangeFirst = first !== undefined && first.at <= versions[0]!.observedAt
  return { before: isChangeFirst ? read(first.before) : pick(versions[0]!), known }
}

const valueAt = <Value>({ before, known }: { before: Value; known: Known<Value>[] }, at: number): Value =>
  known.findLast(evidence => evidence.at <= at)?.value ?? before

/**
 * Joins what we observed with the changes that the vendor dates: a dated change begins a version of its own,
 * also before we first saw the deal.
 * @param versions ascending, at least one
 * @param changes ascending
 */
export const versionsWith = (
  versions: readonly DealVersion[],
  changes: readonly DatedChange[],
  createdAt: number,
): readonly DealVersion[] => {
  const [first] = versions
  if (changes.length === 0 || first === undefined) return versions
  const of = (fact: DatedChange['fact']) => changes.filter(change => change.fact === fact)
  const responsible = timelineOf(
    of('responsible'),
    versions,
    text => text,
    version => version.responsibleId,
  )
  const amount = timelineOf(
    of('amount'),
    versions,
    text => (text === null || text === '' ? null : Number(text)),
    version => version.amount,
  )
  const earliest = changes[0]!.at
  const begins = earliest < first.observedAt ? [Math.min(createdAt, earliest - 1)] : []
  const instants = [
    ...new Set([
      ...begins,
      ...changes.map(change => change.at),
      ...versions.map(version => version.observedAt),
    ]),
  ].sort((a, b) => a - b)
  return instants.map(observedAt => ({
    ...(versions.findLast(version => version.observedAt <= observedAt) ?? first),
    observedAt,
    responsibleId: valueAt(responsible, observedAt),
    amount: valueAt(amount, observedAt),
  }))
}
