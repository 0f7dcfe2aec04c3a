import qs from 'qs'

export type Params = Record<string, unknown>

/** PHP's own limit on the number of variables of one query string. */
const MAX_INPUT_VARS = 1000

/** Reads a query string the way PHP does: `a[b][0]=x` becomes nested. */
export const parseQuery = (text: string): Params =>
  qs.parse(text, {
    depth: 12,
    arrayLimit: MAX_INPUT_VARS,
    parameterLimit: MAX_INPUT_VARS,
    allowPrototypes: false,
    plainObjects: false,
  }) as Params

/**
 * Parameters of a request: query and body merged, the body wins. A body that claims to be JSON and is not
 * counts as no parameters at all, which runs the method unfiltered: a trap that clients must know.
 */
export const requestParams = (query: string, contentType: string, body: Buffer): Params => {
  const params = parseQuery(query)
  if (body.length === 0) return params
  if ((contentType.split(';')[0] ?? '').trim() === 'application/json') {
    try {
      const parsed: unknown = JSON.parse(body.toString('utf8'))
      return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
        ? { ...params, ...parsed }
        : params
    } catch {
      return params
    }
  }
  return { ...params, ...parseQuery(body.toString('utf8')) }
}

/** Looks a parameter up whatever its letters' case: old methods take `FILTER`, `filter` and `Filter`. */
export const param = (params: Params, name: string): unknown => {
  if (name in params) return params[name]
  const wanted = name.toLowerCase()
  for (const key of Object.keys(params)) if (key.toLowerCase() === wanted) return params[key]
  return undefined
}

export const paramMap = (params: Params, name: string): Params => asMap(param(params, name))

export const asMap = (value: unknown): Params =>
  typeof value === 'object' && value !== null ? (value as Params) : {}

export const paramList = (params: Params, name: string): string[] => {
  const value = param(params, name)
  if (value === undefined || value === null || value === '') return []
  if (typeof value === 'object') return Object.values(value).map(String)
  return [String(value)]
}

export const paramText = (params: Params, name: string): string => {
  const value = param(params, name)
  return value === undefined || value === null || typeof value === 'object' ? '' : String(value)
}

/** PHP's `(int)`: text that is no number is 0 and an array is 1. */
export const phpInt = (value: unknown): number => {
  if (typeof value === 'number') return Math.trunc(value)
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0 ? 1 : 0
  const parsed = Number.parseInt(String(value ?? ''), 10)
  return Number.isFinite(parsed) ? parsed : 0
}

export const paramInt = (params: Params, name: string): number => phpInt(param(params, name))

/** An empty PHP map is written as a list. */
export const phpMap = (map: Record<string, unknown>): unknown => {
  const keys = Object.keys(map)
  if (keys.every((key, index) => key === String(index))) return Object.values(map)
  return map
}
