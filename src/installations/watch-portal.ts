import type { Page, Portal } from '../vendors/vendor.ts'

/**
 * The same portal, with every failure shown to `onError` before it goes on to the caller. Only `whoIs` is
 * left alone: it fails for somebody else's token, which says nothing about ours.
 */
export const watchPortal = (portal: Portal, onError: (error: unknown) => Promise<void>): Portal => {
  const watched = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await call()
    } catch (error) {
      await onError(error)
      throw error
    }
  }
  async function* pages<R>(source: AsyncGenerator<Page, R>): AsyncGenerator<Page, R> {
    try {
      return yield* source
    } catch (error) {
      await onError(error)
      throw error
    }
  }
  return {
    info: () => watched(() => portal.info()),
    directory: () => watched(() => portal.directory()),
    register: () => watched(() => portal.register()),
    backfill: (feed, resume) => pages(portal.backfill(feed, resume)),
    changes: (feed, cursor) => pages(portal.changes(feed, cursor)),
    fetch: (kind, ids) => watched(() => portal.fetch(kind, ids)),
    missing: (kind, known) => watched(() => portal.missing(kind, known)),
    whoIs: token => portal.whoIs(token),
    notify: message => watched(() => portal.notify(message)),
    apply: change => watched(() => portal.apply(change)),
    observe: asked => watched(() => portal.observe(asked)),
    requests: () => portal.requests(),
  }
}
