/**
 * What `/api/v1` answers, in zod: the server checks itself against it in tests, `/openapi.json` is made
 * from it, and the widget imports the types (types only). Instants are ISO 8601 UTC, days `YYYY-MM-DD`,
 * money is in the currency that stands beside it. `null` = unknown.
 */

export * from './api-schema/catalogue.ts'
export * from './api-schema/deals.ts'
export * from './api-schema/employee.ts'
export * from './api-schema/evidence.ts'
export * from './api-schema/flag-quality.ts'
export * from './api-schema/marks.ts'
export * from './api-schema/messages.ts'
export * from './api-schema/overview.ts'
export * from './api-schema/person.ts'
export * from './api-schema/process.ts'
export * from './api-schema/rollout.ts'
export * from './api-schema/score.ts'
export * from './api-schema/session.ts'
export * from './api-schema/settings.ts'
export * from './api-schema/stages.ts'
export * from './api-schema/sync.ts'
export * from './api-schema/theatre.ts'
export * from './api-schema/write-back.ts'
