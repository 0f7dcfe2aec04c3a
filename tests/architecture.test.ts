import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { describe, expect, test } from 'vitest'

/**
 * Who may import whom. Values move left to right (vendor → records → store → metrics → snapshot → deliver
 * and http); nothing downstream reaches back.
 */
const GROUND = ['clock.ts', 'errors.ts', 'logger.ts', 'config.ts']
const ALLOWED: Record<string, string[]> = {
  ground: [],
  records: [],
  'vendors/vendor.ts': ['records'],
  'vendors/registry.ts': ['records', 'vendors/vendor.ts', 'vendors/bitrix24', 'vendors/amocrm'],
  'vendors/bitrix24': ['records', 'vendors/vendor.ts', 'app-manifest'],
  'vendors/amocrm': ['records', 'vendors/vendor.ts', 'app-manifest'],
  metrics: ['records'],
  store: ['records', 'snapshot/document.ts'],
  installations: ['records', 'store', 'vendors/vendor.ts'],
  sync: ['records', 'store', 'installations', 'vendors/vendor.ts'],
  snapshot: ['records', 'store', 'metrics'],
  deliver: [
    'records',
    'store',
    'metrics',
    'snapshot',
    'installations',
    'vendors/vendor.ts',
    'kpi',
    'planerka',
    'rollout',
  ],
  kpi: ['records', 'store', 'metrics', 'snapshot', 'installations'],
  planerka: ['records', 'store', 'metrics', 'snapshot', 'installations'],
  rollout: ['records', 'store', 'metrics', 'snapshot', 'installations'],
  jobs: [
    'records',
    'store',
    'installations',
    'sync',
    'snapshot',
    'deliver',
    'vendors/vendor.ts',
    'kpi',
    'planerka',
    'rollout',
  ],
  http: [
    'records',
    'store',
    'installations',
    'sync',
    'metrics',
    'snapshot',
    'deliver',
    'jobs',
    'vendors/vendor.ts',
    'kpi',
    'planerka',
    'rollout',
  ],
  widget: ['http/api-schema.ts'],
  cli: [],
  sandbox: [],
}

/** Rooms whose files the table above treats one by one. */
const PARTS = ['vendors/vendor.ts', 'vendors/registry.ts']

const roomOf = (path: string): string => {
  if (GROUND.includes(path)) return 'ground'
  if (path.startsWith('../app-manifest')) return 'app-manifest'
  const [first = '', second = ''] = path.split('/')
  if (first === 'vendors' && !second.endsWith('.ts')) return `vendors/${second}`
  return first
}

/** The words of the API: the widget takes them from the one file, which is put together from a folder. */
const isSchema = (path: string): boolean => /^http\/api-schema[./]/.test(path)

/** What a snapshot holds: rooms take it from the one file, which is put together from a folder. */
const isDocument = (path: string): boolean => /^snapshot\/document[./]/.test(path)

type Import = { from: string; to: string; typeOnly: boolean }

const importsOf = (file: string): Import[] => {
  const text = readFileSync(join('src', file), 'utf8')
  const found: Import[] = []
  for (const match of text.matchAll(
    /^\s*(import|export)\s+(type\s)?[^'"\n;]*?(?:\{[^}]*\}\s*)?from\s+['"](\.[^'"]+)['"]/gm,
  ))
    found.push({
      from: file,
      to: normalize(join(dirname(file), match[3] ?? '')),
      typeOnly: match[2] !== undefined,
    })
  for (const match of text.matchAll(/\bimport\(\s*['"](\.[^'"]+)['"]\s*\)/g))
    found.push({ from: file, to: normalize(join(dirname(file), match[1] ?? '')), typeOnly: false })
  return found
}

const isAllowed = ({ from, to, typeOnly }: Import): boolean => {
  const source = PARTS.includes(from) ? from : roomOf(from)
  const target = roomOf(to)
  if (target === 'ground') return source !== 'widget'
  if (isSchema(from)) return isSchema(to)
  if (isDocument(from)) return isDocument(to) || target === 'records'
  if (source === target || (source.startsWith('vendors/') && to === 'vendors/vendor.ts')) return true
  // The composition roots know every room.
  if (['main.ts', 'app.ts', 'cli.ts'].includes(from)) return from === 'main.ts' || target !== 'sandbox'
  if (source === 'widget') return to === 'http/api-schema.ts' && typeOnly
  if (['store', 'metrics'].includes(source) && to === 'snapshot/document.ts') return typeOnly
  const allowed = ALLOWED[source] ?? []
  return allowed.includes(target) || allowed.includes(to)
}

const files = globSync('**/*.{ts,vue}', { cwd: 'src' }).filter(file => !file.endsWith('.d.ts'))

describe('the rooms', () => {
  test('import only what the table allows', () => {
    const wrong = files
      .flatMap(importsOf)
      .filter(line => !isAllowed(line))
      .map(({ from, to }) => `${from} must not import ${to}`)
    expect(wrong).toEqual([])
  })

  test('have no file outside of them', () => {
    const rooms = new Set(Object.keys(ALLOWED).map(room => room.split('/')[0]))
    const strays = files.filter(file => file.includes('/') && !rooms.has(file.split('/')[0] ?? ''))
    expect(strays).toEqual([])
  })

  test('read the time only through clock.ts', () => {
    const readers = files.filter(file => {
      if (file === 'clock.ts' || file.startsWith('widget/')) return false
      const text = readFileSync(join('src', file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
      return /Date\.now\(\)|new Date\(\)|DateTime\.(now|local|utc)\(\)/.test(text)
    })
    expect(readers).toEqual([])
  })

  test('read the environment only where the process is composed', () => {
    const roots = ['main.ts', 'cli.ts', 'sandbox/main.ts', 'sandbox/demo.ts']
    const readers = files.filter(
      file =>
        !roots.includes(file) &&
        !file.startsWith('jobs/worker') &&
        !file.endsWith('vite.config.ts') &&
        /process\.env/.test(readFileSync(join('src', file), 'utf8')),
    )
    expect(readers).toEqual([])
  })

  test("keep a vendor's words in the vendor's folder", () => {
    const words = /bitrix|amocrm|kommo|\bUF_|ASSIGNED_BY|opportunity\b|member_id|application_token/i
    const mayNameThem = [
      /^vendors\//,
      /^sandbox\//,
      /^widget\/bridge\//,
      /^config\.ts$/,
      /^main\.ts$/,
      /^cli\.ts$/,
      /^logger\.ts$/,
      // The closed list of vendor ids.
      /^http\/api-schema\/session\.ts$/,
      /^widget\/vite\.config\.ts$/,
    ]
    const leaks = files
      .filter(file => !mayNameThem.some(pattern => pattern.test(file)))
      .flatMap(file =>
        readFileSync(join('src', file), 'utf8')
          .replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
          // The widget's kit carries the vendor's name in its package name.
          .replace(/@bitrix24\/b24\w+[\w/-]*/g, '')
          .split('\n')
          .flatMap((line, index) =>
            words.test(line) ? [`${relative('.', file)}:${index + 1} ${line.trim()}`] : [],
          ),
      )
    expect(leaks).toEqual([])
  })
})
