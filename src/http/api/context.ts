import type { RequestHandler } from 'express'
import { conflict, forbidden, unauthorized } from '../../errors.ts'
import type { Vendor } from '../../vendors/vendor.ts'
import { bearerToken } from '../bearer.ts'
import type { Installation, Installations, SnapshotInfo, Snapshots, Viewer } from '../deps.ts'
import type { Identity, Sessions } from '../sessions.ts'
import type { Sees } from './views.ts'

/** Who asks, of which portal, and what that person may see. */
export type ApiContext = {
  installation: Installation
  vendor: Vendor
  identity: Identity & { signedInAt: Date }
  viewer: Viewer
  sees: Sees
}

/** An admin sees everything, deals without an owner included. */
export const seesOf = (viewer: Viewer): Sees => (viewer.role === 'admin' ? 'all' : new Set(viewer.sees))

/** @throws AppError 401 when the session is not good or the app was removed from the portal */
export const signedIn = (deps: {
  sessions: Sessions
  installations: Installations
  vendors: readonly Vendor[]
  /** Called instead of `next` for a refused session. */
  onRefused: (error: unknown) => RequestHandler
}): RequestHandler => {
  const authenticate = async (header: string | undefined): Promise<ApiContext> => {
    const token = bearerToken(header)
    if (token === null) throw unauthorized('session_required', 'Send the session as a bearer')
    const identity = await deps.sessions.readSession(token)
    const installation = await deps.installations.find(identity.installationId)
    const vendor = deps.vendors.find(({ id }) => id === installation?.vendor)
    if (!installation || !vendor || installation.status === 'uninstalled')
      throw unauthorized('session_invalid', 'The app is not installed in this portal any more')
    const viewer = await deps.installations.viewer(installation.id, identity.userId, identity.isAdmin)
    return { installation, vendor, identity, viewer, sees: seesOf(viewer) }
  }
  return async (req, res, next) => {
    res.set('Cache-Control', 'no-store')
    try {
      res.locals.context = await authenticate(req.headers.authorization)
    } catch (error) {
      res.set('WWW-Authenticate', 'Bearer')
      return deps.onRefused(error)(req, res, next)
    }
    next()
  }
}

/** @throws AppError 409 `no_snapshot_yet` */
export const latestSnapshot = async (snapshots: Snapshots, installationId: string): Promise<SnapshotInfo> => {
  const snapshot = await snapshots.latest(installationId)
  if (!snapshot)
    throw conflict('no_snapshot_yet', 'The first snapshot is still being built; watch /api/v1/sync')
  return snapshot
}

/** @throws AppError 403 `not_visible` */
export const notVisible = () => forbidden('not_visible', 'Only the person and the head see this')
