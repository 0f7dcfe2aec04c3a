import type { Clock } from '../../src/clock.ts'
import {
  type Activity,
  type Deal,
  type Directory,
  emptyRecordSet,
  type Invoice,
  type RecordSet,
  type StageMove,
  type Task,
  type User,
} from '../../src/records/records.ts'
import { defaultSettings } from '../../src/records/settings.ts'
import type { Store } from '../../src/store/open-store.ts'
import type { PageToSave } from '../../src/store/pages.ts'

/** Records and instants for the store's tests. */

export const START = Date.UTC(2026, 10, 2, 9)
/** Minutes after the story's beginning. */
export const at = (minutes: number): Date => new Date(START + minutes * 60_000)

export const testClock = (): Clock & { set(now: Date): void } => {
  let now = at(0)
  return {
    now: () => now,
    sleep: async () => {},
    set: next => {
      now = next
    },
  }
}

export const deal = (over: Partial<Deal> = {}): Deal => ({
  id: '1',
  title: 'Windows for a school',
  pipelineId: '0',
  stageId: 'NEW',
  outcome: 'open',
  responsibleId: '7',
  createdBy: '7',
  createdAt: at(0),
  updatedBy: '7',
  updatedAt: at(0),
  movedBy: null,
  movedAt: null,
  lastActivityBy: null,
  lastActivityAt: null,
  amount: 1000.5,
  currency: 'RUB',
  closeOn: '2026-12-01',
  closedAt: null,
  isTemplate: false,
  lossReasonId: null,
  fields: { source: '12', comment: '#abcdef012345' },
  ...over,
})

export const move = (over: Partial<StageMove> = {}): StageMove => ({
  id: 'm1',
  dealId: '1',
  at: at(0),
  orderKey: '1',
  kind: 'created',
  pipelineId: '0',
  stageId: 'NEW',
  outcome: 'open',
  movedBy: null,
  actorClass: 'unknown',
  ...over,
})

export const activity = (over: Partial<Activity> = {}): Activity => ({
  id: '1',
  dealId: '1',
  kind: 'call',
  provider: 'CALL',
  direction: 'out',
  responsibleId: '7',
  authorId: '7',
  actorClass: 'person',
  createdAt: at(0),
  updatedAt: at(0),
  startAt: null,
  endAt: null,
  deadlineAt: at(600),
  isCompleted: false,
  completedAt: null,
  isAutoCompleted: false,
  isWaiting: false,
  durationSeconds: null,
  taskId: null,
  ...over,
})

export const task = (over: Partial<Task> = {}): Task => ({
  id: '1',
  dealIds: ['1'],
  status: 'open',
  responsibleId: '7',
  createdBy: '7',
  createdAt: at(0),
  changedAt: at(0),
  closedAt: null,
  closedBy: null,
  deadlineAt: at(600),
  textHash: '0123456789abcdef',
  textWords: 3,
  ...over,
})

export const invoice = (over: Partial<Invoice> = {}): Invoice => ({
  id: '1',
  dealId: '1',
  responsibleId: '7',
  amount: 500,
  currency: 'RUB',
  stageId: 'NEW',
  outcome: 'open',
  createdAt: at(0),
  updatedAt: at(0),
  issuedOn: '2026-11-02',
  dueOn: null,
  movedAt: null,
  ...over,
})

export const user = (over: Partial<User> = {}): User => ({
  id: '7',
  name: 'Anna',
  position: null,
  isActive: true,
  isAdmin: false,
  departmentIds: ['1', '5'],
  timeZone: null,
  language: null,
  email: null,
  dealsVisible: null,
  ...over,
})

export const directory = (over: Partial<Directory> = {}): Directory => ({
  users: [user()],
  departments: [{ id: '1', name: 'Sales', parentId: null, headId: '7', sort: 10 }],
  pipelines: [{ id: '0', name: 'Main', sort: 10, isDefault: true }],
  stages: [{ id: 'NEW', pipelineId: '0', name: 'New', sort: 10, outcome: 'open', color: null }],
  fields: [
    {
      id: 'source',
      title: 'Source',
      type: 'list',
      isCustom: true,
      isRequired: false,
      isMultiple: false,
      options: { '12': 'Fair' },
    },
  ],
  lossReasons: [{ id: '1', name: 'Price' }],
  rejected: [],
  ...over,
})

export const page = (records: Partial<RecordSet>, over: Partial<PageToSave> = {}): PageToSave => ({
  feed: 'deals',
  runId: 'run-1',
  records: { ...emptyRecordSet(), ...records },
  rejected: [],
  seenAt: at(10),
  ...over,
})

let portals = 0

/** A new portal in a store that many tests share. */
export const install = async (
  store: Store,
  over: { id?: string; portalKey?: string } = {},
): Promise<string> => {
  portals += 1
  const id = over.id ?? `portal-${process.pid}-${portals}`
  await store.installations.upsert({
    id,
    vendor: 'crm',
    portalKey: over.portalKey ?? id,
    address: { api: 'https://portal.example/rest/', oauth: 'https://oauth.example', host: 'portal.example' },
    language: 'ru',
    settings: defaultSettings('Europe/Moscow', 'ru'),
  })
  return id
}

export const collect = async <Item>(items: AsyncIterable<Item>): Promise<Item[]> => {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}
