import type {
  ActivityFact,
  DeadlineMoveFact,
  Dossier,
  InvoiceFact,
  LooseItems,
  TaskFact,
} from '../records/facts.ts'

/**
 * What was known of a deal at `asOf`: nothing that happened later is left, so that whoever reads the
 * result cannot look ahead. Facts without a date of their own keep their first observation.
 * @param latest the dossier’s newest dated fact, where the caller knows it already
 * @returns null when the deal did not exist then
 */
export const cutDossier = (dossier: Dossier, asOf: number, latest = latestOf(dossier)): Dossier | null => {
  if (dossier.createdAt > asOf || (dossier.deletedAt !== null && dossier.deletedAt <= asOf)) return null
  const marks = cutMarks(dossier, asOf)
  if (latest <= asOf) return marks === null ? dossier : { ...dossier, ...marks }
  const versions = dossier.versions.filter(version => version.observedAt <= asOf)
  return {
    ...dossier,
    deletedAt: null,
    current: cutCurrent(dossier.current, asOf),
    moves: dossier.moves.filter(move => move.at <= asOf),
    versions: versions.length > 0 ? versions : dossier.versions.slice(0, 1),
    ...(dossier.edits && { edits: dossier.edits.filter(({ knownAt }) => knownAt <= asOf) }),
    activities: cutActivities(dossier.activities, asOf),
    tasks: cutTasks(dossier.tasks, asOf),
    invoices: cutInvoices(dossier.invoices, asOf),
    ...marks,
  }
}

/** People's words about a deal that were said by then; null = none were ever said. */
const cutMarks = (
  { pauses, objections }: Dossier,
  asOf: number,
): Pick<Dossier, 'pauses' | 'objections'> | null => {
  if (pauses === undefined && objections === undefined) return null
  return {
    pauses: (pauses ?? [])
      .filter(({ madeAt }) => madeAt <= asOf)
      .map(pause => (pause.endedAt !== null && pause.endedAt > asOf ? { ...pause, endedAt: null } : pause)),
    objections: (objections ?? [])
      .filter(({ openedAt }) => openedAt <= asOf)
      .map(objection =>
        objection.answeredAt !== null && objection.answeredAt > asOf
          ? { ...objection, answeredAt: null, answer: null }
          : objection,
      ),
  }
}

/** The same for items that hang on no deal. */
export const cutLoose = (items: LooseItems, asOf: number): LooseItems => ({
  activities: cutActivities(items.activities, asOf),
  tasks: cutTasks(items.tasks, asOf),
  invoices: cutInvoices(items.invoices, asOf),
})

/** The newest dated fact of a dossier. Planned instants (deadlines, starts) are not facts yet. */
export const latestOf = (dossier: Dossier): number => {
  let latest = Math.max(dossier.createdAt, dossier.current.movedAt ?? 0, dossier.current.closedAt ?? 0)
  if (dossier.deletedAt !== null) latest = Math.max(latest, dossier.deletedAt)
  for (const move of dossier.moves) if (move.at > latest) latest = move.at
  for (const version of dossier.versions) if (version.observedAt > latest) latest = version.observedAt
  for (const { knownAt } of dossier.edits ?? []) if (knownAt > latest) latest = knownAt
  for (const item of dossier.activities)
    latest = Math.max(latest, item.createdAt, item.completedAt ?? 0, lastMove(item))
  for (const task of dossier.tasks)
    latest = Math.max(latest, task.createdAt, task.closedAt ?? 0, lastMove(task))
  for (const invoice of dossier.invoices) latest = Math.max(latest, invoice.createdAt, invoice.movedAt ?? 0)
  return latest
}

const lastMove = (item: { deadlineMoves: readonly DeadlineMoveFact[] }): number => {
  let latest = 0
  for (const move of item.deadlineMoves) if (move.at > latest) latest = move.at
  return latest
}

const cutCurrent = (current: Dossier['current'], asOf: number): Dossier['current'] => {
  const isClosedLater = current.closedAt !== null && current.closedAt > asOf
  const isMovedLater = current.movedAt !== null && current.movedAt > asOf
  if (!isClosedLater && !isMovedLater) return current
  return {
    ...current,
    outcome: isClosedLater ? 'open' : current.outcome,
    closedAt: isClosedLater ? null : current.closedAt,
    movedAt: isMovedLater ? null : current.movedAt,
  }
}

/** The deadline in force at `asOf`: what the next later move found. */
const deadlineAt = (
  item: { deadlineAt: number | null; deadlineMoves: readonly DeadlineMoveFact[] },
  asOf: number,
): { deadlineAt: number | null; deadlineMoves: readonly DeadlineMoveFact[] } => {
  let next: DeadlineMoveFact | null = null
  for (const move of item.deadlineMoves)
    if (move.at > asOf && (next === null || move.at < next.at)) next = move
  if (next === null) return { deadlineAt: item.deadlineAt, deadlineMoves: item.deadlineMoves }
  return { deadlineAt: next.before, deadlineMoves: item.deadlineMoves.filter(move => move.at <= asOf) }
}

const cutActivities = (items: readonly ActivityFact[], asOf: number): ActivityFact[] =>
  items
    .filter(item => item.createdAt <= asOf)
    .map(item => {
      const isDoneLater = item.completedAt !== null && item.completedAt > asOf
      if (!isDoneLater && lastMove(item) <= asOf) return item
      return {
        ...item,
        ...deadlineAt(item, asOf),
        completedAt: isDoneLater ? null : item.completedAt,
        isAutoCompleted: isDoneLater ? false : item.isAutoCompleted,
        durationSeconds: isDoneLater ? null : item.durationSeconds,
      }
    })

const cutTasks = (tasks: readonly TaskFact[], asOf: number): TaskFact[] =>
  tasks
    .filter(task => task.createdAt <= asOf)
    .map(task => {
      const isDoneLater = task.closedAt !== null && task.closedAt > asOf
      if (!isDoneLater && lastMove(task) <= asOf) return task
      return {
        ...task,
        ...deadlineAt(task, asOf),
        closedAt: isDoneLater ? null : task.closedAt,
        closedBy: isDoneLater ? null : task.closedBy,
      }
    })

const cutInvoices = (invoices: readonly InvoiceFact[], asOf: number): InvoiceFact[] =>
  invoices
    .filter(invoice => invoice.createdAt <= asOf)
    .map(invoice =>
      invoice.movedAt !== null && invoice.movedAt > asOf
        ? { ...invoice, movedAt: null, outcome: 'open' as const }
        : invoice,
    )
