import { VendorError } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import { type Client, type Command, resultOf } from './client.ts'
import { listOf } from './envelope.ts'
import { asVendorError, type Refusal } from './errors.ts'
import { appManifest } from './manifest.ts'
import { runWrites } from './write.ts'

type Bound = { code: string; handler: string }

const boundOf = (result: unknown, key: 'placement' | 'event'): Bound[] =>
  (listOf(result) ?? []).flatMap(row => {
    if (typeof row !== 'object' || row === null) return []
    const fields = row as Record<string, unknown>
    const code = fields[key]
    const { handler } = fields
    return typeof code === 'string' && typeof handler === 'string'
      ? [{ code: code.toUpperCase(), handler }]
      : []
  })

/**
 * What to undo and what to do so that exactly the wanted rows are bound, each once. Portals add a second
 * row when the same handler is bound again, so doubles are taken off first.
 */
export const planBindings = (
  bound: readonly Bound[],
  wanted: readonly Bound[],
): { unbind: Bound[]; bind: Bound[] } => {
  const unbind: Bound[] = []
  const kept = new Set<string>()
  const times = new Map<string, number>()
  const keyOf = ({ code, handler }: Bound): string => `${code} ${handler}`
  for (const row of bound) times.set(keyOf(row), (times.get(keyOf(row)) ?? 0) + 1)
  for (const row of bound) {
    const key = keyOf(row)
    if (kept.has(key)) continue
    kept.add(key)
    const isWanted = wanted.some(want => keyOf(want) === key)
    if (!isWanted || (times.get(key) ?? 0) > 1) unbind.push(row)
  }
  const removed = new Set(unbind.map(keyOf))
  const bind = wanted.filter(want => !kept.has(keyOf(want)) || removed.has(keyOf(want)))
  return { unbind, bind }
}

const placementBind = ({ code, handler }: Bound): Command => {
  const title = appManifest.placements.find(placement => placement.code === code)?.title ?? appManifest.title
  return {
    method: 'placement.bind',
    params: {
      PLACEMENT: code,
      HANDLER: handler,
      TITLE: title.en,
      LANG_ALL: { ru: { TITLE: title.ru }, en: { TITLE: title.en } },
    },
  }
}

/** Wrong for this portal's version or scopes: we do without. */
const DISPENSABLE = new Set([
  'ERROR_PLACEMENT_NOT_FOUND',
  'ERROR_EVENT_NOT_FOUND',
  'insufficient_scope',
  'ERROR_PLACEMENT_MAX_COUNT',
])

const isDispensable = ({ kind, code }: Refusal): boolean =>
  // A core error without a code is how a portal says that the very same row is there already.
  DISPENSABLE.has(code) || code === 'ERROR_CORE' || (kind === 'rejected' && code.startsWith('HTTP_'))

/** Binds our placements and events to the public address. Repeating it changes nothing. */
export const registerApp = async (client: Client, publicUrl: string, log: Logger): Promise<void> => {
  const base = `${publicUrl}/bitrix24`
  const [placements, events, scope] = await client.batch(
    [
      { method: 'placement.get', params: {} },
      { method: 'event.get', params: {} },
      { method: 'scope', params: {} },
    ],
    { urgency: 'person' },
  )
  const granted = new Set(listOf(resultOf(scope, 'scope').result) ?? [])
  const hasScope = (name: string | null): boolean => name === null || granted.size === 0 || granted.has(name)
  const commands: Command[] = []
  if (placements?.ok) {
    const wanted = appManifest.placements.map(({ code }) => ({ code, handler: base + appManifest.paths.app }))
    const plan = planBindings(boundOf(placements.envelope.result, 'placement'), wanted)
    commands.push(
      ...plan.unbind.map(({ code, handler }) => ({
        method: 'placement.unbind',
        params: { PLACEMENT: code, HANDLER: handler },
      })),
      ...plan.bind.map(placementBind),
    )
  } else if (placements && !isDispensable(placements.refusal))
    throw asVendorError(placements.refusal, 'placement.get')
  const wanted = appManifest.events
    .filter(event => hasScope(event.scope))
    .map(({ code }) => ({ code, handler: base + appManifest.paths.events }))
  const plan = planBindings(boundOf(resultOf(events, 'event.get').result, 'event'), wanted)
  commands.push(
    ...plan.unbind.map(({ code, handler }) => ({ method: 'event.unbind', params: { event: code, handler } })),
    ...plan.bind.map(({ code, handler }) => ({ method: 'event.bind', params: { event: code, handler } })),
  )
  const results = await runWrites(client, commands)
  for (const [index, result] of results.entries()) {
    const command = commands[index]
    // Some refusals of placements come back as a result with an error inside.
    const inner = result.ok ? (result.envelope.result as { error?: unknown } | null)?.error : undefined
    if (result.ok && inner === undefined) continue
    if (!result.ok && !isDispensable(result.refusal))
      throw asVendorError(result.refusal, command?.method ?? 'bind')
    const params = command?.params ?? {}
    log.warn(
      {
        method: command?.method,
        what: params['PLACEMENT'] ?? params['event'],
        code: result.ok ? String(inner).slice(0, 60) : result.refusal.code,
      },
      'binding skipped',
    )
  }
  if (granted.size > 0 && !granted.has('crm'))
    throw new VendorError('rejected', 'insufficient_scope', 'the application has no access to the CRM')
}
