import type { RequestHandler } from 'express'
import { z } from 'zod'
import { AppError, unauthorized } from '../../errors.ts'
import { sessionSchema } from '../api-schema.ts'
import type { Installations, PortalData } from '../deps.ts'
import type { Sessions } from '../sessions.ts'
import type { ApiContext } from './context.ts'
import type { Operation } from './route.ts'

const ticketBody = z.strictObject({ ticket: z.string().min(1).max(4096) })

/**
 * A ticket becomes a session; a session becomes a younger one. Guessing is limited by failures: whoever
 * brings a good ticket is never kept out.
 */
export const sessionOperations = (deps: {
  sessions: Sessions
  installations: Installations
  data: Pick<PortalData, 'directory'>
}) => {
  const { sessions, installations } = deps
  const opening: Operation<{ refuse(error: unknown): Promise<never> }>[] = [
    {
      method: 'post',
      path: '/api/v1/session',
      summary: 'Exchanges a single-use ticket for a session',
      body: ticketBody,
      answer: sessionSchema,
      problems: ['ticket_invalid', 'ticket_expired', 'ticket_used', 'too_many_requests'],
      handle: async ({ context, body }) => {
        const { ticket } = ticketBody.parse(body)
        try {
          const identity = await sessions.spendTicket(ticket)
          const installation = await installations.find(identity.installationId)
          if (!installation || installation.status === 'uninstalled')
            throw unauthorized('ticket_invalid', 'The app is not installed in this portal any more')
          return await sessions.issueSession(identity)
        } catch (error) {
          if (error instanceof AppError) return context.refuse(error)
          throw error
        }
      },
    },
  ]
  const renewing: Operation<ApiContext> = {
    method: 'post',
    path: '/api/v1/session/renew',
    summary: 'Exchanges a good session for a younger one',
    answer: sessionSchema,
    problems: ['session_invalid', 'session_expired'],
    handle: async ({ context: { identity } }) => {
      const { signedInAt, ...person } = identity
      // Who was dismissed meanwhile keeps at most the session in hand; who is not known yet may go on.
      const { users } = await deps.data.directory(person.installationId)
      if (users.find(({ id }) => id === person.userId)?.isActive === false)
        throw unauthorized('session_invalid', 'This person does not work in the portal any more')
      return sessions.issueSession(person, signedInAt)
    },
  }
  /** Nobody is signed in yet; refusals go through the limiter. */
  const limited =
    (refuse: (error: unknown) => RequestHandler): RequestHandler =>
    (req, res, next) => {
      res.set('Cache-Control', 'no-store')
      res.locals.context = {
        refuse: (error: unknown) =>
          new Promise<never>((_resolve, reject) => refuse(error)(req, res, cause => reject(cause ?? error))),
      }
      next()
    }
  return { opening, renewing, limited }
}
