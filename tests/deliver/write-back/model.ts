import { workOffJournal } from '../../../src/deliver/write-back/apply.ts'
import type { Change } from '../../../src/deliver/write-back/change.ts'
import { lastWordsOf } from '../../../src/deliver/write-back/last-words.ts'
import { type PlanInput, planWriteBack, type Wanted } from '../../../src/deliver/write-back/plan.ts'
import { silentLogger } from '../../../src/logger.ts'
import type { JournalEntry, JournalNote } from '../../../src/store/journal.ts'
import type { Observed, Portal, WriteBack } from '../../../src/vendors/vendor.ts'

type ModelTask = Observed['tasks'][number] & { dealId: string }

/** A CRM of marks and tasks, and the journal beside it: small enough to be looked at whole. */
export class Model {
  readonly marks = new Map<string, string | null>()
  readonly tasks = new Map<string, ModelTask>()
  readonly journal: JournalEntry[] = []
  readonly deleteTasks: boolean
  writes = 0
  /** Called before each write; throwing stands for a CRM that fails, or for the end of the process. */
  onWrite: (change: WriteBack) => void = () => {}
  /** The same after the write took place, before anybody could write it down. */
  afterWrite: () => void = () => {}
  isOn = { marks: true, tasks: true }
  #now = Date.parse('2026-11-24T06:00:00Z')
  #last = 0

  constructor(dealIds: readonly string[], { deleteTasks = true } = {}) {
    for (const id of dealIds) this.marks.set(id, null)
    this.deleteTasks = deleteTasks
  }

  /** What people can see, tasks of ours that were closed left aside where they cannot be deleted. */
  picture(): unknown {
    return {
      marks: [...this.marks],
      tasks: [...this.tasks.values()].filter(task => task.isOpen).map(({ id: _, ...task }) => task),
    }
  }

  pass(minutes: number): void {
    this.#now += minutes * 60_000
  }

  now = (): Date => new Date(this.#now)

  observe(): Observed {
    return {
      deals: [...this.marks].map(([id, mark]) => ({ id, mark })),
      tasks: [...this.tasks.values()].map(task => ({ ...task })),
    }
  }

  plan(wanted: readonly Wanted[], more: Partial<PlanInput> = {}) {
    return planWriteBack({
      wanted,
      last: lastWordsOf(this.lastWords()),
      observed: this.observe(),
      kinds: { marks: true, tasks: true },
      cap: 1000,
      ...more,
    })
  }

  /** As the store answers it. */
  lastWords(): JournalEntry[] {
    const found = new Map<string, JournalEntry>()
    for (const entry of this.journal)
      if (!['refused', 'expired', 'switched_off'].includes(entry.note ?? ''))
        found.set(`${entry.dealId} ${entry.kind === 'mark'}`, entry)
    return [...found.values()]
  }

  start(wanted: readonly Wanted[], origin = 'schedule', more: Partial<PlanInput> = {}): string {
    const { changes, settlements } = this.plan(wanted, more)
    for (const { entryId, note } of settlements) this.#entry(entryId).note = note
    const batchId = `b${++this.#last}`
    for (const change of changes) this.journal.push(this.#planned(change, batchId, origin))
    return batchId
  }

  work() {
    const journal = this.journal
    return workOffJournal({
      portal: {
        observe: async () => this.observe(),
        apply: async (change: WriteBack) => this.#apply(change),
      } as unknown as Portal,
      clock: { now: this.now, sleep: async () => {} },
      log: silentLogger,
      kindsOn: async () => this.isOn,
      journal: {
        pending: async () => journal.filter(each => !each.appliedAt && !each.note && !each.undoneAt),
        toUndo: async () =>
          journal.filter(each => each.undoAskedAt && !each.undoneAt && !each.note).toReversed(),
        tried: async id => void Object.assign(this.#entry(id), { triedAt: this.now() }),
        applied: async (id, externalId) => {
          Object.assign(this.#entry(id), { appliedAt: this.now(), error: null })
          if (externalId !== null) this.#entry(id).externalId = externalId
        },
        undone: async id => void Object.assign(this.#entry(id), { undoneAt: this.now() }),
        note: async (id, note: JournalNote, error) =>
          void Object.assign(this.#entry(id), { note, error: error ?? null }),
        undoRefused: async (id, error) => void Object.assign(this.#entry(id), { error, undoAskedAt: null }),
      },
    })
  }

  askUndo(batchId: string): void {
    for (const entry of this.journal)
      if (entry.batchId === batchId && entry.appliedAt && !entry.undoneAt && !entry.note)
        entry.undoAskedAt = this.now()
  }

  #entry(id: string): JournalEntry {
    return this.journal.find(({ entryId }) => entryId === id)!
  }

  #planned(change: Change, batchId: string, origin: string): JournalEntry {
    const sides =
      change.kind === 'mark'
        ? { before: { mark: change.before }, after: { mark: change.after } }
        : change.kind === 'task'
          ? { before: null, after: change.after }
          : { before: change.task, after: null }
    return {
      entryId: `e${++this.#last}`,
      batchId,
      kind: change.kind,
      dealId: change.dealId,
      externalId: change.kind === 'closeTask' ? change.taskId : null,
      ...sides,
      plannedAt: this.now(),
      triedAt: null,
      appliedAt: null,
      undoneAt: null,
      error: null,
      origin,
      askedBy: null,
      note: null,
      undoAskedAt: null,
      undoAskedBy: null,
    }
  }

  #apply(change: WriteBack): string | null {
    this.onWrite(change)
    const made = this.#write(change)
    this.afterWrite()
    return made
  }

  #write(change: WriteBack): string | null {
    this.writes += 1
    switch (change.kind) {
      case 'mark':
        this.marks.set(change.dealId, change.to)
        return null
      case 'task': {
        const { dealId, title, responsibleId, dueAt } = change
        const same = [...this.tasks.values()].find(
          task => task.isOpen && task.dealId === dealId && task.title === title,
        )
        if (same) {
          this.writes -= 1
          return same.id
        }
        const id = `t${++this.#last}`
        this.tasks.set(id, { id, dealId, title, responsibleId, dueAt, isOpen: true })
        return id
      }
      case 'removeTask':
        if (this.deleteTasks) this.tasks.delete(change.taskId)
        else this.tasks.get(change.taskId)!.isOpen = false
        return null
      case 'closeTask':
        this.tasks.get(change.taskId)!.isOpen = false
        return null
      case 'reopenTask':
        this.tasks.get(change.taskId)!.isOpen = true
        return null
    }
  }
}
