import { asError, isVendorError } from '../../errors.ts'
import type { Portal } from '../../vendors/vendor.ts'
import { absolute, type Channel, type Delivery, Undelivered } from './channel.ts'

/** The same tag replaces yesterday's message, so that digests never pile up. */
export const digestTag = (userId: string): string => `planerka-digest-${userId}`

const send = (portal: Portal, delivery: Delivery, dueAt: Date | null): Promise<string | null> =>
  portal.notify({
    userId: delivery.userId,
    lines: delivery.lines.map(({ text, link }) => ({
      text,
      link: link === null ? null : { label: link.label, url: absolute(link.path, delivery.origin) },
    })),
    tag: digestTag(delivery.userId),
    dueAt,
  })

/** A notification inside the CRM. */
export const crmChannel =
  (portal: Portal): Channel =>
  delivery =>
    send(portal, delivery, null)

/**
 * For CRMs that reach people only through tasks: one open task a person, due today. Yesterday's is closed
 * first, so that there is never more than one.
 */
export const taskChannel =
  (portal: Portal, previousTaskId: string | null): Channel =>
  async delivery => {
    if (previousTaskId !== null)
      await portal.apply({ kind: 'closeTask', taskId: previousTaskId }).catch((error: unknown) => {
        // The person may have deleted it; that is what it was for.
        if (isVendorError(error) && error.kind === 'rejected') return
        throw new Undelivered('again', `Yesterday’s task could not be closed: ${asError(error).message}`)
      })
    return send(portal, delivery, delivery.dueAt)
  }
