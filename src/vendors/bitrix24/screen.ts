import type { ScreenTarget } from '../vendor.ts'
import { viewOfPlacement } from './manifest.ts'

/**
 * Which screen a placement opens. Options come through the visitor's browser: only short plain words and
 * ids pass, whatever else stands there.
 */

const OVERVIEW: ScreenTarget = { view: 'overview', params: {} }

const parseOptions = (text: string | undefined): Record<string, unknown> => {
  if (text === undefined || text.length > 5000) return {}
  try {
    const json: unknown = JSON.parse(text)
    return typeof json === 'object' && json !== null && !Array.isArray(json)
      ? (json as Record<string, unknown>)
      : {}
  } catch {
    return {}
  }
}

const plainParams = (options: Record<string, unknown>): Record<string, string> => {
  const params: Record<string, string> = {}
  for (const [key, value] of Object.entries(options)) {
    if (Object.keys(params).length >= 10) break
    const text = typeof value === 'number' ? String(value) : value
    if (!/^[a-zA-Z][\w-]{0,30}$/.test(key) || typeof text !== 'string' || !/^[\w.:-]{1,100}$/.test(text))
      continue
    if (key !== 'view' && key !== 'URI' && key !== '__proto__') params[key] = text
  }
  return params
}

export const screenOf = (placement: string | undefined, optionsText: string | undefined): ScreenTarget => {
  const options = parseOptions(optionsText)
  const code = (placement ?? 'DEFAULT').toUpperCase()
  if (code.startsWith('CRM_DEAL_DETAIL')) {
    const { id } = plainParams({ id: options['ID'] })
    return id === undefined ? OVERVIEW : { view: 'deal', params: { id } }
  }
  if (code === 'REST_APP_URI' || code === 'DEFAULT') {
    const nested = options['params']
    const link = typeof nested === 'object' && nested !== null ? (nested as Record<string, unknown>) : options
    const { view } = link
    if (typeof view !== 'string' || !/^[a-z][a-z-]{0,30}$/.test(view)) return OVERVIEW
    return { view, params: plainParams(link) }
  }
  return { view: viewOfPlacement.get(code) ?? 'overview', params: {} }
}
