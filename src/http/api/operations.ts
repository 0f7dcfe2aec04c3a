import type { MetricInfo } from '../deps.ts'
import type { WriteBackDeps } from '../write-back-desk.ts'
import type { ApiContext } from './context.ts'
import { dealOperations } from './deal-operations.ts'
import { type MarkDeps, markOperations } from './mark-operations.ts'
import { type MessageOperationDeps, messageOperations } from './message-operations.ts'
import { peopleOperations } from './people-operations.ts'
import { processOperations } from './process-operations.ts'
import { rolloutOperations } from './rollout-operations.ts'
import type { Operation } from './route.ts'
import { type SettingsOperationDeps, settingsOperations } from './settings-operations.ts'
import { writeBackOperations } from './write-back-operations.ts'

export type ApiDeps = SettingsOperationDeps &
  MessageOperationDeps &
  WriteBackDeps &
  MarkDeps & { metrics: readonly MetricInfo[] }

/** Everything under `/api/v1` that asks for a session. */
export const apiOperations = (deps: ApiDeps): Operation<ApiContext>[] => [
  ...peopleOperations(deps),
  ...dealOperations(deps),
  ...processOperations(deps),
  ...markOperations(deps),
  ...rolloutOperations(deps),
  ...settingsOperations(deps),
  ...messageOperations(deps),
  ...writeBackOperations(deps),
]
