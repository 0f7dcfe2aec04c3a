import { type Clock, SECOND } from '../../clock.ts'
import { encodeCommand } from './client.ts'
import { listOf, parseBatch, parseReply } from './envelope.ts'
import { type Refusal, refusalOf } from './errors.ts'
import { type Transport, TransportFailure } from './transport.ts'
import { appInfoWire, profileWire } from './wire.ts'

/** Who holds a token, as the portal itself says. */
export type Person = {
  userId: string
  isAdmin: boolean
  appCode: string | null
  /** What the application may touch; null when the portal was not asked or does not tell. */
  scopes: string[] | null
}
export type PersonReply = { is: 'person'; person: Person } | { is: 'refused'; refusal: Refusal }

const TRIES = 4
const encoded = (method: string): string => encodeCommand({ method, params: {} })

/**
 * Asks a portal about the holder of a token. The address is one that was proved before; the token is a
 * visitor's, so nothing of ours is spent or sent.
 */
export const askPerson = async (
  transport: Transport,
  clock: Clock,
  api: string,
  token: string,
  { withScopes = false }: { withScopes?: boolean } = {},
): Promise<PersonReply> => {
  const cmd = {
    p0: encoded('profile'),
    p1: encoded('app.info'),
    ...(withScopes ? { p2: encoded('scope') } : {}),
  }
  const ask = async (): Promise<PersonReply> => {
    const refused = (refusal: Refusal): PersonReply => ({ is: 'refused', refusal })
    const reply = await transport.send({
      url: `${api}batch`,
      body: JSON.stringify({ halt: 0, cmd, auth: token }),
      contentType: 'application/json',
      timeoutMs: 15 * SECOND,
      maxBytes: 200_000,
    })
    const parsed = parseReply(reply.text)
    if (parsed.is === 'refusal') return refused(refusalOf(reply.status, parsed.code, parsed.text))
    if (reply.status >= 300 && reply.status < 400)
      return refused({ kind: 'unavailable', remedy: 'stop', code: 'PORTAL_MOVED', verdict: 'moved' })
    if (reply.status >= 300) return refused(refusalOf(reply.status, '', ''))
    const batch = parsed.is === 'answer' ? parseBatch(parsed.envelope.result) : null
    if (!batch) return refused({ kind: 'unavailable', remedy: 'retry', code: 'UNREADABLE' })
    const answers = [batch.answerOf('p0'), batch.answerOf('p1')]
    for (const answer of answers)
      if (answer && 'code' in answer) return refused(refusalOf(400, answer.code, answer.text))
    const [profile, app] = answers.map(answer =>
      answer && 'envelope' in answer ? answer.envelope.result : null,
    )
    const who = profileWire.safeParse(profile)
    const info = appInfoWire.safeParse(app)
    // The profile of a dismissed user is empty.
    if (!who.success || !info.success)
      return refused({ kind: 'auth_revoked', remedy: 'stop', code: 'NO_PROFILE' })
    const scope = batch.answerOf('p2')
    const names = scope && 'envelope' in scope ? listOf(scope.envelope.result) : null
    const scopes = names?.filter(name => typeof name === 'string') ?? null
    return {
      is: 'person',
      person: { userId: who.data.ID, isAdmin: who.data.ADMIN, appCode: info.data.CODE || null, scopes },
    }
  }
  for (let attempt = 1; ; attempt += 1) {
    let outcome: PersonReply
    try {
      outcome = await ask()
    } catch (error) {
      if (!(error instanceof TransportFailure)) throw error
      outcome = { is: 'refused', refusal: { kind: 'unavailable', remedy: 'retry', code: error.reason } }
    }
    if (outcome.is === 'person' || attempt >= TRIES) return outcome
    const { remedy, code } = outcome.refusal
    if ((remedy !== 'retry' && remedy !== 'slow') || code === 'TIMEOUT') return outcome
    await clock.sleep(250 * 2 ** attempt)
  }
}
