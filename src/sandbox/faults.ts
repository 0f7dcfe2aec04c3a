import { z } from 'zod'

const effect = z.discriminatedUnion('kind', [
  /** The vendor's own error, with its code and text. */
  z.strictObject({
    kind: z.literal('error'),
    status: z.int().min(400).max(599),
    code: z.union([z.string(), z.number()]),
    description: z.string().default(''),
  }),
  /** Any status with any body; a body that looks like HTML is sent as HTML. */
  z.strictObject({
    kind: z.literal('status'),
    status: z.int().min(200).max(599),
    body: z.string().default(''),
  }),
  /** A proxy's error page. */
  z.strictObject({ kind: z.literal('html'), status: z.int().default(502) }),
  /** The connection breaks before the request is looked at. */
  z.strictObject({ kind: z.literal('reset') }),
  /** The work is done, the answer never leaves. */
  z.strictObject({ kind: z.literal('drop') }),
  /** The work is done, half of the JSON arrives. */
  z.strictObject({ kind: z.literal('truncate') }),
  /** 200 with nothing inside. */
  z.strictObject({ kind: z.literal('empty') }),
  /** The answer comes late. */
  z.strictObject({ kind: z.literal('delay'), ms: z.int().min(0) }),
  /** Every access token of the portal has just run out. */
  z.strictObject({ kind: z.literal('expire') }),
  /** Rows appear, change and vanish just before the answer. */
  z.strictObject({ kind: z.literal('churn'), rows: z.int().min(1).default(3) }),
])

export const faultSchema = z.intersection(
  effect,
  z.object({
    /** Which call: a method's name, `batch`, `oauth`; `*` at the end stands for anything. */
    on: z.string().default('*'),
    /** Name of the portal; absent = any. */
    portal: z.string().optional(),
    /** How many calls are hit; 0 = all until cleared. */
    times: z.int().min(0).default(1),
    /** How many matching calls pass before the first hit. */
    after: z.int().min(0).default(0),
  }),
)

export type FaultEffect = z.infer<typeof effect>
export type Fault = z.infer<typeof faultSchema>
export type FaultInput = z.input<typeof faultSchema>

type Armed = Fault & { passed: number; hits: number }

/** Scripted failures, armed from outside and spent one by one. */
export class Faults {
  #armed: Armed[] = []

  add(fault: FaultInput): void {
    this.#armed.push({ ...faultSchema.parse(fault), passed: 0, hits: 0 })
  }

  clear(): void {
    this.#armed = []
  }

  /** What is still armed, with the number of hits so far. */
  list(): (Fault & { hits: number })[] {
    return this.#armed.map(({ passed: _passed, ...fault }) => fault)
  }

  /** Faults that hit this call; each is counted as used. `only` limits the kinds that make sense here. */
  take(call: string, portal: string | null, only?: readonly FaultEffect['kind'][]): Fault[] {
    if (this.#armed.length === 0) return []
    const hit: Fault[] = []
    for (const fault of this.#armed) {
      if (only && !only.includes(fault.kind)) continue
      if (fault.portal !== undefined && fault.portal !== portal) continue
      if (!matches(fault.on, call)) continue
      if (fault.passed < fault.after) {
        fault.passed++
        continue
      }
      if (fault.times > 0 && fault.hits >= fault.times) continue
      fault.hits++
      hit.push(fault)
    }
    this.#armed = this.#armed.filter(fault => fault.times === 0 || fault.hits < fault.times)
    return hit
  }
}

const matches = (pattern: string, call: string): boolean => {
  const wanted = pattern.toLowerCase()
  const name = call.toLowerCase()
  return wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : wanted === name
}

export const BAD_GATEWAY =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n'
