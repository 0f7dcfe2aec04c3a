import type { Portal } from '../../vendors/vendor.ts'
import { absolute, type Channel, type Delivery } from './channel.ts'

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
      // The person may have closed or deleted it; that is what it was for.
      await portal.apply({ kind: 'closeTask', taskId: previousTaskId }).catch(() => null)
    return send(portal, delivery, delivery.dueAt)
  }
